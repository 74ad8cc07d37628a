package storage_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/polystore/storage"
)

// TestCrowd lets 64 transfers share a Bucket, which would have 32 connections for one of them. Each
// has one, and none has more of them than the others have.
func TestCrowd(t *testing.T) {
	const crowd, size = 64, 24 * mib
	kinds := slices.Sorted(maps.Keys(transfers))
	for _, what := range append(kinds, "all") {
		t.Run(what, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := &link{trip: 20 * time.Millisecond, perConn: 25e6, size: size, least: 5 * mib}
				b := newLink(t, l, nil)
				defer b.Close()
				took := make([]time.Duration, crowd)
				start := time.Now()
				var wg sync.WaitGroup
				for i := range crowd {
					move := transfers[what]
					if what == "all" {
						move = transfers[kinds[i%len(kinds)]]
					}
					wg.Go(func() {
						if err := move(t.Context(), b, size); err != nil {
							t.Error(err)
						}
						took[i] = time.Since(start)
					})
				}
				wg.Wait()
				fastest, slowest := slices.Min(took), slices.Max(took)
				t.Logf("%d connections at most, %d requests, %v to %v", l.peak, l.asked, fastest,
					slowest)
				// Some are hedges. And where all parts end at once, those that are first to go on
				// have two until the others do.
				if l.peak > crowd*5/4 {
					t.Errorf("%d connections of %d transfers", l.peak, crowd)
				}
				if slowest > 2*fastest {
					t.Errorf("from %v to %v", fastest, slowest)
				}
			})
		})
	}
}

// counting is a Store at a distance that counts the requests under way.
type counting struct {
	storage.FullStore
	mu         sync.Mutex
	open, peak int
}

func (s *counting) Unwrap() storage.Store { return s.FullStore }

// takes is a request that takes d.
func (s *counting) takes(ctx context.Context, d time.Duration) error {
	s.mu.Lock()
	s.open++
	s.peak = max(s.peak, s.open)
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		s.open--
		s.mu.Unlock()
	}()
	return wait(ctx, d)
}

func (s *counting) Copy(
	context.Context, string, string, *storage.CopyOptions,
) (*storage.Object, error) {
	return nil, &storage.Error{Kind: errors.ErrUnsupported}
}

func (s *counting) CreateUpload(
	ctx context.Context, key string, opts *storage.PutOptions,
) (string, error) {
	if err := wait(ctx, 20*time.Millisecond); err != nil {
		return "", err
	}
	return s.FullStore.CreateUpload(ctx, key, opts)
}

func (s *counting) CopyPart(
	ctx context.Context, key, id string, number int, src string, opts *storage.CopyPartOptions,
) (*storage.Part, error) {
	if err := s.takes(ctx, time.Second); err != nil {
		return nil, err
	}
	return s.FullStore.CopyPart(ctx, key, id, number, src, opts)
}

// TestCrowdOfCopies lets the service copy eight objects at once, in 16 parts each: they share the
// requests of one copy. The way to the service is none of theirs, so a near one gets as many.
func TestCrowdOfCopies(t *testing.T) {
	const crowd, size = 8, 16 * mib
	synctest.Test(t, func(t *testing.T) {
		s := &counting{FullStore: newMemory(t)}
		b := storage.New(s, &storage.Options{PartSize: 64 << 10})
		defer b.Close()
		if err := must(b.WriteAll(t.Context(), "k", bytesOf(size), nil)); err != nil {
			t.Fatal(err)
		}
		var wg sync.WaitGroup
		for i := range crowd {
			wg.Go(func() {
				if err := must(b.Copy(t.Context(), fmt.Sprint("copy", i), "k", nil)); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if s.peak > 32+crowd || s.peak < 24 {
			t.Errorf("%d requests at once, want 32 of all together", s.peak)
		}
	})
}

// TestOthersBeside measures a Download beside what has no part in it, and must not slow it.
func TestOthersBeside(t *testing.T) {
	header := func(t *testing.T, b *storage.Bucket) *storage.Reader {
		r := open(t, b)
		if _, err := io.ReadFull(r, make([]byte, 100)); err != nil {
			t.Error(err)
		}
		return r
	}
	for what, beside := range map[string]func(t *testing.T, b *storage.Bucket){
		"headers before it": func(t *testing.T, b *storage.Bucket) {
			var wg sync.WaitGroup
			for range 40 {
				wg.Go(func() { header(t, b).Close() })
			}
			wg.Wait()
		},
		"headers all the time": func(t *testing.T, b *storage.Bucket) {
			for range 4 {
				go func() {
					for t.Context().Err() == nil {
						r, err := b.Get(t.Context(), "k", nil)
						if err != nil {
							return
						}
						io.CopyN(io.Discard, r, 100)
						r.Close()
					}
				}()
			}
		},
		"Readers at their end": func(t *testing.T, b *storage.Bucket) {
			var wg sync.WaitGroup
			for range 64 { // so many that each reads by one request
				wg.Go(func() {
					r, err := b.Get(t.Context(), "k", &storage.GetOptions{Length: 8 * mib})
					if err != nil {
						t.Error(err)
						return
					}
					t.Cleanup(func() { r.Close() })
					if _, err := io.Copy(io.Discard, r); err != nil {
						t.Error(err)
					}
				})
			}
			wg.Wait()
			time.Sleep(time.Second)
		},
		"young Downloads": func(t *testing.T, b *storage.Bucket) {
			for i := range 20 {
				time.AfterFunc(time.Duration(i)*150*time.Millisecond, func() {
					b.Download(t.Context(), "k", discardAt{}, &storage.GetOptions{Length: 8 * mib})
				})
			}
		},
		"panics in Gets": func(t *testing.T, b *storage.Bucket) {
			for range 40 {
				func() {
					defer func() { _ = recover() }()
					b.Get(panicking{t.Context()}, "k", nil)
				}()
			}
		},
	} {
		t.Run(what, func(t *testing.T) {
			var took [2]time.Duration
			for i, beside := range []func(*testing.T, *storage.Bucket){nil, beside} {
				t.Run(fmt.Sprint(beside != nil), func(t *testing.T) {
					synctest.Test(t, func(t *testing.T) {
						l := &link{trip: 50 * time.Millisecond, perConn: 25e6, size: 1024 * mib}
						b := newLink(t, l, nil)
						defer b.Close()
						header(t, b).Close()
						if beside != nil {
							beside(t, b)
						}
						start := time.Now()
						if err := transfers["Download"](t.Context(), b, l.size); err != nil {
							t.Fatal(err)
						}
						took[i] = time.Since(start)
					})
				})
			}
			t.Logf("%v, beside it %v", took[0], took[1])
			if took[1] > took[0]*5/4 {
				t.Errorf("%v, beside it %v", took[0], took[1])
			}
		})
	}
}

// panicking is a context that panics where it is asked for a value.
type panicking struct{ context.Context }

func (panicking) Value(any) any { panic("a context's mood") }

// TestGetsLeaveNothing opens large objects, of which nobody reads more than a little.
func TestGetsLeaveNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &link{trip: 20 * time.Millisecond, perConn: 25e6, size: 1024 * mib}
		b := newLink(t, l, nil)
		defer b.Close()
		for range 1000 {
			open(t, b).Close()
		}
		if err := storage.AtRest(b); err != nil {
			t.Error(err)
		}
	})
}
