package storage_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/polystore/storage"
)

// deleting is a Store that deletes batches in takes, at most rate keys a second, and counts.
type deleting struct {
	storage.Unsupported
	storage.Store
	takes time.Duration
	rate  float64                               // 0: any
	after time.Duration                         // its Retry-After
	key   func(key string, before int) error    // what becomes of a key that was asked for before
	whole func(keys []string, before int) error // of a batch; before: requests
	gate  chan struct{}                         // if it is not nil, a request waits for it

	mu       sync.Mutex
	spent    time.Time // when the keys so far are paid for
	asked    map[string]int
	began    []time.Time
	refused  []time.Time
	batches  int
	singles  int
	now, top int // requests at once
	late     int // top since half of the keys
	gone     map[string]bool
}

func (s *deleting) MaxBatch() int { return 250 }

func (s *deleting) request(ctx context.Context, keys []string) error {
	s.mu.Lock()
	now := time.Now()
	s.began = append(s.began, now)
	n := len(s.began) - 1
	s.now++
	s.top = max(s.top, s.now)
	if len(s.gone) > 50_000 {
		s.late = max(s.late, s.now)
	}
	if s.asked == nil {
		s.asked, s.gone = make(map[string]int), make(map[string]bool)
	}
	var err error
	if s.rate > 0 {
		if s.spent.Before(now) {
			s.spent = now
		}
		if s.spent.Sub(now) > time.Second/4 {
			s.refused = append(s.refused, now)
			err = &storage.Error{Kind: storage.ErrThrottled, Status: 503, RetryAfter: s.after}
		} else {
			s.spent = s.spent.Add(time.Duration(float64(len(keys)) / s.rate * float64(time.Second)))
		}
	}
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		s.now--
		s.mu.Unlock()
	}()
	if s.gate != nil {
		select {
		case <-s.gate:
		case <-ctx.Done():
		}
	}
	if err == nil {
		select {
		case <-time.After(s.takes):
		case <-ctx.Done():
		}
	}
	if ctx.Err() != nil {
		return &storage.Error{Err: ctx.Err()}
	}
	if err == nil && s.whole != nil {
		err = s.whole(keys, n)
	}
	return err
}

// one is what becomes of a key.
func (s *deleting) one(key string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	before := s.asked[key]
	s.asked[key]++
	if s.key != nil {
		if err := s.key(key, before); err != nil {
			return err
		}
	}
	s.gone[key] = true
	return nil
}

func (s *deleting) DeleteBatch(
	ctx context.Context, keys []string, _ *storage.DeleteBatchOptions,
) ([]error, error) {
	s.mu.Lock()
	s.batches++
	s.mu.Unlock()
	if err := s.request(ctx, keys); err != nil {
		return nil, err
	}
	errs := make([]error, len(keys))
	for i, key := range keys {
		errs[i] = s.one(key)
	}
	return errs, nil
}

func (s *deleting) Delete(ctx context.Context, key string, _ *storage.DeleteOptions) error {
	s.mu.Lock()
	s.singles++
	s.mu.Unlock()
	if err := s.request(ctx, []string{key}); err != nil {
		return err
	}
	return s.one(key)
}

// numbered yields n keys.
func numbered(n int) iter.Seq[string] {
	return func(yield func(string) bool) {
		for i := range n {
			if !yield(fmt.Sprintf("k%06d", i)) {
				return
			}
		}
	}
}

// TestDeleteManyRequests counts what 10,000 keys cost, 250 of them to a batch.
func TestDeleteManyRequests(t *testing.T) {
	const n = 10_000
	type counts struct{ batches, singles, failed, twice int }
	busy := &storage.Error{Kind: storage.ErrThrottled}
	doubt := &storage.Error{Kind: storage.ErrUnavailable, InDoubt: true}
	// failing lets keys fail so many times.
	failing := func(err error, times int, which func(i int) bool) func(string, int) error {
		return func(key string, before int) error {
			var i int
			if fmt.Sscanf(key, "k%d", &i); before < times && which(i) {
				return err
			}
			return nil
		}
	}
	inEach := func(i int) bool { return i%250 == 13 }
	tenth := func(i int) bool { return i%10 == 7 }
	for name, c := range map[string]struct {
		key   func(string, int) error
		whole func([]string, int) error
		want  counts
	}{
		"nothing fails": {nil, nil, counts{40, 0, 0, 0}},
		// The 40 keys that fail become one batch, or a part of others; the rest is not asked again.
		"each batch has a failure": {failing(doubt, 1, inEach), nil, counts{42, 0, 0, 40}},
		"three times":              {failing(doubt, 3, inEach), nil, counts{44, 0, 0, 40}},
		"for ever":                 {failing(doubt, 99, inEach), nil, counts{44, 0, 40, 40}},
		"a tenth is throttled":     {failing(busy, 1, tenth), nil, counts{45, 0, 0, 1000}},
		"no key may be deleted": {failing(&storage.Error{Kind: storage.ErrPermission}, 1,
			func(int) bool { return true }), nil, counts{40, 0, n, 0}},
		"one key poisons its batch": {nil, func(keys []string, _ int) error {
			if slices.Contains(keys, "k004711") {
				return &storage.Error{Kind: storage.ErrInvalid, Status: 400}
			}
			return nil
		}, counts{40 + 16, 16, 1, 0}},
		"batches may not be made": {nil, func(keys []string, _ int) error {
			if len(keys) > 1 {
				return &storage.Error{Kind: storage.ErrPermission, Status: 403}
			}
			return nil
		}, counts{40, n, 0, 0}},
		"requests are throttled": {nil, func(_ []string, before int) error {
			if before == 7 || before == 39 {
				return busy
			}
			return nil
		}, counts{42, 0, 0, 0}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := &deleting{takes: 20 * time.Millisecond, key: c.key, whole: c.whole}
				b := storage.New(s, nil)
				defer b.Close()
				gone, err := b.DeleteMany(t.Context(), numbered(n), nil)
				var got counts
				if de := (*storage.DeleteError)(nil); errors.As(err, &de) {
					got.failed = de.Failed
				} else if err != nil {
					t.Fatal(err)
				}
				for _, times := range s.asked {
					if times > 1 {
						got.twice++
					}
				}
				got.batches, got.singles = s.batches, s.singles
				// How full a batch of keys that are asked again is depends on who is first.
				if got.batches < c.want.batches && got.batches >= 40 {
					got.batches = c.want.batches
				}
				if got != c.want || gone != n-got.failed || len(s.gone) != gone {
					t.Errorf("%+v, %d gone, %d in the Store, want %+v", got, gone, len(s.gone),
						c.want)
				}
			})
		})
	}
}

// TestDeleteManyPoisoned looks for the key that poisons its batch: no batch is sent a second time.
func TestDeleteManyPoisoned(t *testing.T) {
	for n, want := range map[int][2]int{2: {1, 2}, 3: {2, 3}, 4: {3, 2}} {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := &deleting{whole: func(keys []string, _ int) error {
					if slices.Contains(keys, "k000000") {
						return &storage.Error{Kind: storage.ErrInvalid, Status: 400}
					}
					return nil
				}}
				b := storage.New(s, nil)
				defer b.Close()
				gone, err := b.DeleteMany(t.Context(), numbered(n), nil)
				if gone != n-1 || !errors.Is(err, storage.ErrInvalid) {
					t.Errorf("%d gone, %v", gone, err)
				}
				if got := [2]int{s.batches, s.singles}; got != want {
					t.Errorf("%d batches and single keys, want %d", got, want)
				}
			})
		})
	}
}

// TestDeleteManyBroken ends calls before every key was tried: the error says why, and still names
// the keys that had failed.
func TestDeleteManyBroken(t *testing.T) {
	denied := &storage.Error{Kind: storage.ErrPermission}
	doubt := &storage.Error{Kind: storage.ErrUnavailable, InDoubt: true}
	listing := &storage.Error{Kind: storage.ErrNoBucket}
	for name, c := range map[string]struct {
		err    error // of one key
		broken error // of the sequence; nil: the context ends
		kind   error
		doubt  bool
	}{
		"cancelled behind a refusal":   {denied, nil, nil, false},
		"cancelled behind a doubt":     {doubt, nil, storage.ErrUnknownOutcome, true},
		"a list fails":                 {denied, listing, storage.ErrNoBucket, false},
		"a list fails, behind a doubt": {doubt, listing, storage.ErrNoBucket, true},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := &deleting{key: func(key string, _ int) error {
					if key == "k000013" {
						return c.err
					}
					return nil
				}}
				b := storage.New(s, nil)
				defer b.Close()
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				gone, err := b.DeleteListed(ctx, func(yield func(*storage.Object, error) bool) {
					for key := range numbered(250) {
						if !yield(&storage.Object{Key: key}, nil) {
							return
						}
					}
					time.Sleep(time.Millisecond) // the batch is over
					if c.broken == nil {
						cancel()
						yield(&storage.Object{Key: "never"}, nil)
						return
					}
					yield(nil, c.broken)
				}, nil)
				e, _ := errors.AsType[*storage.Error](err)
				if e == nil || e.Kind != c.kind || e.InDoubt != c.doubt || gone != 249 ||
					c.broken == nil && !errors.Is(err, context.Canceled) {
					t.Errorf("%d gone, %#v, want 249, %v, in doubt %v", gone, e, c.kind, c.doubt)
				}
				failed, _ := errors.AsType[*storage.DeleteError](err)
				if failed == nil || failed.Failed != 1 || failed.Errors[0].Key != "k000013" {
					t.Errorf("%v names %v", err, failed)
				}
			})
		})
	}
}

// TestDeleteManyUnnamed: what a failure says of the call counts also where its key is not named any
// more.
func TestDeleteManyUnnamed(t *testing.T) {
	const named = 1000
	for name, c := range map[string]struct {
		last  *storage.Error
		kind  error
		doubt bool
	}{
		"the same":     {&storage.Error{Kind: storage.ErrPermission}, storage.ErrPermission, false},
		"another kind": {&storage.Error{Kind: storage.ErrInvalid}, nil, false},
		"in doubt": {&storage.Error{Kind: storage.ErrPermission, InDoubt: true},
			storage.ErrPermission, true},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := &deleting{key: func(key string, _ int) error {
					if key == fmt.Sprintf("k%06d", named) {
						return c.last
					}
					return &storage.Error{Kind: storage.ErrPermission}
				}}
				b := storage.New(s, nil)
				defer b.Close()
				opts := &storage.DeleteManyOptions{Concurrency: 1}
				_, err := b.DeleteMany(t.Context(), numbered(named+1), opts)
				failed, _ := errors.AsType[*storage.DeleteError](err)
				if failed == nil || failed.Failed != named+1 || len(failed.Errors) != named ||
					failed.Errors[named-1].Key != fmt.Sprintf("k%06d", named-1) {
					t.Fatalf("%v does not name the first %d keys", err, named)
				}
				e, _ := errors.AsType[*storage.Error](err)
				if e.Kind != c.kind || e.InDoubt != c.doubt {
					t.Errorf("kind %v, in doubt %v, want %v, %v", e.Kind, e.InDoubt, c.kind,
						c.doubt)
				}
			})
		})
	}
}

// TestDeleteManyPace lets a service throttle: the batches at once become fewer, and all keys are
// deleted about as fast as the service can.
func TestDeleteManyPace(t *testing.T) {
	const n, rate = 100_000, 5_000
	for name, c := range map[string]struct {
		after time.Duration
		most  float64 // of the shortest time
	}{"SlowDown": {0, 1.25}, "Retry-After": {time.Second, 2.5}} {
		after := c.after
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := &deleting{takes: 50 * time.Millisecond, rate: rate, after: after}
				b := storage.New(s, nil)
				defer b.Close()
				start := time.Now()
				gone, err := b.DeleteMany(t.Context(), numbered(n), nil)
				if gone != n || err != nil {
					t.Fatalf("%d gone, %v", gone, err)
				}
				took := time.Since(start).Seconds() / (float64(n) / rate)
				t.Logf("%.2f of the shortest time, %d batches, %d refused, %d at once at most, "+
					"%d late", took, s.batches, len(s.refused), s.top, s.late)
				if took > c.most || s.batches > n/250*3/2 || s.late > 8 {
					t.Errorf("%.2f of the shortest time, %d batches, %d of them refused, "+
						"%d at once in the second half", took, s.batches, len(s.refused), s.late)
				}
				for _, at := range s.refused {
					for _, began := range s.began {
						if after > 0 && began.After(at) && began.Before(at.Add(after)) {
							t.Fatalf("a request %v after a refusal that asked for %v",
								began.Sub(at), after)
						}
					}
				}
			})
		})
	}
}

// TestDeleteManyMemory draws no more keys of an endless sequence than are under way.
func TestDeleteManyMemory(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &deleting{gate: make(chan struct{})}
		b := storage.New(s, nil)
		defer b.Close()
		ctx, cancel := context.WithCancel(t.Context())
		drawn := 0
		over := make(chan error)
		go func() {
			_, err := b.DeleteMany(ctx, func(yield func(string) bool) {
				for yield("k") {
					drawn++
				}
			}, nil)
			over <- err
		}()
		for range 1000 {
			synctest.Wait()
			if limit := s.batches*250 + 250; drawn > limit || s.now > 32 {
				t.Fatalf("%d keys drawn, %d requests, %d under way", drawn, s.batches, s.now)
			}
			s.gate <- struct{}{}
		}
		cancel()
		if err := <-over; !errors.Is(err, context.Canceled) {
			t.Errorf("%v, want the context's error", err)
		}
	})
}
