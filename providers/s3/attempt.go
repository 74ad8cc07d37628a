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
	document bool      // a success is an XML document
	signed   signature // the credentials it was signed with
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
// unless the answer is an error.
func (a *attempt) Inspect(resp *http.Response) error {
	if a.document || a.Body != nil && resp.Header.Get("ETag") == "" {
		return httpdriver.CheckRoot(resp, isRoot)
	}
	return nil
}

// isRoot knows the roots of S3's documents: "...Result" and, with status 200 too, "Error".
func isRoot(name string) bool { return name == "Error" || strings.HasSuffix(name, "Result") }
