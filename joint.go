package storage

import (
	"context"
	"errors"
	"fmt"
)

// join returns a context that ends with ctx, and with other. end frees it. Where it has ended with
// other, an error by that becomes the one that why returns, also if ctx has ended since: a context
// does not tell whose end it had.
func join(
	ctx, other context.Context, why func() *Error,
) (both context.Context, end func(err *error)) {
	both, cancel := context.WithCancelCause(ctx)
	by := fmt.Errorf("%w by another context", context.Canceled) // this one; a Store may report it
	stop := context.AfterFunc(other, func() { cancel(by) })
	return both, func(err *error) {
		stop()
		cancel(nil)
		if context.Cause(both) != by || !errors.Is(*err, context.Canceled) {
			return
		}
		e, reason := asError(*err), why()
		e.Kind, e.Err = reason.Kind, reason.Err
		*err = e
	}
}

// within is a context of a call that ends with the Bucket, too, for what is no request of its own.
func (e *engine) within(ctx context.Context) (both context.Context, end func(err *error)) {
	return join(ctx, e.closing, func() *Error { return &Error{Kind: ErrClosed} })
}
