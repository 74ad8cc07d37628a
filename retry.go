package storage

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"time"
)

// slowFactor is how much longer than StallTimeout the service may take over a CompleteUpload or a Copy: it moves the bytes itself.
const slowFactor = 20

// Why an attempt was cut. They are never the cause of a caller's own context, which fs.ErrClosed may be.
var (
	errStalled = errors.New("no byte moved for the stall timeout")
	errClosing = errors.New("the bucket was closed")
)

// attempt is one request under way.
type attempt struct {
	context.Context
	watch *watch
	stop  func()
	kept  bool // its request lives on in a body: release is the body's
}

// newAttempt derives the context of one request: it also ends when the Bucket is closed or the request stalls.
func (b *Bucket) newAttempt(ctx context.Context, c call) *attempt {
	actx, cancel := context.WithCancelCause(ctx)
	unhook := func() bool { return true }
	if !c.cleanup {
		unhook = context.AfterFunc(b.closing, func() { cancel(errClosing) })
		if b.closing.Err() != nil {
			cancel(errClosing) // at once, not by a goroutine
		}
	}
	a := &attempt{Context: actx}
	if d := b.opts.StallTimeout; d > 0 && !off.stall {
		if c.slow {
			d *= slowFactor
		}
		a.watch = newWatch(d, func() { cancel(errStalled) })
	}
	a.stop = func() { unhook(); cancel(nil) }
	return a
}

// release ends the attempt's context.
func (a *attempt) release() {
	a.watch.stop()
	a.stop()
}

// name gives err its reason where the attempt was cut by the Bucket rather than by the service or the caller.
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

// pay waits until n bytes may be sent; that is no stall.
func (a *attempt) pay(p *pacer, n int64) error {
	if p == nil {
		return nil
	}
	a.watch.rest()
	defer a.watch.touch()
	return p.wait(a, n)
}

// call is one request of a Store that may be made several times.
type call struct {
	op, key string // the method of Store, the key as the Store sees it
	slow    bool   // the service moves bytes itself: the stall timeout is longer
	write   bool   // a failure can leave a doubt
	cleanup bool   // closing the Bucket does not cut it
}

// do makes the request c by fn until it succeeds or fails for good, and returns the last failure. Its InDoubt says whether
// any of the attempts may have been carried out.
//
// It is the only retry loop. What is worth another attempt is what the service says of itself, ErrThrottled and
// ErrUnavailable, as long as attempts, the Bucket's credit and the context's deadline allow.
func (b *Bucket) do(ctx context.Context, c call, fn func(*attempt) error) error {
	doubt := false
	closing := b.closing.Done()
	if c.cleanup {
		closing = nil
	}
	for n := 1; ; n++ {
		a := b.newAttempt(ctx, c)
		start := time.Now()
		err := fn(a)
		if b.opts.Trace != nil {
			b.opts.Trace(Event{Op: c.op, Key: c.key, Attempt: n, Start: start, Duration: time.Since(start), Err: err})
		}
		if err == nil {
			if !a.kept {
				a.release()
			}
			if n == 1 {
				b.credit.earn()
			}
			return nil
		}
		e := a.name(asError(err))
		a.release()
		doubt = doubt || e.InDoubt && c.write
		e.InDoubt, e.Attempts = doubt, n
		again := e.Kind == ErrThrottled || e.Kind == ErrUnavailable
		again = again && n < b.opts.Retry.Attempts && !off.retry && b.credit.spend() && b.pause(ctx, closing, n, e.RetryAfter)
		if !again {
			return ended(ctx, e)
		}
	}
}

// ended makes of e the failure of a call that its context ended, if that is what it is: a definite answer stands.
func ended(ctx context.Context, e *Error) *Error {
	definite := e.Kind != nil && e.Kind != ErrThrottled && e.Kind != ErrUnavailable
	if err := ctx.Err(); err != nil && !definite {
		e.Kind, e.Err = nil, err
		if e.InDoubt {
			e.Kind = ErrUnknownOutcome
		}
	}
	return e
}

// pause waits after the nth failure in a row: full jitter, and not less than the service asked for. It reports whether another
// attempt makes sense: false where the wait is over the limit or past the context's deadline, or was cut short. The end of
// closing ends the wait, too: the next attempt says why.
func (b *Bucket) pause(ctx context.Context, closing <-chan struct{}, n int, after time.Duration) bool {
	r := &b.opts.Retry
	if after > r.MaxDelay {
		return false
	}
	ceiling := r.MaxDelay
	if d := r.MinDelay << min(n-1, 30); d > 0 && d < ceiling {
		ceiling = d
	}
	wait := max(time.Duration(rand.Int64N(int64(max(ceiling, 0))+1)), after)
	if deadline, ok := ctx.Deadline(); ok && time.Until(deadline) <= wait {
		return false
	}
	t := time.NewTimer(wait)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-closing:
		return true
	case <-ctx.Done():
		return false
	}
}

// credit is the retry budget of a Bucket, in tenths of a retry.
type credit struct {
	limit int // retries; < 0: none
	mu    sync.Mutex
	spent int
}

func (c *credit) earn() {
	c.mu.Lock()
	c.spent = max(c.spent-1, 0)
	c.mu.Unlock()
}

func (c *credit) spend() bool {
	if c.limit < 0 {
		return true
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.spent+10 > 10*c.limit {
		return false
	}
	c.spent += 10
	return true
}
