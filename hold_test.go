package storage_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/polystore/storage"
	"github.com/polystore/storage/providers/memory"
)

// answering is a Store whose Stat takes a while and answers what answer says.
type answering struct {
	storage.FullStore
	takes  time.Duration
	answer func(at time.Duration) error // since the start

	mu    sync.Mutex
	start time.Time
	began []time.Duration
	now   int
	most  int // at once
}

func newAnswering(t *testing.T, takes time.Duration, answer func(time.Duration) error) *answering {
	t.Helper()
	m, err := memory.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &answering{FullStore: m, takes: takes, answer: answer, start: time.Now()}
}

func (s *answering) Stat(
	ctx context.Context, key string, _ *storage.StatOptions,
) (*storage.Object, error) {
	s.mu.Lock()
	at := time.Since(s.start)
	s.began = append(s.began, at)
	s.now++
	s.most = max(s.most, s.now)
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		s.now--
		s.mu.Unlock()
	}()
	select {
	case <-time.After(s.takes):
	case <-ctx.Done():
	}
	if err := ctx.Err(); err != nil {
		return nil, &storage.Error{Err: err}
	}
	if err := s.answer(at); err != nil {
		return nil, err
	}
	return &storage.Object{Key: key, ETag: `"1"`}, nil
}

// between counts the requests from one time on to another.
func (s *answering) between(from, to time.Duration) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for _, at := range s.began {
		if at >= from && at < to {
			n++
		}
	}
	return n
}

func throttled(after time.Duration) error {
	return &storage.Error{Kind: storage.ErrThrottled, Status: 503, RetryAfter: after}
}

// TestRetryAfterHoldsAll lets one call be asked to wait: the others wait, too, then one of them
// goes first, and when it succeeds, all others.
func TestRetryAfterHoldsAll(t *testing.T) {
	for name, c := range map[string]struct {
		after time.Duration
		fails bool // the call that was asked
		until time.Duration
	}{
		"10s": {10 * time.Second, false, 10 * time.Second},
		"20s": {20 * time.Second, false, 20 * time.Second}, // MaxDelay
		"1h":  {time.Hour, true, 20 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				const takes = 50 * time.Millisecond
				s := newAnswering(t, takes, func(at time.Duration) error {
					if at == 0 {
						return throttled(c.after)
					}
					return nil
				})
				b := storage.New(s, nil)
				defer b.Close()
				var wg sync.WaitGroup
				wg.Go(func() {
					_, err := b.Stat(t.Context(), "first", nil)
					var e *storage.Error
					switch {
					case !c.fails && err != nil:
						t.Errorf("the call that was asked to wait: %v", err)
					case c.fails && (!errors.As(err, &e) || e.Kind != storage.ErrThrottled ||
						e.RetryAfter != c.after || time.Since(s.start) != takes):
						t.Errorf("the call that was asked to wait: %v after %v", err,
							time.Since(s.start))
					}
				})
				for i := range 9 {
					wg.Go(func() {
						time.Sleep(time.Duration(i+1) * time.Second)
						if _, err := b.Stat(t.Context(), "other", nil); err != nil {
							t.Errorf("a call %d s later: %v", i+1, err)
						}
					})
				}
				wg.Wait()
				probe := takes + c.until
				want := []time.Duration{0, probe}
				for range 8 {
					want = append(want, probe+takes)
				}
				if !c.fails {
					want = append(want, probe+takes)
				}
				if slices.Sort(s.began); !slices.Equal(s.began, want) {
					t.Errorf("requests at %v, want %v", s.began, want)
				}
			})
		})
	}
}

// TestHeldPastDeadline fails at once what would be held until after its deadline.
func TestHeldPastDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newAnswering(t, 0, func(time.Duration) error { return throttled(10 * time.Second) })
		b := storage.New(s, nil)
		defer b.Close()
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		for i, want := range []time.Duration{10 * time.Second, 9 * time.Second} {
			_, err := b.Stat(ctx, "k", nil)
			var e *storage.Error
			if !errors.As(err, &e) || e.Kind != storage.ErrThrottled || e.RetryAfter != want {
				t.Errorf("call %d: %v, want %v with RetryAfter %v", i, err, storage.ErrThrottled,
					want)
			}
			if took := time.Since(s.start); took != time.Duration(i)*time.Second {
				t.Errorf("call %d came back after %v", i, took)
			}
			time.Sleep(time.Second)
		}
		if n := len(s.began); n != 1 {
			t.Errorf("%d requests, want 1", n)
		}
	})
}

// TestHeldEnds ends calls that are held back by their context, by MaxDelay, and by Close.
func TestHeldEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newAnswering(t, 0, func(time.Duration) error { return throttled(15 * time.Second) })
		b := storage.New(s, &storage.Options{Retry: storage.RetryOptions{Attempts: 1}})
		defer b.Close()
		stat := func(ctx context.Context) (time.Duration, error) {
			start := time.Now()
			_, err := b.Stat(ctx, "k", nil)
			return time.Since(start), err
		}
		stat(t.Context())
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		if took, err := stat(ctx); !errors.Is(err, context.Canceled) || took != time.Second {
			t.Errorf("cancelled after a second: %v after %v", err, took)
		}
		var wg sync.WaitGroup
		for range 2 { // one is the probe at 15 s, which fails; the other was patient for 20 s
			wg.Go(func() {
				took, err := stat(t.Context())
				if !errors.Is(err, storage.ErrThrottled) ||
					took != 14*time.Second && took != 20*time.Second {
					t.Errorf("held back: %v after %v", err, took)
				}
			})
		}
		wg.Wait()
		if n := len(s.began); n != 2 {
			t.Errorf("%d requests, want 2", n)
		}
		time.AfterFunc(time.Second, func() { b.Close() })
		if took, err := stat(t.Context()); !errors.Is(err, storage.ErrClosed) ||
			took != time.Second {
			t.Errorf("closed after a second: %v after %v", err, took)
		}
	})
}

// TestTrickle lets 64 callers ask a service that fails every request, and then recovers.
func TestTrickle(t *testing.T) {
	for name, failure := range map[string]*storage.Error{
		"unavailable": {Kind: storage.ErrUnavailable, Status: 500},
		"throttled":   {Kind: storage.ErrThrottled, Status: 503},
		"Retry-After": {Kind: storage.ErrThrottled, Status: 503, RetryAfter: time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				const takes, back = 5 * time.Millisecond, 60 * time.Second
				s := newAnswering(t, takes, func(at time.Duration) error {
					if at >= back {
						return nil
					}
					e := *failure
					return &e
				})
				b := storage.New(s, nil)
				defer b.Close()
				ctx, cancel := context.WithTimeout(t.Context(), 70*time.Second)
				defer cancel()
				var wg sync.WaitGroup
				for range 64 {
					wg.Go(func() {
						for ctx.Err() == nil {
							b.Stat(ctx, "k", nil)
						}
					})
				}
				wg.Wait()
				busiest := 0
				for at := time.Second; at < back; at += time.Second {
					busiest = max(busiest, s.between(at, at+time.Second))
				}
				first := back
				for s.between(back, first) == 0 {
					first += time.Millisecond
				}
				full := int(64 * time.Second / takes)
				rate := s.between(first+time.Second, first+2*time.Second)
				t.Logf("first second %d, then at most %d requests a second; back %v after the "+
					"service; then %d a second of %d", s.between(0, time.Second), busiest,
					first-back, rate, full)
				if busiest > 20 || busiest == 0 {
					t.Errorf("%d requests in a second, want 1 to 20", busiest)
				}
				if rate < full*9/10 {
					t.Errorf("%d requests a second after the first success, want %d", rate, full)
				}
			})
		})
	}
}

// TestHalfFails holds nothing back while every second request succeeds.
func TestHalfFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		n := 0
		s := newAnswering(t, time.Millisecond, func(time.Duration) error {
			mu.Lock()
			defer mu.Unlock()
			if n++; n%2 == 0 {
				return &storage.Error{Kind: storage.ErrUnavailable}
			}
			return nil
		})
		b := storage.New(s, &storage.Options{Retry: storage.RetryOptions{Attempts: 1}})
		defer b.Close()
		for range 1000 {
			b.Stat(t.Context(), "k", nil)
		}
		if took := time.Since(s.start); took != time.Second {
			t.Errorf("1,000 requests of a millisecond took %v", took)
		}
	})
}

// TestRefusalIsSuccess: that the service refuses for good is an answer, and holds nothing back.
func TestRefusalIsSuccess(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newAnswering(t, 0, func(at time.Duration) error {
			if at == 0 {
				return throttled(time.Second)
			}
			return &storage.Error{Kind: storage.ErrNotExist, RetryAfter: time.Minute}
		})
		b := storage.New(s, nil)
		defer b.Close()
		for range 100 {
			if ok, err := b.Exists(t.Context(), "k"); ok || err != nil {
				t.Fatalf("Exists = %v, %v", ok, err)
			}
		}
		if took := time.Since(s.start); took != time.Second {
			t.Errorf("100 refusals took %v, want the one Retry-After", took)
		}
	})
}
