package storage_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/polystore/storage"
	"github.com/polystore/storage/providers/memory"
)

// tail is a Store whose answers take as long as takes says, or fail as it says.
type tail struct {
	storage.FullStore
	takes func(op string, n int) (time.Duration, error) // of the nth request, from 0

	mu    sync.Mutex
	count int // requests
	now   int // under way, bodies included
	peak  int // of now
	gets  []storage.GetOptions
	parts map[int]int // requests by the number of the part
}

func newTail(
	t *testing.T, takes func(op string, n int) (time.Duration, error), opts *storage.Options,
) (*storage.Bucket, *tail) {
	t.Helper()
	m, err := memory.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	s := &tail{FullStore: m, takes: takes, parts: make(map[int]int)}
	b := storage.New(s, opts)
	t.Cleanup(func() { b.Close() })
	if _, err := m.Put(t.Context(), "k", bytes.NewReader(make([]byte, 4<<10)), 4<<10,
		new(storage.PutOptions)); err != nil {
		t.Fatal(err)
	}
	return b, s
}

func (s *tail) Unwrap() storage.Store { return s.FullStore }

// answer waits as long as an answer takes. It counts the request until end is called.
func (s *tail) answer(ctx context.Context, op string) error {
	s.mu.Lock()
	n := s.count
	s.count++
	s.now++
	s.peak = max(s.peak, s.now)
	s.mu.Unlock()
	d, err := s.takes(op, n)
	select {
	case <-time.After(d):
	case <-ctx.Done():
		err = &storage.Error{Err: ctx.Err()}
	}
	if err != nil {
		s.end()
	}
	return err
}

func (s *tail) end() {
	s.mu.Lock()
	s.now--
	s.mu.Unlock()
}

func (s *tail) Get(
	ctx context.Context, key string, opts *storage.GetOptions,
) (*storage.GetResult, error) {
	s.mu.Lock()
	s.gets = append(s.gets, *opts)
	s.mu.Unlock()
	if err := s.answer(ctx, "Get"); err != nil {
		return nil, err
	}
	r, err := s.FullStore.Get(ctx, key, opts)
	if err != nil {
		s.end()
		return nil, err
	}
	r.Body = &tailBody{ReadCloser: r.Body, s: s}
	return r, nil
}

type tailBody struct {
	io.ReadCloser
	s    *tail
	once sync.Once
}

func (b *tailBody) Close() error {
	b.once.Do(b.s.end)
	return b.ReadCloser.Close()
}

func (s *tail) Put(
	ctx context.Context, key string, body io.ReadSeeker, size int64, opts *storage.PutOptions,
) (*storage.Object, error) {
	if err := s.answer(ctx, "Put"); err != nil {
		return nil, err
	}
	defer s.end()
	return s.FullStore.Put(ctx, key, body, size, opts)
}

// usual takes 20 ms and a little, and each slow in 100 takes 2 s.
func usual(slow int) func(string, int) (time.Duration, error) {
	r := rand.New(rand.NewPCG(9, 2))
	var mu sync.Mutex
	return func(string, int) (time.Duration, error) {
		mu.Lock()
		defer mu.Unlock()
		d := 20*time.Millisecond + time.Duration(r.ExpFloat64()*float64(3*time.Millisecond))
		if r.IntN(100) < slow {
			d += 2 * time.Second
		}
		return d, nil
	}
}

// readMany reads the object n times, by so many goroutines, and returns the times.
func readMany(t *testing.T, b *storage.Bucket, n, workers int) []time.Duration {
	t.Helper()
	var mu sync.Mutex
	var times []time.Duration
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() {
			for range n / workers {
				start := time.Now()
				data, err := b.ReadAll(t.Context(), "k", nil)
				if len(data) != 4<<10 || err != nil {
					t.Errorf("%d bytes, %v", len(data), err)
				}
				mu.Lock()
				times = append(times, time.Since(start))
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	slices.Sort(times)
	return times
}

// hedges counts the requests that a Tracer is told of.
type hedges struct {
	storage.Tracer
	mu                  sync.Mutex
	hedged, begun, over int
}

func (h *hedges) StartCall(ctx context.Context, _ *storage.Call) context.Context { return ctx }
func (h *hedges) EndCall(context.Context, *storage.Call)                         {}

func (h *hedges) StartRequest(ctx context.Context, r *storage.Request) context.Context {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.begun++
	if r.Hedge {
		h.hedged++
	}
	return ctx
}

func (h *hedges) EndRequest(context.Context, *storage.Request) {
	h.mu.Lock()
	h.over++
	h.mu.Unlock()
}

// TestHedging reads a small object from a service of which 2 answers in 100 take 2 s.
func TestHedging(t *testing.T) {
	const n = 2000
	for _, workers := range []int{1, 16} {
		t.Run(fmt.Sprint(workers), func(t *testing.T) {
			p99 := make(map[bool]time.Duration)
			for _, off := range []bool{true, false} {
				synctest.Test(t, func(t *testing.T) {
					seen := new(hedges)
					b, s := newTail(t, usual(2), &storage.Options{NoHedging: off, Tracer: seen})
					times := readMany(t, b, n, workers)
					synctest.Wait()
					p99[off] = times[len(times)*99/100]
					t.Logf("NoHedging %v: median %v, p99 %v, most %v, %d requests, %d hedges", off,
						times[len(times)/2], p99[off], times[len(times)-1], s.count, seen.hedged)
					if s.count-n != seen.hedged || off && seen.hedged > 0 || s.count > n+n/20 {
						t.Errorf("%d requests, %d hedges", s.count, seen.hedged)
					}
					if s.now != 0 || seen.begun != seen.over || seen.begun != s.count {
						t.Errorf("%d bodies and requests are left, %d of %d requests have ended",
							s.now, seen.over, seen.begun)
					}
				})
			}
			if p99[false] > p99[true]/5 {
				t.Errorf("p99 %v, without hedging %v", p99[false], p99[true])
			}
		})
	}
}

// TestHedgingBudget makes at most one request more for each 20, however many are slow, and none
// where it does not help or does harm.
func TestHedgingBudget(t *testing.T) {
	throttled := &storage.Error{Kind: storage.ErrThrottled, Status: 503}
	for name, c := range map[string]struct {
		takes func(op string, n int) (time.Duration, error)
		least int
		most  int // hedges of 1,000 requests
	}{
		"a tenth is slow": {usual(10), 25, 50},
		"all are slow":    {usual(100), 0, 0},
		"half are slow":   {usual(50), 0, 0},
		// The time of the answers is that of the requests before.
		"all become slow": {func(_ string, n int) (time.Duration, error) {
			if n < 500 {
				return 20 * time.Millisecond, nil
			}
			return 2 * time.Second, nil
		}, 0, 8},
		"slowly slower": {func(_ string, n int) (time.Duration, error) {
			return time.Duration(20+n) * time.Millisecond, nil
		}, 0, 0},
		"throttled": {func(op string, n int) (time.Duration, error) {
			if d, _ := usual(0)(op, n); n < 112 || n%16 != 0 && n%25 != 0 {
				return d, nil
			}
			if n%25 == 0 {
				return 2 * time.Second, nil
			}
			return 20 * time.Millisecond, throttled
		}, 0, 0},
		"before much is known": {slowAt(24, 2), 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				seen := new(hedges)
				b, _ := newTail(t, c.takes, &storage.Options{
					Tracer: seen, Retry: storage.RetryOptions{Budget: -1, Attempts: 9},
				})
				for range 1000 {
					if _, err := b.ReadAll(t.Context(), "k", nil); err != nil {
						t.Fatal(err)
					}
				}
				t.Logf("%d hedges", seen.hedged)
				if seen.hedged < c.least || seen.hedged > c.most {
					t.Errorf("%d hedges, want %d to %d", seen.hedged, c.least, c.most)
				}
			})
		})
	}
}

// warm lets the Bucket learn how long an answer takes.
func warm(t *testing.T, b *storage.Bucket) {
	t.Helper()
	for range 64 {
		if _, err := b.ReadAll(t.Context(), "k", nil); err != nil {
			t.Fatal(err)
		}
	}
}

// slowAt lets the requests from the nth on take 2 s, as many as there are, and the others 20 ms.
func slowAt(from, many int) func(string, int) (time.Duration, error) {
	return func(_ string, n int) (time.Duration, error) {
		if n >= from && n < from+many {
			return 2 * time.Second, nil
		}
		return 20 * time.Millisecond, nil
	}
}

// TestHedgesAtOnce lets the answers of many Gets be slow at once: four of them are asked for again.
func TestHedgesAtOnce(t *testing.T) {
	const workers = 40
	synctest.Test(t, func(t *testing.T) {
		b, s := newTail(t, func(_ string, n int) (time.Duration, error) {
			if n < 10*workers {
				return 20 * time.Millisecond, nil
			}
			return 2 * time.Second, nil
		}, nil)
		readMany(t, b, 11*workers, workers)
		if s.peak != workers+4 {
			t.Errorf("%d requests of %d Gets at once, want %d", s.peak, workers, workers+4)
		}
	})
}

// TestHedgeIsTheSame asks for the same range of the same version.
func TestHedgeIsTheSame(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, s := newTail(t, slowAt(64, 1), nil)
		warm(t, b)
		o, err := b.Stat(t.Context(), "k", nil)
		if err != nil {
			t.Fatal(err)
		}
		r, err := b.Get(t.Context(), "k",
			&storage.GetOptions{Offset: 5, Length: 10, IfMatch: o.ETag})
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		if data, err := io.ReadAll(r); len(data) != 10 || err != nil {
			t.Errorf("%d bytes, %v", len(data), err)
		}
		if len(s.gets) != 66 || s.gets[64].Offset != 5 || s.gets[64].Length != 10 ||
			s.gets[64].IfMatch != o.ETag || s.gets[64].IfMatch != s.gets[65].IfMatch ||
			s.gets[64].Offset != s.gets[65].Offset || s.gets[64].Length != s.gets[65].Length {
			t.Errorf("%d requests, the last two: %+v", len(s.gets), s.gets[64:])
		}
	})
}

// TestHedgeCancelled ends both requests with the caller's context before the call returns.
func TestHedgeCancelled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, s := newTail(t, slowAt(64, 2), nil)
		warm(t, b)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err := b.Get(ctx, "k", nil)
		if !errors.Is(err, context.DeadlineExceeded) || s.count != 66 || s.now != 0 {
			t.Errorf("%v, %d requests, %d under way", err, s.count, s.now)
		}
	})
}

// TestHedgeRefused goes on with the first request where the hedge fails, and makes no more of them.
func TestHedgeRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		seen := new(hedges)
		b, s := newTail(t, func(op string, n int) (time.Duration, error) {
			if n == 65 {
				return time.Millisecond, &storage.Error{
					Kind: storage.ErrThrottled, RetryAfter: 5 * time.Second,
				}
			}
			return slowAt(64, 9)(op, n)
		}, &storage.Options{Tracer: seen})
		warm(t, b)
		start := time.Now()
		if _, err := b.ReadAll(t.Context(), "k", nil); err != nil ||
			time.Since(start) != 2*time.Second || s.count != 66 {
			t.Errorf("%v after %v, %d requests", err, time.Since(start), s.count)
		}
		// The service has asked for five seconds.
		if _, err := b.ReadAll(t.Context(), "k", nil); err != nil ||
			time.Since(start) < 7*time.Second || s.count != 67 || seen.hedged != 1 {
			t.Errorf("%v after %v, %d requests", err, time.Since(start), s.count)
		}
	})
}

// TestWritesAreNotHedged sends an object once, however long the answer takes.
func TestWritesAreNotHedged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, s := newTail(t, slowAt(200, 3), nil)
		warm(t, b)
		for i := range 136 {
			if _, err := b.WriteAll(t.Context(), fmt.Sprint(i), []byte("x"), nil); err != nil {
				t.Fatal(err)
			}
		}
		for key, o := range map[string]*storage.PutOptions{
			"absent": {IfAbsent: true}, "any": nil,
		} {
			if _, err := b.WriteAll(t.Context(), key, []byte("x"), o); err != nil {
				t.Fatal(err)
			}
		}
		if s.count != 202 {
			t.Errorf("%d requests, want 202", s.count)
		}
	})
}
