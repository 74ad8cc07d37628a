package storage

import (
	"context"
	"math/rand/v2"
	"time"
)

// do makes the request c by calling fn until it succeeds or fails for good, and returns the last
// failure. InDoubt of the failure tells whether any of the attempts may have been carried out.
//
// A write with an ID is settled as soon as it can be: see truth.
//
// This is the only retry loop. It retries ErrThrottled and ErrUnavailable, as long as the attempts,
// the retry budget and the context's deadline allow. Clean-up is retried for as long as its context
// lasts. What the service cannot take now is held back: see hold.
func (e *engine) do(ctx context.Context, c call, fn func(*attempt) error) error {
	doubt := false
	closing := e.closing.Done()
	if c.cleanup {
		closing = nil
	}
	var failure *Error
	for n := 1; ; n++ {
		pass := everybody
		if !c.cleanup && !c.urgent && !e.off.hold {
			var held *Error
			if pass, held = e.hold.enter(ctx, closing); held != nil {
				if failure == nil {
					failure = held
				}
				break
			}
		}
		a := e.newAttempt(ctx, c, n)
		err := fn(a)
		if err == nil {
			if !a.kept {
				a.release(nil)
			}
			if n == 1 {
				e.credit.earn()
			}
			e.left(c, pass, nil)
			return nil
		}
		failure = a.name(asError(err))
		a.release(failure)
		e.left(c, pass, failure)
		failed := time.Now()
		doubtful := failure.InDoubt && c.write
		doubt = doubt || doubtful
		failure.InDoubt, failure.Attempts = doubt, n
		passing := isPassing(failure)
		if passing && failure.RetryAfter > e.opts.Retry.MaxDelay {
			failure.Kind = ErrThrottled
		}
		if c.truth != nil {
			if settled, err := c.truth.settle(ctx, failure, doubtful, passing); settled {
				return err
			}
		}
		if !passing || e.off.retry {
			break
		}
		after := failure.RetryAfter
		if after <= e.opts.Retry.MaxDelay { // the look may have taken a while
			after = max(after-time.Since(failed), 0)
		}
		if c.cleanup {
			if !e.cleanUpPause(ctx, n, after) {
				break
			}
		} else if n >= e.opts.Retry.Attempts || c.once || !e.mayRetry(c) ||
			!e.pause(ctx, closing, n, after) {
			break
		}
	}
	failure = ended(ctx, failure)
	if c.truth != nil {
		return c.truth.last(ctx, failure)
	}
	return failure
}

// left notes how an attempt ended, unless it belongs to clean-up, which nothing holds back.
func (e *engine) left(c call, p *pass, f *Error) {
	if c.cleanup {
		return
	}
	e.hold.leaves(p, f)
	if in := e.flowOf(c.op); in != nil && isPassing(f) {
		in.refused()
	}
}

// mayRetry takes a retry out of the budget.
func (e *engine) mayRetry(c call) bool { return c.free || e.credit.spend() }

// ended replaces e with the context's error if the context is done, unless the service has already
// given a definite answer.
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

// pause waits after the nth failure in a row. The wait is random (full jitter) and not shorter than
// the service asked for. pause returns false if another attempt makes no sense: the wait is too
// long, goes past the context's deadline, or was cut short by ctx. If closing ends the wait, the
// next attempt reports why.
func (e *engine) pause(
	ctx context.Context, closing <-chan struct{}, n int, after time.Duration,
) bool {
	r := &e.opts.Retry
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

// cleanUpPause waits after the nth failure in a row of a clean-up, whose time ends with ctx. Its
// pauses are short against that time, and an attempt is made when a tenth of it is left. So a
// clean-up outlasts trouble of the service that is shorter.
func (e *engine) cleanUpPause(ctx context.Context, n int, after time.Duration) bool {
	tenth := e.opts.AbortTimeout / 10
	ceiling := min(max(e.opts.Retry.MinDelay, 1)<<min(n-1, 20), tenth)
	wait := ceiling/2 + time.Duration(rand.Int64N(int64(max(ceiling/2, 0))+1))
	wait = max(wait, min(after, tenth))
	if end, ok := ctx.Deadline(); ok {
		switch left := time.Until(end); {
		case left > tenth:
			wait = min(wait, left-tenth)
		case left > tenth/10:
			wait = min(wait, left/2)
		default:
			return false
		}
	}
	t := time.NewTimer(wait)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}
