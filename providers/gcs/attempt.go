package gcs

import (
	"context"
	"sync/atomic"

	"github.com/polystore/storage/internal/wire"
)

// attempt is one request and what it needs to be judged by when it fails.
type attempt struct {
	write   bool          // failing, it may have been carried out all the same
	refused error         // the kind of a 412; nil: ErrPrecondition
	missing error         // the kind of a 404 without a code that says more; nil: ErrNotExist
	accept  int           // a status that is no failure although it is not 2xx
	body    *wire.Payload // nil: a small one or none
	secret  bool          // the answer's request ID is the key to a resumable session

	authorized atomic.Bool // the credentials were there
	connected  atomic.Bool // a connection was there: from here on bytes may have been sent
}

type attemptKey struct{}

// begin returns the context for the attempt's request.
func (a *attempt) begin(ctx context.Context) context.Context {
	return context.WithValue(ctx, attemptKey{}, a)
}

func attemptOf(ctx context.Context) *attempt {
	a, _ := ctx.Value(attemptKey{}).(*attempt)
	return a
}

// inDoubt reports whether the request may have been carried out, given that there was no definite answer: it is a write, it
// had a connection, and the last byte of its body was handed out. The service never makes an object of a part of a body.
func (a *attempt) inDoubt() bool {
	return a.write && a.connected.Load() && (a.body == nil || a.body.Whole())
}
