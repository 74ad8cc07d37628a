package storage

import (
	"context"
	"errors"
)

// slowFactor is how many times StallTimeout the service may take for a CompleteUpload or a Copy, in
// which it moves the bytes itself.
const slowFactor = 20

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
	write   bool   // a failure can leave a doubt
	cleanup bool   // closing the Bucket does not cut it
	probe   bool   // see Request.Probe
	once    bool   // it is not tried again
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
		Op: c.op, Key: c.key, Attempt: number, Probe: c.probe,
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
	if d := e.opts.StallTimeout; d > 0 && !e.off.stall {
		if c.slow {
			d *= slowFactor
		}
		a.watch = newWatch(d, func() { cancel(errStalled) })
	}
	a.stop = func() { unhook(); cancel(nil) }
	return a
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
