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
// the retry budget and the context's deadline allow.
func (e *engine) do(ctx context.Context, c call, fn func(*attempt) error) error {
	doubt := false
	closing := e.closing.Done()
	if c.cleanup {
		closing = nil
	}
	for n := 1; ; n++ {
		a := e.newAttempt(ctx, c, n)
		err := fn(a)
		if err == nil {
			if !a.kept {
				a.release(nil)
			}
			if n == 1 {
				e.credit.earn()
			}
			return nil
		}
		failure := a.name(asError(err))
		a.release(failure)
		doubtful := failure.InDoubt && c.write
		doubt = doubt || doubtful
		failure.InDoubt, failure.Attempts = doubt, n
		passing := failure.Kind == ErrThrottled || failure.Kind == ErrUnavailable
		if c.truth != nil {
			if settled, err := c.truth.settle(ctx, failure, doubtful, passing); settled {
				return err
			}
		}
		if passing && n < e.opts.Retry.Attempts && !c.once && !e.off.retry && e.credit.spend() &&
			e.pause(ctx, closing, n, failure.RetryAfter) {
			continue
		}
		failure = ended(ctx, failure)
		if c.truth != nil {
			return c.truth.last(ctx, failure)
		}
		return failure
	}
}

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
