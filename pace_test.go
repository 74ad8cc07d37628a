package storage_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/polystore/storage"
)

// slack is how far the bytes let through may be behind Options.Bandwidth, and catch up.
const slack = 100 * time.Millisecond

// sentBytes is a Store that notes when it was sent how much.
type sentBytes struct {
	storage.FullStore
	takes time.Duration // of a Put
	mu    sync.Mutex
	sent  []sentAt
}

type sentAt struct {
	at   time.Time
	size int64
}

func (s *sentBytes) Unwrap() storage.Store { return s.FullStore }

func (s *sentBytes) Put(
	ctx context.Context, key string, body io.ReadSeeker, size int64, opts *storage.PutOptions,
) (*storage.Object, error) {
	s.mu.Lock()
	s.sent = append(s.sent, sentAt{time.Now(), size})
	s.mu.Unlock()
	if err := wait(ctx, s.takes); err != nil {
		return nil, err
	}
	return s.FullStore.Put(ctx, key, body, size, opts)
}

// newPaced makes a Bucket of 1 MiB a second.
func newPaced(t *testing.T) (*storage.Bucket, *sentBytes) {
	s := &sentBytes{FullStore: newMemory(t)}
	return storage.New(s, &storage.Options{Bandwidth: mib, PartSize: 4 * mib}), s
}

// putFor puts size bytes under a context that ends after d.
func putFor(ctx context.Context, b *storage.Bucket, size int, d time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, d)
	defer cancel()
	return must(b.WriteAll(ctx, "k", make([]byte, size), nil))
}

// TestBandwidthGivenBack lets calls give up before their turn: they cost those behind nothing.
func TestBandwidthGivenBack(t *testing.T) {
	for what, giveUp := range map[string]func(ctx context.Context, b *storage.Bucket) error{
		"ten Puts": func(ctx context.Context, b *storage.Bucket) error {
			var calls sync.WaitGroup
			for range 10 {
				calls.Go(func() {
					must(b.WriteAll(ctx, "k", make([]byte, mib), nil))
				})
			}
			calls.Wait()
			return ctx.Err()
		},
		"an upload of 32 parts": func(ctx context.Context, b *storage.Bucket) error {
			return must(b.PutReaderAt(ctx, "k", zeros(128*mib), 128*mib, nil))
		},
	} {
		t.Run(what, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b, _ := newPaced(t)
				defer b.Close()
				ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
				defer cancel()
				if err := giveUp(ctx, b); !errors.Is(err, context.DeadlineExceeded) {
					t.Fatalf("%v, want %v", err, context.DeadlineExceeded)
				}
				start := time.Now()
				if err := must(b.WriteAll(t.Context(), "k", make([]byte, 1), nil)); err != nil {
					t.Fatal(err)
				}
				if _, err := b.ReadAll(t.Context(), "k", nil); err != nil {
					t.Fatal(err)
				}
				if took := time.Since(start); took > slack {
					t.Errorf("a byte there and back took %v behind them", took)
				}
			})
		})
	}
}

// TestBandwidthOfTheHopeless puts behind a call that cannot have its turn before its deadline.
func TestBandwidthOfTheHopeless(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, _ := newPaced(t)
		defer b.Close()
		start := time.Now()
		var call sync.WaitGroup
		call.Go(func() {
			err := putFor(t.Context(), b, 4*mib, 3*time.Second)
			if took := time.Since(start); !errors.Is(err, context.DeadlineExceeded) ||
				took != 3*time.Second {
				t.Errorf("4 MiB within 3 s at 1 MiB/s: %v after %v, want %v after 3s", err, took,
					context.DeadlineExceeded)
			}
		})
		synctest.Wait()
		if err := must(b.WriteAll(t.Context(), "k", make([]byte, 1), nil)); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(start); took > slack {
			t.Errorf("a byte took %v behind it", took)
		}
		call.Wait()
	})
}

// TestBandwidthUnderDeadlines asks for twice of what can be sent, for as long as each call may
// take: the link is used all the same, and by those that have time left to use it.
func TestBandwidthUnderDeadlines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, s := newPaced(t)
		defer b.Close()
		s.takes = 300 * time.Millisecond
		end := time.Now().Add(2 * time.Minute)
		var clients sync.WaitGroup
		var done atomic.Int64
		for range 20 {
			clients.Go(func() {
				for time.Now().Before(end) {
					err := putFor(t.Context(), b, mib, 10*time.Second)
					if err != nil && !errors.Is(err, context.DeadlineExceeded) {
						t.Error(err)
					}
					if err == nil {
						done.Add(1)
					}
				}
			})
		}
		clients.Wait()
		if n := done.Load(); n < 110 {
			t.Errorf("%d Puts of 1 MiB in two minutes at 1 MiB/s, want 120; %d were begun", n,
				len(s.sent))
		}
	})
}

// TestBandwidthAmongCancels cancels calls at random: what is let through keeps to the rate at every
// moment, and uses it.
func TestBandwidthAmongCancels(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, s := newPaced(t)
		defer b.Close()
		start := time.Now()
		random := rand.New(rand.NewPCG(1, 2))
		var clients sync.WaitGroup
		for range 16 {
			seed := random.Uint64()
			clients.Go(func() {
				random := rand.New(rand.NewPCG(seed, 0))
				for time.Since(start) < time.Minute {
					size := random.IntN(2 * mib)
					if random.IntN(3) == 0 {
						size /= 100
					}
					patience := time.Duration(random.IntN(20_000)) * time.Millisecond
					ctx, cancel := context.WithCancel(t.Context())
					time.AfterFunc(patience, cancel)
					_ = must(b.WriteAll(ctx, "k", make([]byte, size), nil))
				}
			})
		}
		clients.Wait()
		sent := int64(0)
		for i, first := range s.sent {
			sent += first.size
			behind := int64(0) // what followed it
			for _, next := range s.sent[i+1:] {
				behind += next.size
				limit := int64(mib * (next.at.Sub(first.at) + slack + time.Microsecond).Seconds())
				if behind > limit {
					t.Fatalf("%d bytes within %v of a Put, want %d at most", behind,
						next.at.Sub(first.at), limit)
				}
			}
		}
		if took := time.Since(start); float64(sent) < 0.8*mib*took.Seconds() {
			t.Errorf("%d bytes in %v", sent, took)
		}
	})
}

// TestBandwidthOfReadsGivenUp ends reads whose bytes have come and are not paid for.
func TestBandwidthOfReadsGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, _ := newPaced(t)
		defer b.Close()
		if err := must(b.WriteAll(t.Context(), "k", make([]byte, mib), nil)); err != nil {
			t.Fatal(err)
		}
		start, got := time.Now(), 0
		for range 20 {
			ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
			r, err := b.Get(ctx, "k", nil)
			if err != nil {
				t.Fatal(err)
			}
			n, err := io.Copy(io.Discard, r)
			if got += int(n); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("io.Copy = %d, %v, want %v", n, err, context.DeadlineExceeded)
			}
			r.Close()
			cancel()
		}
		if got == 0 {
			t.Fatal("nothing was read: the test shows nothing")
		}
		if err := must(b.WriteAll(t.Context(), "k", make([]byte, 1), nil)); err != nil {
			t.Fatal(err)
		}
		took, want := time.Since(start), time.Duration(float64(got)/mib*float64(time.Second))
		if took < want-slack || took > want+slack {
			t.Errorf("%d bytes and one that is put took %v, want %v", got, took, want)
		}
	})
}

// TestBandwidthOfALargeRead closes a Bucket under a Read of a buffer that takes a minute to fill.
func TestBandwidthOfALargeRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := storage.New(newMemory(t), &storage.Options{Bandwidth: mib, PartSize: 128 * mib})
		src := bytes.NewReader(make([]byte, 64*mib))
		if err := must(b.Put(t.Context(), "k", src, nil)); err != nil {
			t.Fatal(err)
		}
		closedUnder(t, "ReadAll", b, func() error {
			_, err := b.ReadAll(context.Background(), "k", nil)
			return err
		})
	})
}
