package storage

import (
	"context"
	"errors"
	"time"
)

// How long the service may take, beyond StallTimeout, for a CompleteUpload or a Copy, in which it
// moves the bytes itself.
const (
	slowRate   = 10 << 20              // bytes a second
	slowPart   = 10 * time.Millisecond // for each part
	slowFactor = 20                    // times StallTimeout, where the size is not known
)

// Why an attempt was cut. They are never the cause of a caller's own context, which fs.ErrClosed
// may be.
var (
	errStalled = errors.New("no byte was transferred within the stall timeout")
	errClosing = errors.New("the bucket was closed")
)

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
}

// attempt is one request in progress. Its context ends with that of the caller, when the Bucket is
// closed, and when the request stalls.
type attempt struct {
	context.Context
	watch *watch
	trace *tracedRequest
	stop  func()
	kept  bool // its request lives on in a body, which releases it
}

func (e *engine) newAttempt(ctx context.Context, c call, number int) *attempt {
	ctx, trace := startRequest(ctx, e.opts.Tracer, Request{
		Op: c.op, Key: c.key, Attempt: number, Probe: c.probe, Hedge: c.hedge,
	})
	actx, cancel := context.WithCancelCause(ctx)
	unhook := func() bool { return true }
	if !c.cleanup {
		unhook = context.AfterFunc(e.closing, func() { cancel(errClosing) })
		if e.closing.Err() != nil {
			cancel(errClosing) // at once, not by a goroutine
		}
	}
	a := &attempt{Context: actx, trace: trace}
	if d := e.stallTimeout(c); d > 0 && !e.off.stall {
		if end, ok := ctx.Deadline(); ok && c.cleanup {
			d = min(d, time.Until(end)/2)
		}
		a.watch = newWatch(d, func() { cancel(errStalled) })
	}
	a.stop = func() { unhook(); cancel(nil) }
	return a
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
	a.stop()
	a.trace.end(err)
}

// name sets the reason in e if the Bucket cut the attempt, and not the service or the caller.
func (a *attempt) name(e *Error) *Error {
	if e.Kind == nil {
		switch context.Cause(a.Context) {
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
