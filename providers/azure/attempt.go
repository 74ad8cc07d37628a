package azure

import (
	"context"
	"io"
	"net/http"
	"sync/atomic"

	"github.com/polystore/storage/internal/wire"
)

// attempt is one request and what it needs to be made and, when it fails, to be judged by.
type attempt struct {
	write   bool          // failing, it may have been carried out all the same
	refused error         // the kind of a 412
	missing error         // the kind of "no such blob"
	body    *wire.Payload // nil: a small one or none
	version string        // of the blob; empty: the current one

	inspect func(resp *http.Response, body []byte) error // refuses a success that is none; nil: the SDK's reading is enough

	answer    io.Closer // the body of the answer
	inferred  bool      // the answer says that its access tier is the account's default; the SDK does not tell
	directory bool      // the answer says that this is no blob but a directory of a hierarchical namespace; the SDK does not tell

	sent      atomic.Bool // the request was handed to the transport
	connected atomic.Bool // a connection was there: from here on bytes may have been sent
}

// begin returns the context for the attempt's request.
func (a *attempt) begin(ctx context.Context) context.Context {
	return context.WithValue(ctx, attemptKey{}, a)
}

// inDoubt reports whether the request may have been carried out, given that there was no definite answer: it is a write, it
// had a connection, and the last byte of its body was handed out. The service never makes a blob of a part of a body.
func (a *attempt) inDoubt() bool {
	return a.write && a.connected.Load() && (a.body == nil || a.body.Whole())
}
