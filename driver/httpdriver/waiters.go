package httpdriver

import (
	"context"
	"io"
	"sync"
	"time"

	"github.com/polystore/storage"
)

// Waiters are the calls that wait for the same credentials. An SDK lets one of them ask, and what
// moves of that request is progress for all ([storage.Moved]).
type Waiters struct {
	mu    sync.Mutex
	calls map[*waiter]struct{}
}

// waiter is the context of a call that waits. It ends with context.DeadlineExceeded if nothing
// moves for its patience.
type waiter struct {
	context.Context
	all      *Waiters
	call     context.Context
	patience time.Duration
	timer    *time.Timer
}

type waitersKey struct{}

// Wait returns a context for the request for credentials that the call of ctx waits for. It ends
// with context.DeadlineExceeded once no byte of such a request has moved for the time patience; 0
// means never. The caller calls done when it no longer waits.
func (w *Waiters) Wait(
	ctx context.Context, patience time.Duration,
) (_ context.Context, done func()) {
	inner, cancel := context.WithCancelCause(ctx)
	c := &waiter{Context: inner, all: w, call: ctx, patience: patience}
	w.mu.Lock()
	if patience > 0 {
		c.timer = time.AfterFunc(patience, func() { cancel(context.DeadlineExceeded) })
	}
	if w.calls == nil {
		w.calls = make(map[*waiter]struct{})
	}
	w.calls[c] = struct{}{}
	w.mu.Unlock()
	return c, func() {
		w.mu.Lock()
		delete(w.calls, c)
		w.mu.Unlock()
		if c.timer != nil {
			c.timer.Stop()
		}
		cancel(nil)
	}
}

// Err implements context.Context.
func (c *waiter) Err() error {
	err := c.Context.Err()
	if err != nil && context.Cause(c.Context) == context.DeadlineExceeded {
		return context.DeadlineExceeded
	}
	return err
}

// Value implements context.Context.
func (c *waiter) Value(key any) any {
	if key == (waitersKey{}) {
		return c.all
	}
	return c.Context.Value(key)
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

// moved tells that bytes of a request under ctx moved: the call that made it, or all that wait for
// its answer.
func moved(ctx context.Context) {
	if w, _ := ctx.Value(waitersKey{}).(*Waiters); w != nil {
		w.moved()
		return
	}
	storage.Moved(ctx)
}

// MovingBody returns the body of an answer to a request under ctx, whose bytes are told of
// ([storage.Moved]). [Transport] and [CredentialsTransport] do this by themselves.
func MovingBody(ctx context.Context, body io.ReadCloser) io.ReadCloser {
	moved(ctx)
	return &movingBody{body, ctx}
}
