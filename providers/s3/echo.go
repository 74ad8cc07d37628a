package s3

import (
	"net/http"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/polystore/storage"
	"github.com/polystore/storage/driver"
	"github.com/polystore/storage/driver/httpdriver"
)

// The checks here hold what an answer says that it is about against what was asked. An answer that
// is another one's, from a cache or a mixed-up connection, is no answer. What it does not say is
// not checked.

// checkRead is for reads of an object. A service that ignores the version gives the newest one, and
// one that ignores the conditions gives whatever is there: some do so in what they answer from a
// cache. versitygw takes the fractions of its own clock into account.
func (r *request) checkRead(
	o *storage.Object, resp *http.Response, c *storage.StatOptions,
) error {
	got := header(resp.Header, "X-Amz-Version-Id")
	if c.VersionID != "" && got != nil && *got != c.VersionID {
		return r.Foreign("another version than asked for")
	}
	if o.ETag == storage.ETagNone && c.IfMatch != "" { // the service alone can tell
		unsaid := *c
		unsaid.IfMatch, c = "", &unsaid
	}
	return driver.CheckRead(c, o)
}

// sameUpload is for what tells the key and the ID of an upload, either of which can be nil. Some
// servers encode the key, some begin it with a slash, and XML does not carry every one.
func (a *attempt) sameUpload(key, id string, gotKey, gotID *string) error {
	if got := aws.ToString(gotID); got != "" && id != "" && got != id {
		return a.Foreign("another upload than asked for")
	}
	got := aws.ToString(gotKey)
	switch {
	case got == "", got == key, strings.TrimPrefix(got, "/") == key, unescape(&got) == key,
		!httpdriver.XMLText(key) || strings.Contains(key, "\r"):
		return nil
	}
	return a.Foreign("an upload of another key")
}
