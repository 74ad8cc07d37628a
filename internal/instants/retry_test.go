package instants

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/polystore/storage"
)

// errBusy is what named makes of the two kinds that busy has: the services name it differently.
var errBusy = errors.New("the service is busy")

func named(err error) error {
	if errors.Is(err, storage.ErrUnavailable) || errors.Is(err, storage.ErrThrottled) {
		return errBusy
	}
	return err
}

// TestBackoff fails all attempts of a call but the last, again and again: each pause is random
// between nothing and a bound that doubles up to MaxDelay, and nothing else takes time.
func TestBackoff(t *testing.T) {
	bounds := []time.Duration{
		100 * time.Millisecond, 200 * time.Millisecond, 400 * time.Millisecond,
		500 * time.Millisecond, 500 * time.Millisecond,
	}
	opts := &storage.Options{Retry: storage.RetryOptions{
		Attempts: len(bounds) + 1, MinDelay: bounds[0], MaxDelay: bounds[len(bounds)-1], Budget: -1,
	}}
	fails := func(d driver, n int, w http.ResponseWriter, _ *http.Request) {
		if n%(len(bounds)+1) != 0 {
			d.busy(w)
			return
		}
		d.describe(w)
	}
	play(t, opts, nil, fails, func(t *testing.T, _ driver, b *storage.Bucket, s *service) {
		longest := make([]time.Duration, len(bounds))
		for range 100 {
			before := len(s.times())
			begin := time.Since(s.start)
			if _, err := b.Stat(t.Context(), "k", nil); err != nil {
				t.Fatal(err)
			}
			asked := s.times()[before:]
			if len(asked) != len(bounds)+1 || asked[0] != begin ||
				asked[len(bounds)] != time.Since(s.start) {
				t.Fatalf("from %v to %v: asked at %v", begin, time.Since(s.start), asked)
			}
			for i, bound := range bounds {
				pause := asked[i+1] - asked[i]
				if pause < 0 || pause > bound {
					t.Errorf("pause %d took %v, want at most %v", i+1, pause, bound)
				}
				longest[i] = max(longest[i], pause)
			}
		}
		for i, bound := range bounds { // one below it in all of 100 comes once in 10^30
			if longest[i] < bound/2 {
				t.Errorf("the longest of 100 pauses %d took %v, want up to %v", i+1, longest[i],
					bound)
			}
		}
	})
}

// TestRetryAfter has the service say how long, or until when, it wants to be left alone.
func TestRetryAfter(t *testing.T) {
	opts := &storage.Options{Retry: storage.RetryOptions{MinDelay: time.Millisecond}}
	for name, form := range map[string]func(d time.Duration) string{
		"seconds": func(d time.Duration) string { return d.String()[:len(d.String())-1] },
		"date": func(d time.Duration) string {
			return time.Now().Add(d).UTC().Format(http.TimeFormat)
		},
	} {
		t.Run(name, func(t *testing.T) {
			says := func(d driver, n int, w http.ResponseWriter, _ *http.Request) {
				switch n {
				case 1:
					w.Header().Set("Retry-After", form(7*time.Second))
					d.busy(w)
				case 2:
					w.Header().Set("Retry-After", form(12*time.Second))
					d.busy(w)
				default:
					d.describe(w)
				}
			}
			play(t, opts, nil, says, func(t *testing.T, _ driver, b *storage.Bucket, s *service) {
				_, err := b.Stat(t.Context(), "k", nil)
				want := []time.Duration{0, 7 * time.Second, 19 * time.Second}
				if err != nil || !slices.Equal(s.times(), want) {
					t.Errorf("asked at %v, want %v; %v", s.times(), want, err)
				}
			})
		})
	}
}

// TestBudget spends all retries: the next failure is that of its call at once, and ten requests
// that succeed at the first attempt earn one retry.
func TestBudget(t *testing.T) {
	opts := &storage.Options{Retry: storage.RetryOptions{
		Attempts: 4, MinDelay: time.Millisecond, Budget: 4,
	}}
	failing := true
	answer := func(d driver, _ int, w http.ResponseWriter, _ *http.Request) {
		if failing {
			w.Header().Set("Retry-After", "2") // which makes the pauses certain
			d.busy(w)
			return
		}
		d.describe(w)
	}
	play(t, opts, nil, answer, func(t *testing.T, _ driver, b *storage.Bucket, s *service) {
		call := func(what string, want ...time.Duration) {
			t.Helper()
			before, begin := len(s.times()), time.Since(s.start)
			_, err := b.Stat(t.Context(), "k", nil)
			if failing != errors.Is(named(err), errBusy) || !failing && err != nil {
				t.Errorf("%s: %v", what, err)
			}
			asked := s.times()[before:]
			for i := range asked {
				asked[i] -= begin
			}
			if !slices.Equal(asked, want) || time.Since(s.start) != begin+want[len(want)-1] {
				t.Errorf("%s: asked at %v, ended at %v, want %v", what, asked,
					time.Since(s.start)-begin, want)
			}
			time.Sleep(time.Minute) // the Bucket holds nothing back any more
		}
		failing = true
		call("three of four retries", 0, 2*time.Second, 4*time.Second, 6*time.Second)
		call("the last one", 0, 2*time.Second)
		call("none is left", 0)
		failing = false
		for range 9 {
			call("a success", 0)
		}
		failing = true
		call("nine successes", 0)
		failing = false
		call("the tenth", 0)
		failing = true
		call("one is earned", 0, 2*time.Second)
		call("and spent", 0)
	})
}

// TestDeadline has a service that hangs, and one that asks for a wait that is too long.
func TestDeadline(t *testing.T) {
	const deadline = 10 * time.Second
	for name, c := range map[string]struct {
		answer answer
		asked  []time.Duration
		ends   time.Duration
		err    error
	}{
		"in a request": {
			func(_ driver, _ int, _ http.ResponseWriter, r *http.Request) { <-r.Context().Done() },
			[]time.Duration{0}, deadline, context.DeadlineExceeded,
		},
		"after a pause": {
			func(d driver, n int, w http.ResponseWriter, r *http.Request) {
				if n == 1 {
					w.Header().Set("Retry-After", "6")
					d.busy(w)
					return
				}
				<-r.Context().Done()
			},
			[]time.Duration{0, 6 * time.Second}, deadline, context.DeadlineExceeded,
		},
		"in a pause": { // which is not begun
			func(d driver, _ int, w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Retry-After", "6")
				d.busy(w)
			},
			[]time.Duration{0, 6 * time.Second}, 6 * time.Second, errBusy,
		},
		"at the end of a pause": { // when there is no time for an attempt
			func(d driver, _ int, w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Retry-After", "10")
				d.busy(w)
			},
			[]time.Duration{0}, 0, errBusy,
		},
	} {
		t.Run(name, func(t *testing.T) {
			test := func(t *testing.T, _ driver, b *storage.Bucket, s *service) {
				ctx, cancel := context.WithTimeout(t.Context(), deadline)
				defer cancel()
				_, err := b.Stat(ctx, "k", nil)
				err = named(err)
				if ended := time.Since(s.start); !errors.Is(err, c.err) || ended != c.ends {
					t.Errorf("%v at %v, want %v at %v", err, ended, c.err, c.ends)
				}
				if !slices.Equal(s.times(), c.asked) {
					t.Errorf("asked at %v, want %v", s.times(), c.asked)
				}
			}
			play(t, nil, nil, c.answer, test)
		})
	}
}
