package httpdriver

import (
	"context"
	"io"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/polystore/storage"
)

// Waiters are the calls that wait for the same credentials. An SDK lets one of them ask, and what
// moves of that request is progress for all ([storage.Moved]).
type Waiters struct {
	mu    sync.Mutex
	calls map[*waiter]struct{}
}

// waiter is the context of a request for credentials.
type waiter struct {
	context.Context
	all      *Waiters
	call     context.Context // that waits
	patience time.Duration
	timer    *time.Timer // nil: its patience has no end
	left     atomic.Bool // it has its credentials
}

type waiterKey struct{}

// Wait returns a context for the request for credentials that the call of ctx waits for. It ends
// with context.DeadlineExceeded once no byte of such a request has moved for the time patience, and
// when done is called; with a patience of 0 it is as ctx. The caller calls done when it no longer
// waits.
func (w *Waiters) Wait(
	ctx context.Context, patience time.Duration,
) (_ context.Context, done func()) {
	c := &waiter{Context: ctx, all: w, call: ctx, patience: patience}
	cancel := func(error) {}
	if patience > 0 {
		c.Context, cancel = context.WithCancelCause(ctx)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if patience > 0 {
		c.timer = time.AfterFunc(patience, func() { cancel(context.DeadlineExceeded) })
	}
	if w.calls == nil {
		w.calls = make(map[*waiter]struct{})
	}
	w.calls[c] = struct{}{}
	return c, func() {
		c.done()
		cancel(nil)
	}
}

func (c *waiter) done() {
	c.all.mu.Lock()
	defer c.all.mu.Unlock()
	delete(c.all.calls, c)
	if c.timer != nil {
		c.timer.Stop()
	}
}

// Err implements context.Context.
func (c *waiter) Err() error {
	err := c.Context.Err()
	if err != nil && c.timer != nil && context.Cause(c.Context) == context.DeadlineExceeded {
		return context.DeadlineExceeded
	}
	return err
}

// Value implements context.Context.
func (c *waiter) Value(key any) any {
	if key == (waiterKey{}) {
		return c
	}
	return c.Context.Value(key)
}

// waiterOf is the call that waits under ctx; nil: none does, or no longer.
func waiterOf(ctx context.Context) *waiter {
	c, _ := ctx.Value(waiterKey{}).(*waiter)
	if c == nil || c.left.Load() {
		return nil
	}
	return c
}

func (w *Waiters) moved() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for c := range w.calls {
		if c.timer != nil && c.Context.Err() == nil {
			c.timer.Reset(c.patience)
		}
		storage.Moved(c.call)
	}
}

// moved tells that bytes of a request under ctx moved: the call that made it, and if it is one for
// credentials, all that wait for them.
func moved(ctx context.Context) {
	storage.Moved(ctx)
	if c := waiterOf(ctx); c != nil {
		c.all.moved()
	}
}

// leave says that a request under ctx has the credentials that it waited for.
func leave(ctx context.Context) {
	if c := waiterOf(ctx); c != nil {
		c.left.Store(true)
		c.done()
	}
}

// AwaitTransport is above the authentication of a client. Calls whose requests it makes wait for
// credentials until [Transport], which is below, has the request.
type AwaitTransport struct {
	Base    http.RoundTripper
	Waiters *Waiters
}

// RoundTrip implements [http.RoundTripper].
func (t *AwaitTransport) RoundTrip(req *http.Request) (*http.Response, error) {
	ctx, done := t.Waiters.Wait(req.Context(), 0)
	defer done()
	return t.Base.RoundTrip(req.WithContext(ctx))
}

// MovingBody returns the body of an answer to a request under ctx, whose bytes are told of
// ([storage.Moved]). [Transport] and [CredentialsTransport] do this by themselves.
func MovingBody(ctx context.Context, body io.ReadCloser) io.ReadCloser {
	moved(ctx)
	return &movingBody{body, ctx}
}
