package storage

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"
)

// How long the service may take, beyond StallTimeout, for a CompleteUpload or a Copy, in which it
// moves the bytes itself.
const (
	slowRate   = 10 << 20              // bytes a second
	slowPart   = 10 * time.Millisecond // for each part
	slowFactor = 20                    // times StallTimeout, where the size is not known
)

// errStalled is why an attempt was cut that stood still.
var errStalled = errors.New("no byte was transferred within the stall timeout")

// settler finds out what became of a write whose attempt failed.
type settler interface {
	// settle follows a failed attempt; last, the last one. See truth.
	settle(ctx context.Context, f *Error, doubtful, passing bool) (bool, error)
	last(ctx context.Context, f *Error) error
}

// call is a request of a Store that may be made several times.
type call struct {
	op, key string // the method of Store, the key as the Store sees it
	slow    bool   // the service moves bytes itself: the stall timeout is longer
	size    int64  // of what it moves; 0 or less: not known
	parts   int    // that it makes an object of
	write   bool   // a failure can leave a doubt
	cleanup bool   // tried while its context lasts; closing the Bucket does not cut it
	urgent  bool   // it is not held back
	free    bool   // its retries are not taken out of the budget
	probe   bool   // see Request.Probe
	once    bool   // it is not tried again
	hedge   bool   // see Request.Hedge
	truth   settler
	room    *attempt // for the first attempt, within what the caller has to allocate anyway; or nil
}

// attempt is one request in progress, and the context of the Store's method. It ends with the
// context of the caller, when the Bucket is closed, when the request stalls, and with the request.
//
// A Store that answers at once asks it for Err alone, so everything else is made when somebody asks
// for it: see wake. An attempt is never used for a second request, because a Store may keep it.
type attempt struct {
	caller context.Context // of the call; with a Tracer, of the request
	e      *engine         // whose end is that of the attempt; nil: there is none
	trace  *tracedRequest
	watch  watch
	kept   bool // its request lives on in a body, which releases it

	mu     sync.Mutex
	state  atomic.Int32            // changes under mu
	live   context.Context         // once it is awake
	cancel context.CancelCauseFunc // of live
}

// The states of an attempt. Once it is awake, live tells whether it has ended.
const (
	asleep int32 = iota
	awake
	over // released without having been awake
)

func (e *engine) newAttempt(ctx context.Context, c call, number int) *attempt {
	a := c.room
	if a == nil || number > 1 || c.hedge {
		a = new(attempt)
	}
	a.caller = ctx
	if t := e.opts.Tracer; t != nil {
		a.caller, a.trace = startRequest(ctx, t, Request{
			Op: c.op, Key: c.key, Attempt: number, Probe: c.probe, Hedge: c.hedge,
		})
	}
	if !c.cleanup {
		a.e = e
	}
	if d := e.stallTimeout(c); d > 0 && !e.off.stall {
		if end, ok := ctx.Deadline(); ok && c.cleanup {
			d = min(d, time.Until(end)/2)
		}
		a.watch.d = d
	}
	return a
}

// wake makes the context that the attempt is from now on, and starts the watch over stalls.
func (a *attempt) wake() context.Context {
	if a.state.Load() == awake {
		return a.live
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.state.Load() == awake {
		return a.live
	}
	live, cancel := context.WithCancelCause(a.caller)
	a.live, a.cancel = live, cancel
	switch {
	case a.state.Load() == over:
		cancel(nil)
	case a.e != nil && !a.e.runs(a):
		cancel(errClosing)
	default:
		a.watch.arm(func() { cancel(errStalled) })
	}
	a.state.Store(awake)
	return live
}

// Deadline implements context.Context.
func (a *attempt) Deadline() (time.Time, bool) { return a.caller.Deadline() }

// Done implements context.Context.
func (a *attempt) Done() <-chan struct{} { return a.wake().Done() }

// Err implements context.Context. A Store that asks for nothing else has no timer, so each answer
// looks whether the request has stalled.
func (a *attempt) Err() error {
	switch a.state.Load() {
	case awake:
		return a.live.Err()
	case asleep:
		if err := a.caller.Err(); err != nil {
			return err
		}
		if (a.e == nil || a.e.closing.Err() == nil) && !a.watch.late() {
			return nil
		}
	}
	return a.wake().Err()
}

type attemptKey struct{}

// Value implements context.Context. What is awake or over answers package context as the context
// that it is.
func (a *attempt) Value(key any) any {
	if key == (attemptKey{}) {
		return a
	}
	if a.state.Load() == asleep {
		return a.caller.Value(key)
	}
	return a.wake().Value(key)
}

// cut ends the attempt for that reason.
func (a *attempt) cut(cause error) {
	a.wake()
	a.cancel(cause)
}

// stallTimeout is how long no byte may move in an attempt of c; 0 or less: for ever.
func (e *engine) stallTimeout(c call) time.Duration {
	d := e.opts.StallTimeout
	switch {
	case d <= 0 && !c.cleanup:
	case c.cleanup: // what hangs is tried again while there is time
		if limit := e.opts.AbortTimeout / 4; d <= 0 || limit < d {
			d = limit
		}
	case c.slow && c.size > 0:
		d += time.Duration(float64(c.size)/slowRate*float64(time.Second)) +
			time.Duration(c.parts)*slowPart
	case c.slow:
		d *= slowFactor
	}
	return d
}

// release ends the attempt, which ended with err.
func (a *attempt) release(err error) {
	a.watch.stop()
	a.mu.Lock()
	if a.state.Load() == asleep {
		a.state.Store(over)
	}
	cancel := a.cancel
	a.mu.Unlock()
	if cancel != nil {
		cancel(nil)
		if a.e != nil {
			a.e.ran(a)
		}
	}
	a.trace.end(err)
}

// name sets the reason in e if the Bucket cut the attempt, and not the service or the caller.
func (a *attempt) name(e *Error) *Error {
	if e.Kind == nil && a.Err() != nil {
		switch context.Cause(a) {
		case errStalled:
			e.Kind, e.Err = ErrUnavailable, errStalled
		case errClosing:
			e.Kind, e.Err = ErrClosed, nil
		}
	}
	return e
}

// pay waits until n bytes may be sent. The wait does not count as a stall.
func (a *attempt) pay(p *pacer, n int64) error {
	if p == nil {
		return nil
	}
	a.watch.rest()
	defer a.watch.touch()
	return p.wait(a, n)
}
