package azure

import (
	"context"
	"io"
	"net/http"

	"github.com/polystore/storage/driver/httpdriver"
)

// attempt is one request by the SDK and what it needs to be made and, when it fails, to be judged
// by.
type attempt struct {
	httpdriver.Attempt
	version string            // of the blob; empty: the current one
	header  map[string]string // of the request, what the SDK has no option for

	// inspect refuses a success that is none; nil: the SDK's reading is enough.
	inspect func(resp *http.Response, body []byte) error

	answer io.Closer // the body of the answer
}

// begin returns the context for the attempt's request.
func (a *attempt) begin(ctx context.Context) context.Context { return httpdriver.Begin(ctx, a) }

// writing begins an attempt at a write.
func writing() *attempt { return &attempt{Attempt: httpdriver.Attempt{Write: true}} }
