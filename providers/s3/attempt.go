package s3

import (
	"context"
	"net/http"
	"strings"

	"github.com/polystore/storage/driver/httpdriver"
)

// attempt is one request and what it needs to be judged by when it fails.
type attempt struct {
	httpdriver.Attempt
	document  bool      // a success is an XML document
	object    bool      // its body becomes an object
	delimited bool      // the answer's body has an end of its own
	signed    signature // the credentials it was signed with
}

// begin returns the context for the attempt's request.
func (a *attempt) begin(ctx context.Context) context.Context { return httpdriver.Begin(ctx, a) }

// reading begins an attempt whose success is a document, as all but those of objects are.
func reading() *attempt { return &attempt{document: true} }

// writing is reading for a write.
func writing() *attempt {
	a := reading()
	a.Write = true
	return a
}

// Inspect refuses a success that S3 would not have given in this form. What was put has an ETag,
// unless the answer is an error; a proxy may have taken it away from that of an object, which is no
// less written. Headers that the SDK fails for are put in order, or taken out where nobody reads
// them.
func (a *attempt) Inspect(resp *http.Response) error {
	a.delimited = httpdriver.Delimited(resp)
	httpdriver.TidyTimes(resp.Header, "Last-Modified", "Expires")
	for _, name := range unread {
		resp.Header.Del(name)
	}
	if a.object && resp.Header.Get("ETag") == "" {
		if empty, err := httpdriver.Empty(resp); empty || err != nil {
			return err
		}
	}
	if a.document || a.Body != nil && resp.Header.Get("ETag") == "" {
		return httpdriver.CheckRoot(resp, isRoot)
	}
	return nil
}

// unread are the headers of an object that are numbers, truths and dates to the SDK, and nothing to
// a Store.
var unread = [...]string{
	"X-Amz-Missing-Meta", "X-Amz-Mp-Parts-Count", "X-Amz-Tagging-Count", "X-Amz-Delete-Marker",
	"X-Amz-Object-Lock-Retain-Until-Date", "X-Amz-Server-Side-Encryption-Bucket-Key-Enabled",
}

// isRoot knows the roots of S3's documents: "...Result" and, with status 200 too, "Error".
func isRoot(name string) bool { return name == "Error" || strings.HasSuffix(name, "Result") }
