package storage_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/polystore/storage"
	"github.com/polystore/storage/conformance/fault"
	"github.com/polystore/storage/providers/memory"
)

// TestStallTimeout measures when each kind of request is cut: after the StallTimeout, and after 20
// of it where the service itself moves the bytes and nobody knows how many.
func TestStallTimeout(t *testing.T) {
	const stall = 30 * time.Second
	data := bytesOf(2 * partSize)
	for op, c := range map[string]struct {
		fault fault.Fault
		after time.Duration
		do    func(ctx context.Context, b *storage.Bucket) error
	}{
		"Get": {fault.Hang(), stall, readAll},
		"Stat": {fault.Hang(), stall,
			func(ctx context.Context,
				b *storage.Bucket) error {
				_, err := b.Stat(ctx, "k", nil)
				return err
			}},
		"ListPage": {fault.Hang(), stall,
			func(ctx context.Context,
				b *storage.Bucket) error {
				_, err := b.ListPage(ctx, nil)
				return err
			}},
		"Delete": {fault.Hang(), stall,
			func(ctx context.Context, b *storage.Bucket) error { return b.Delete(ctx, "k", nil) }},
		"DeleteBatch": {fault.Hang(), stall, func(ctx context.Context, b *storage.Bucket) error {
			_, err := b.DeletePrefix(ctx, "", nil)
			return err
		}},
		"Put": {fault.HangSending(100), stall, func(ctx context.Context, b *storage.Bucket) error {
			_, err := b.Put(ctx, "new", bytes.NewReader(data[:1000]), nil)
			return err
		}},
		"CreateUpload": {fault.Hang(), stall, func(ctx context.Context, b *storage.Bucket) error {
			_, err := b.Put(ctx, "new", bytes.NewReader(data), nil)
			return err
		}},
		"PutPart": {fault.HangSending(100), stall,
			func(ctx context.Context, b *storage.Bucket) error {
				_, err := b.Put(ctx, "new", onlyReader{bytes.NewReader(data)}, nil)
				return err
			}},
		// The size and the number of the parts are known: 10 MiB a second, and 10 ms each.
		"CompleteUpload": {
			fault.Hang(), stall + 2*10*time.Millisecond + 2*partSize*time.Second/(10<<20),
			func(ctx context.Context, b *storage.Bucket) error {
				_, err := b.Put(ctx, "new", bytes.NewReader(data), nil)
				return err
			}},
		"Copy": {fault.Hang(), 20 * stall, func(ctx context.Context, b *storage.Bucket) error {
			_, err := b.Copy(ctx, "new", "k", nil)
			return err
		}},
	} {
		t.Run(op, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m, _ := memory.New(nil)
				s := fault.New(m)
				b := storage.New(s, &storage.Options{PartSize: partSize, StallTimeout: stall,
					Retry: storage.RetryOptions{MinDelay: 1}})
				defer b.Close()
				for _, key := range []string{"k", "k2"} {
					if _, err := b.Put(t.Context(), key, bytes.NewReader(data), nil); err != nil {
						t.Fatal(err)
					}
				}
				s.Reset()
				s.Next(op, c.fault)
				start := time.Now()
				if err := c.do(t.Context(), b); err != nil {
					t.Errorf("after one stall: %v", err)
				}
				// The pause before the second attempt is a nanosecond at most.
				if took := time.Since(start).Truncate(time.Microsecond); took != c.after {
					t.Errorf("the stall was cut after %v, want %v", took, c.after)
				}
			})
		})
	}
}

func readAll(ctx context.Context, b *storage.Bucket) error {
	_, err := b.ReadAll(ctx, "k", nil)
	return err
}

// trickle gives a byte at a time, each after a while.
type trickle struct {
	io.ReadCloser
	pause time.Duration
}

func (b trickle) Read(p []byte) (int, error) {
	time.Sleep(b.pause)
	return b.ReadCloser.Read(p[:min(len(p), 1)])
}

// slow is a Store whose bodies trickle, both ways.
type slow struct {
	storage.FullStore
	pause time.Duration
}

func (s slow) Get(
	ctx context.Context, key string, opts *storage.GetOptions,
) (*storage.GetResult, error) {
	r, err := s.FullStore.Get(ctx, key, opts)
	if err == nil {
		r.Body = trickle{r.Body, s.pause}
	}
	return r, err
}

func (s slow) Put(
	ctx context.Context, key string, body io.ReadSeeker, size int64, opts *storage.PutOptions,
) (*storage.Object, error) {
	data, err := io.ReadAll(trickle{io.NopCloser(body), s.pause})
	if err != nil {
		return nil, &storage.Error{Err: err}
	}
	return s.FullStore.Put(ctx, key, bytes.NewReader(data), size, opts)
}

// TestSlowIsNoStall moves a byte now and then, for much longer than the StallTimeout, and pauses as
// long as a consumer likes.
func TestSlowIsNoStall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, _ := memory.New(nil)
		s := fault.New(slow{m, 20 * time.Second})
		b := storage.New(s, &storage.Options{StallTimeout: 30 * time.Second})
		defer b.Close()
		data := bytesOf(50)
		if _, err := b.Put(t.Context(), "k", bytes.NewReader(data), nil); err != nil {
			t.Fatal(err)
		}
		rd, err := b.Get(t.Context(), "k", nil)
		if err != nil {
			t.Fatal(err)
		}
		defer rd.Close()
		head := make([]byte, 10)
		if _, err := io.ReadFull(rd, head); err != nil {
			t.Error(err)
		}
		time.Sleep(24 * time.Hour)
		tail, err := io.ReadAll(rd)
		if err != nil || !bytes.Equal(append(head, tail...), data) {
			t.Errorf("Read = %d bytes, %v", len(tail), err)
		}
		if puts, gets := s.Count("Put"), s.Count("Get"); puts != 1 || gets != 1 {
			t.Errorf("%d Puts and %d Gets, want one of each", puts, gets)
		}
	})
}

// TestNeverStalls hangs until the context ends where the timeout is switched off.
func TestNeverStalls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, _ := memory.New(nil)
		s := fault.New(m)
		b := storage.New(s, &storage.Options{StallTimeout: -1})
		defer b.Close()
		s.Next("Stat", fault.Hang())
		ctx, cancel := context.WithTimeout(t.Context(), 1000*time.Hour)
		defer cancel()
		if _, err := b.Stat(ctx, "k", nil); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Stat: %v, want %v", err, context.DeadlineExceeded)
		}
	})
}

// TestCancelledWithinAbortTimeout cancels uploads at requests that hang, and lets the abort hang,
// too.
func TestCancelledWithinAbortTimeout(t *testing.T) {
	for _, op := range []string{"CreateUpload", "PutPart", "CompleteUpload"} {
		for _, stream := range []bool{false, true} {
			synctest.Test(t, func(t *testing.T) {
				m, _ := memory.New(nil)
				s := fault.New(m)
				b := storage.New(s, &storage.Options{PartSize: partSize})
				defer b.Close()
				s.Next(op, fault.Hang())
				s.Add(fault.Rule{Op: "AbortUpload", Times: fault.Always, Fault: fault.Hang()})
				ctx, cancel := context.WithTimeout(t.Context(), time.Second)
				defer cancel()
				var r io.Reader = bytes.NewReader(bytesOf(3 * partSize))
				if stream {
					r = onlyReader{r}
				}
				start := time.Now()
				_, err := b.Put(ctx, "k", r, nil)
				if !errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("Put, %s hangs: %v, want %v", op, err, context.DeadlineExceeded)
				}
				if took := time.Since(start); took > 6*time.Second {
					t.Errorf("Put, %s hangs, took %v after its context had ended, want 5s at most",
						op, took-time.Second)
				}
				s.Reset()
			})
		}
	}
}

// TestBandwidthIsNoStall waits for its turn under a cap for much longer than the StallTimeout.
func TestBandwidthIsNoStall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, _ := memory.New(nil)
		s := fault.New(m)
		b := storage.New(s, &storage.Options{PartSize: partSize, StallTimeout: 30 * time.Second,
			Bandwidth: 1000})
		defer b.Close()
		for _, size := range []int{partSize, 3 * partSize} {
			start := time.Now()
			data := bytesOf(size)
			if _, err := b.Put(t.Context(), "k", bytes.NewReader(data), nil); err != nil {
				t.Fatalf("Put of %d bytes at 1,000 a second: %v", size, err)
			}
			if _, err := b.Put(t.Context(), "k", onlyReader{bytes.NewReader(data)},
				nil); err != nil {
				t.Fatalf("Put of a stream of %d bytes at 1,000 a second: %v", size, err)
			}
			for _, workers := range []int{1, 4} {
				if got, err := b.ReadAll(t.Context(), "k",
					&storage.GetOptions{Concurrency: workers}); err != nil ||
					!bytes.Equal(got, data) {
					t.Fatalf("ReadAll = %d bytes, %v", len(got), err)
				}
			}
			want := 4 * time.Duration(size) * time.Millisecond
			if took := time.Since(start); took < want-time.Minute || took > want+time.Minute {
				t.Errorf("%d bytes four times at 1,000 a second took %v, want %v", size, took, want)
			}
		}
		if n := s.Count("Put", "PutPart"); n != 2+6 {
			t.Errorf("%d requests with bytes, want 8", n)
		}
	})
}

// polling is a Store whose first Stat asks its context whether to go on, every second, for ever.
type polling struct {
	storage.FullStore
	first sync.Once
}

func (s *polling) Stat(
	ctx context.Context, key string, opts *storage.StatOptions,
) (*storage.Object, error) {
	var err error
	s.first.Do(func() {
		for err == nil {
			time.Sleep(time.Second)
			err = ctx.Err()
		}
	})
	if err != nil {
		return nil, &storage.Error{Err: err}
	}
	return s.FullStore.Stat(ctx, key, opts)
}

// TestStallOfPollingStore cuts a Store that never asks for Done.
func TestStallOfPollingStore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, _ := memory.New(nil)
		b := storage.New(&polling{FullStore: m}, &storage.Options{StallTimeout: 30 * time.Second})
		defer b.Close()
		if _, err := b.Put(t.Context(), "k", bytes.NewReader(nil), nil); err != nil {
			t.Fatal(err)
		}
		start := time.Now()
		if _, err := b.Stat(t.Context(), "k", nil); err != nil {
			t.Errorf("after one stall: %v", err)
		}
		if took := time.Since(start).Round(time.Second); took != 32*time.Second {
			t.Errorf("the stall was cut after %v, want 30s after the second question", took)
		}
	})
}
