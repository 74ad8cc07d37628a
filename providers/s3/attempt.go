package s3

import (
	"context"
	"sync/atomic"

	"github.com/polystore/storage/internal/wire"
)

// attempt is one request and what it needs to be judged by when it fails.
type attempt struct {
	write    bool          // failing, it may have been carried out all the same
	document bool          // a success is a document: see checkDocument
	refused  error         // the kind of a 412
	missing  error         // the kind of "no such key"
	body     *wire.Payload // nil: a small one or none

	connected atomic.Bool // a write had a connection: from then on bytes may have been sent
	signed    signature   // the credentials it was signed with
}

// begin returns the context for the attempt's request.
func (a *attempt) begin(ctx context.Context) context.Context {
	return context.WithValue(ctx, attemptKey{}, a)
}

// inDoubt reports whether the request may have been carried out, given that there was no definite answer: it is a write, it
// had a connection, and the last byte of its body was handed out. A service never makes an object of a part of a body.
func (a *attempt) inDoubt() bool {
	return a.write && a.connected.Load() && (a.body == nil || a.body.Whole())
}
