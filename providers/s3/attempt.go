package s3

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/polystore/storage/driver/httpdriver"
)

// attempt is one request and what it needs to be judged by when it fails.
type attempt struct {
	httpdriver.Attempt
	document document  // what a success has in it; nil: it is no XML document
	object   bool      // its body becomes an object
	reads    bool      // a success describes an object
	silent   bool      // a success has no body
	signed   signature // the credentials it was signed with
}

// begin returns the context for the attempt's request.
func (a *attempt) begin(ctx context.Context) context.Context { return httpdriver.Begin(ctx, a) }

// reading begins an attempt whose success is a document, as all but those of objects are.
func reading(d document) *attempt { return &attempt{document: d} }

// writing is reading for a write.
func writing(d document) *attempt {
	a := reading(d)
	a.Write = true
	return a
}

// Inspect refuses a success that S3 would not have given in this form. What was put has an ETag,
// unless the answer is an error; a proxy may have taken it away from that of an object, which is no
// less written. What is read has an ETag or a time, and nothing is said of what is deleted. Headers
// that the SDK fails for are put in order, or taken out where nobody reads them.
func (a *attempt) Inspect(resp *http.Response) error {
	if strings.HasPrefix(resp.Request.URL.RawQuery, "session=") {
		// Of a directory bucket, which the SDK asks for on the way
		httpdriver.SetBody(resp, io.LimitReader(resp.Body, httpdriver.MaxRefusal))
		return nil
	}
	if !a.succeeded(resp) {
		return fmt.Errorf("%w: status %d", httpdriver.ErrForeign, resp.StatusCode)
	}
	resp.Header.Del("X-Amz-Server-Side-Encryption-Bucket-Key-Enabled")
	if a.object && resp.Header.Get("ETag") == "" {
		if empty, err := httpdriver.Empty(resp); empty || err != nil {
			return err
		}
	}
	switch {
	case a.reads && resp.Header.Get("ETag") == "" && resp.Header.Get("Last-Modified") == "":
		return httpdriver.ErrForeign // every service gives both
	case a.silent:
		if empty, err := httpdriver.Empty(resp); empty || err != nil {
			return err
		}
		return httpdriver.CheckDocument(resp, a.document.known)
	}
	if a.document != nil || a.Body != nil && resp.Header.Get("ETag") == "" {
		return httpdriver.CheckDocument(resp, a.document.known)
	}
	return nil
}

// succeeded reports whether a status of 2xx says that the service did what it was asked for: 202 is
// of what something in between has put off, 203 of what it has changed. Ceph answers 201 or 204 to
// what was put if it is told to, by rgw_s3_success_create_obj_status, and names the ETag then, that
// of a part that was copied in a document.
func (a *attempt) succeeded(resp *http.Response) bool {
	put := a.Body != nil && resp.Header.Get("ETag") != ""
	switch resp.StatusCode {
	case http.StatusOK:
		return true
	case http.StatusCreated:
		return put || a.Write && a.document != nil
	case http.StatusNoContent:
		return put || a.silent
	case http.StatusPartialContent:
		return a.Stream
	}
	return false
}
