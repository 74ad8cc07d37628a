package storage

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

func TestStallTimeoutOf(t *testing.T) {
	const s = time.Second
	b := New(nil, &Options{StallTimeout: 30 * s, AbortTimeout: 4 * s})
	never := New(nil, &Options{StallTimeout: -1, AbortTimeout: 4 * s})
	for name, c := range map[string]struct {
		call        call
		want, never time.Duration
	}{
		"a small one":          {call{}, 30 * s, -1},
		"a copy":               {call{slow: true, size: -1}, 600 * s, -1},
		"a copy of 1 GiB":      {call{slow: true, size: 1 << 30}, 132400 * s / 1000, -1},
		"a completion":         {call{slow: true, size: 20 << 20, parts: 2}, 32020 * s / 1000, -1},
		"one of 10,000 parts":  {call{slow: true, size: 10 << 20, parts: 10_000}, 131 * s, -1},
		"clean-up":             {call{cleanup: true}, s, s},
		"a size without bytes": {call{size: 1 << 40}, 30 * s, -1},
	} {
		if got := b.e.stallTimeout(c.call); got != c.want {
			t.Errorf("%s may stall for %v, want %v", name, got, c.want)
		}
		if got := never.e.stallTimeout(c.call); got != c.never {
			t.Errorf("without a StallTimeout, %s may stall for %v, want %v", name, got, c.never)
		}
	}
}

// TestMoved tells of bytes as a driver does: by an event each, and when it is asked.
func TestMoved(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const d = 16 * time.Second
		start := time.Now()
		b := New(nil, &Options{StallTimeout: d})
		a := b.e.newAttempt(t.Context(), call{}, 1)
		defer a.release(nil)
		for range 5 {
			time.Sleep(d - 1)
			Moved(a)
		}
		last := time.Since(start)
		still := 40 // times that the answer is yes
		Moving(a, func() bool { still--; return still >= 0 })
		<-a.Done()
		if took := time.Since(start); took != last+40*d/probes+d {
			t.Errorf("cut after %v, want %v", took, last+40*d/probes+d)
		}
		Moved(t.Context()) // of nobody
		Moving(t.Context(), nil)
	})
	synctest.Test(t, func(t *testing.T) { // the consumer's time does not count
		b := New(nil, &Options{StallTimeout: time.Second})
		a := b.e.newAttempt(t.Context(), call{}, 1)
		defer a.release(nil)
		a.watch.rest()
		Moved(a)
		time.Sleep(time.Hour)
		if a.Err() != nil {
			t.Error("an attempt at rest was cut, because bytes had come")
		}
	})
}

// TestAttemptEnds ends attempts in every way, asleep and awake, and looks at all that a context
// tells of it, also those that are made of it.
func TestAttemptEnds(t *testing.T) {
	errOwn := errors.New("the caller's own")
	type key struct{}
	for name, c := range map[string]struct {
		end         func(b *Bucket, a *attempt, caller context.CancelCauseFunc)
		err, cause  error
		kind        error // of a failure without one
		unnoticed   bool  // by package context before the attempt is asked
		alsoCleanup bool
	}{
		"the caller cancels": {
			func(_ *Bucket, _ *attempt, caller context.CancelCauseFunc) { caller(errOwn) },
			context.Canceled, errOwn, nil, false, true,
		},
		"the deadline passes": {
			func(_ *Bucket, a *attempt, _ context.CancelCauseFunc) {
				a.watch.rest() // it would stall
				time.Sleep(time.Hour)
			},
			context.DeadlineExceeded, context.DeadlineExceeded, nil, false, true,
		},
		"the Bucket is closed": {
			func(b *Bucket, _ *attempt, _ context.CancelCauseFunc) { b.Close() },
			context.Canceled, errClosing, ErrClosed, true, false,
		},
		"it stalls": {
			func(_ *Bucket, a *attempt, _ context.CancelCauseFunc) {
				a.Err()
				a.Err()
				time.Sleep(30 * time.Second)
			},
			context.Canceled, errStalled, ErrUnavailable, true, false,
		},
		"it is over": {
			func(_ *Bucket, a *attempt, _ context.CancelCauseFunc) { a.release(nil) },
			context.Canceled, context.Canceled, nil, false, true,
		},
	} {
		for _, wake := range []bool{false, true} {
			for _, cleanup := range []bool{false, c.alsoCleanup} {
				synctest.Test(t, func(t *testing.T) {
					b := New(struct{ FullStore }{Full(closable{})}, nil)
					ctx := context.WithValue(t.Context(), key{}, "value")
					ctx, stop := context.WithTimeout(ctx, time.Hour)
					defer stop()
					ctx, cancel := context.WithCancelCause(ctx)
					defer cancel(nil)
					a := b.e.newAttempt(ctx, call{cleanup: cleanup}, 1)
					var child context.Context
					if wake {
						var stop context.CancelFunc
						child, stop = context.WithCancel(a)
						defer stop()
					}
					if a.Err() != nil || context.Cause(a) != nil {
						t.Errorf("%s: %v, %v before the end", name, a.Err(), context.Cause(a))
					}
					if end, ok := a.Deadline(); !ok || time.Until(end) != time.Hour {
						t.Errorf("%s: the deadline is %v, %v", name, end, ok)
					}
					c.end(b, a, cancel)
					synctest.Wait()
					if wake && (!isDone(child) || context.Cause(child) != c.cause) {
						t.Errorf("%s: what was made of it: %v", name, context.Cause(child))
					}
					if !c.unnoticed && context.Cause(a) != c.cause {
						t.Errorf("%s: its cause is %v, want %v", name, context.Cause(a), c.cause)
					}
					if e := a.name(&Error{}); e.Kind != c.kind {
						t.Errorf("%s: a failure is %v, want %v", name, e.Kind, c.kind)
					}
					if e := a.name(&Error{Kind: ErrNotExist}); e.Kind != ErrNotExist {
						t.Errorf("%s: an answer of the service is %v", name, e.Kind)
					}
					for range 2 {
						if a.Err() != c.err || !isDone(a) || context.Cause(a) != c.cause {
							t.Errorf("%s, awake %v: %v, %v, done %v, want %v, %v", name, wake,
								a.Err(), context.Cause(a), isDone(a), c.err, c.cause)
						}
						a.release(nil)
						cancel(nil)
						time.Sleep(time.Hour)
					}
					after, stop := context.WithCancel(a)
					defer stop()
					if after.Err() != c.err || a.Value(key{}) != "value" || attemptOf(after) != a {
						t.Errorf("%s: %v, %v at the end", name, after.Err(), a.Value(key{}))
					}
					if n := len(b.e.requests); n != 0 {
						t.Errorf("%s: the engine keeps %d requests", name, n)
					}
				})
			}
		}
	}
}

// closable is a Store that can be closed and nothing else.
type closable struct{ Store }

func (closable) Close() error { return nil }

func isDone(ctx context.Context) bool {
	select {
	case <-ctx.Done():
		return true
	default:
		return false
	}
}

// Contexts that a driver makes of an attempt are bound to it without a goroutine each.
func TestAttemptHasNoGoroutines(t *testing.T) {
	b := New(nil, nil)
	a := b.e.newAttempt(t.Context(), call{}, 1)
	defer a.release(nil)
	before := runtime.NumGoroutine()
	for range 1000 {
		_, stop := context.WithCancel(context.WithValue(a, attemptKey{}, nil))
		defer stop()
	}
	if n := runtime.NumGoroutine() - before; n > 500 {
		t.Errorf("1,000 contexts have %d goroutines", n)
	}
}

// An attempt may be asked, woken, cut and released by everybody at once.
func TestAttemptByEverybody(t *testing.T) {
	for range 200 {
		b := New(struct{ FullStore }{Full(closable{})}, nil)
		ctx, cancel := context.WithCancel(t.Context())
		a := b.e.newAttempt(ctx, call{}, 1)
		var all sync.WaitGroup
		for _, f := range []func(){
			func() { <-a.Done() }, func() { a.Err(); a.Err(); a.Err() }, cancel,
			func() { a.watch.rest(); a.watch.touch(); Moved(a) }, func() { b.Close() },
			func() { Moving(a, func() bool { return false }) },
			func() { context.AfterFunc(a, func() {}) }, func() { context.Cause(a) },
			func() { a.release(nil) },
		} {
			all.Go(f)
		}
		all.Wait()
		if err := a.Err(); err != context.Canceled || len(b.e.requests) != 0 {
			t.Fatalf("%v in the end, the engine keeps %d requests", err, len(b.e.requests))
		}
	}
}

// A Store that asks for Err alone learns of a stall, too, from its second question on.
func TestAskedForErrAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const d = 10 * time.Second
		b := New(nil, &Options{StallTimeout: d})
		first := b.e.newAttempt(t.Context(), call{}, 1)
		if first.Err(); first.watch.timer != nil || !first.watch.last.IsZero() {
			t.Error("the question of a method on entry costs a timer, or a look at the clock")
		}
		first.release(nil)

		a := b.e.newAttempt(t.Context(), call{}, 1)
		defer a.release(nil)
		a.Err()
		time.Sleep(time.Hour) // in which nobody is waited for, as far as can be known
		a.watch.touch()
		for range 3 {
			if err := a.Err(); err != nil {
				t.Errorf("asked after the first time: %v", err)
			}
			time.Sleep(d - 1)
			Moved(a)
		}
		a.watch.rest()
		time.Sleep(time.Hour) // the consumer's
		if err := a.Err(); err != nil {
			t.Errorf("at rest: %v", err)
		}
		a.watch.touch()
		time.Sleep(d - 1)
		if err := a.Err(); err != nil || a.watch.timer != nil {
			t.Errorf("just before the end: %v", err)
		}
		time.Sleep(time.Nanosecond)
		if err := a.Err(); err != context.Canceled || context.Cause(a) != errStalled {
			t.Errorf("at the end: %v, %v", err, context.Cause(a))
		}
	})
}
