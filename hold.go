package storage

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// holdAfter is the number of failures in a row, of all calls, after which a Bucket holds its
	// requests back. A service that fails every second request gets there once in a million.
	holdAfter = 20

	// holdPause is the time between two probes.
	holdPause = 75 * time.Millisecond

	// minPatience is how long a request waits where MaxDelay is shorter, for a few probes to pass.
	minPatience = 8 * holdPause
)

// errHeld is the cause of a call that was not made.
var errHeld = errors.New("the request was not sent, because the service fails all requests now")

// hold keeps the requests of a Bucket back while the service asks for it or fails every request.
// Then one request at a time goes through as a probe, and its success lets all others go.
//
// Requests wait in the order in which they came. The zero value with max set is ready.
type hold struct {
	max time.Duration // Retry.MaxDelay

	trouble atomic.Bool // there were failures, or requests are held; changes under mu

	mu       sync.Mutex
	failures int // in a row
	held     bool
	asked    bool      // the service asked for it, by Retry-After
	kind     error     // of the last failure
	until    time.Time // no probe before
	probe    *pass     // under way
	overdue  time.Time // when the probe does not count any more
	queue    []*waiter
	timer    *time.Timer
}

// pass is the permission to make one request. It is a probe if p is not nil.
type pass struct{ probe bool }

// waiter is a request that is held back.
type waiter struct {
	turn chan struct{} // closed when it may go
	pass *pass
}

// everybody is the pass of a request that nothing held back.
var everybody = new(pass)

// enter waits until a request may be made. The error says why it may not: its context has ended,
// or it would have to wait for too long. A closed Bucket lets everything through to learn that.
func (h *hold) enter(ctx context.Context, closing <-chan struct{}) (*pass, *Error) {
	if !h.trouble.Load() { // as nearly always
		return everybody, nil
	}
	return h.wait(ctx, closing)
}

// wait is enter where there is trouble.
func (h *hold) wait(ctx context.Context, closing <-chan struct{}) (*pass, *Error) {
	h.mu.Lock()
	if !h.held {
		h.mu.Unlock()
		return everybody, nil
	}
	now := time.Now()
	if end, ok := ctx.Deadline(); ok && h.asked && !h.until.Before(end) {
		defer h.mu.Unlock()
		return nil, h.refusal(now)
	}
	// Whoever comes while the service wants to be left alone for long waits for a probe, too.
	patience := max(h.max, h.until.Sub(now)+h.max/4, minPatience)
	w := &waiter{turn: make(chan struct{})}
	h.queue = append(h.queue, w)
	h.next(now)
	h.mu.Unlock()

	t := time.NewTimer(patience)
	defer t.Stop()
	var err error
	select {
	case <-w.turn:
		return w.pass, nil
	case <-closing:
	case <-ctx.Done():
		err = ctx.Err()
	case <-t.C:
		err = errHeld
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if w.pass != nil && err == errHeld {
		return w.pass, nil
	}
	h.leave(w)
	switch err {
	case nil:
		return everybody, nil
	case errHeld:
		return nil, h.refusal(time.Now())
	}
	return nil, &Error{Err: err}
}

// refusal is the error of a request that was held back for too long.
func (h *hold) refusal(now time.Time) *Error {
	e := &Error{Kind: h.kind, Err: errHeld}
	if left := h.until.Sub(now); h.asked && left > 0 {
		e.Kind, e.RetryAfter = ErrThrottled, left
	}
	return e
}

// leave takes w out of the queue, and back what it was given.
func (h *hold) leave(w *waiter) {
	for i, other := range h.queue {
		if other == w {
			h.queue = append(h.queue[:i], h.queue[i+1:]...)
			break
		}
	}
	if w.pass != nil && w.pass == h.probe {
		h.probe = nil
	}
	h.next(time.Now())
}

// next lets go whoever may.
func (h *hold) next(now time.Time) {
	for len(h.queue) > 0 {
		w := h.queue[0]
		switch {
		case !h.held:
			w.pass = everybody
		case now.Before(h.until):
			h.wake(h.until.Sub(now))
			return
		case h.probe != nil && now.Before(h.overdue):
			h.wake(h.overdue.Sub(now))
			return
		default:
			w.pass = &pass{probe: true}
			// A probe that takes long, an upload or one that hangs, is no reason to wait for it.
			h.probe, h.overdue = w.pass, now.Add(max(h.max/4, holdPause))
		}
		close(w.turn)
		h.queue = h.queue[1:]
	}
}

// wake calls next after d.
func (h *hold) wake(d time.Duration) {
	if h.timer != nil {
		h.timer.Stop()
	}
	h.timer = time.AfterFunc(d, func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		h.next(time.Now())
	})
}

// calm reports whether the service carries out what it is asked for.
func (h *hold) calm() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return !h.held && h.failures == 0
}

// leaves notes how a request ended that p let through: f is nil after a success.
func (h *hold) leaves(p *pass, f *Error) {
	if f == nil && !h.trouble.Load() {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	defer func() { h.trouble.Store(h.held || h.failures > 0) }()
	if f == nil && !h.held && !p.probe { // nobody waits
		h.failures = 0
		return
	}
	now := time.Now()
	if p.probe && p == h.probe {
		h.probe = nil
	}
	switch {
	case isPassing(f):
		h.failed(f, now)
	case f != nil && (f.Kind == nil || f.Kind == ErrClosed): // it says nothing of the service
	case !h.held:
		h.failures = 0
	case p.probe && (!h.asked || !now.Before(h.until)):
		h.held, h.asked, h.failures = false, false, 0
	}
	if len(h.queue) > 0 {
		h.next(now)
	}
}

// failed notes a failure that passes.
func (h *hold) failed(f *Error, now time.Time) {
	h.failures++
	h.kind = f.Kind
	until := now
	switch {
	case f.RetryAfter > 0:
		h.held = true
		until = now.Add(min(f.RetryAfter, h.max))
	case h.held, h.failures >= holdAfter:
		h.held = true
		until = now.Add(holdPause)
	}
	if until.After(h.until) {
		h.until, h.asked = until, f.RetryAfter > 0
	}
}

// isPassing reports whether e is a failure that passes, as far as the service tells.
func isPassing(e *Error) bool {
	return e != nil && (e.Kind == ErrThrottled || e.Kind == ErrUnavailable)
}
