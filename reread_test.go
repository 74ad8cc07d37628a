package storage_test

import (
	"bytes"
	"context"
	"errors"
	"hash/crc32"
	"io"
	"os"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/polystore/storage"
	"github.com/polystore/storage/conformance/fault"
)

// rereading is a source. Once it is armed it counts its reads, and calls event at the first.
type rereading struct {
	io.ReaderAt
	event func()
	armed atomic.Bool
	reads atomic.Int64
}

func (s *rereading) ReadAt(p []byte, off int64) (int, error) {
	if s.armed.Load() && s.reads.Add(1) == 1 {
		s.event()
	}
	return s.ReaderAt.ReadAt(p, off)
}

// rereads are the calls that read their source for no request. Each prepares itself in the Bucket
// of r, arms the source when that reading comes, and returns the call.
var rereads = map[string]func(
	t *testing.T, r *resuming, s *rereading, src io.ReaderAt,
) func(ctx context.Context) error{
	"a state": func(
		t *testing.T, r *resuming, s *rereading, src io.ReaderAt,
	) func(ctx context.Context) error {
		put := func(ctx context.Context) error {
			_, err := r.PutReaderAt(ctx, "k", src, int64(len(r.data)),
				&storage.PutOptions{StateFile: r.state})
			return err
		}
		r.failAfter("PutPart", 8)
		if err := put(t.Context()); !errors.Is(err, storage.ErrUnavailable) {
			t.Fatal(err)
		}
		r.store.Reset()
		s.armed.Store(true)
		return put
	},
	"sums": func(
		t *testing.T, r *resuming, s *rereading, src io.ReaderAt,
	) func(ctx context.Context) error {
		s.armed.Store(true)
		return func(ctx context.Context) error {
			_, err := r.PutReaderAt(ctx, "k", src, int64(len(r.data)), &storage.PutOptions{
				StateFile: r.state, Checksums: storage.Checksums{CRC32C: sumOf(r.data)},
			})
			return err
		}
	},
	"a look": func(
		t *testing.T, r *resuming, s *rereading, src io.ReaderAt,
	) func(ctx context.Context) error {
		r.store.Add(fault.Rule{Op: "Put", Fault: fault.Lost().After(
			func(context.Context, storage.FullStore, fault.Call) error {
				s.armed.Store(true)
				return nil
			})})
		return func(ctx context.Context) error {
			_, err := r.PutReaderAt(ctx, "k", src, partSize, &storage.PutOptions{IfAbsent: true})
			return err
		}
	},
}

func sumOf(data []byte) []byte {
	sum := crc32.New(crc32.MakeTable(crc32.Castagnoli))
	sum.Write(data)
	return sum.Sum(nil)
}

// A source that is read for no request is read no further when the context ends or the Bucket is
// closed.
func TestRereadEnds(t *testing.T) {
	for name, prepare := range rereads {
		for _, direct := range []bool{false, true} {
			for _, closed := range []bool{false, true} {
				r := newResuming(t, 8)
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				s := &rereading{ReaderAt: bytes.NewReader(r.data), event: cancel}
				want := context.Canceled
				if closed {
					s.event, want = func() { r.Close() }, storage.ErrClosed
				}
				src := io.ReaderAt(s)
				if direct {
					src = storage.Direct{ReaderAt: s}
				}
				err := prepare(t, r, s, src)(ctx)
				if !errors.Is(err, want) && name != "a look" { // which has no word in the outcome
					t.Errorf("%s, direct: %t: %v, want %v", name, direct, err, want)
				}
				e, ok := errors.AsType[*storage.Error](err)
				if ok && e.InDoubt && name != "a look" {
					t.Errorf("%s, direct: %t: %v is in doubt", name, direct, err)
				}
				if _, err := os.Stat(r.state); err != nil && name == "a state" {
					t.Errorf("the state is gone: %v", err)
				}
				if n := s.reads.Load(); n != 1 {
					t.Errorf("%s, direct: %t, closed: %t: %d reads, want one",
						name, direct, closed, n)
				}
			}
		}
	}
}

// What was read for no request leaves nothing at the context of the caller.
func TestRereadLetsGo(t *testing.T) {
	for name, prepare := range rereads {
		r := newResuming(t, 8)
		r.Bucket, r.store = newBucket(t, storage.Options{ // a Tracer would wrap the context
			Concurrency: 1, Retry: storage.RetryOptions{Attempts: 1},
		})
		s := &rereading{ReaderAt: bytes.NewReader(r.data), event: func() {}}
		call := prepare(t, r, s, s)
		ctx := &watchedContext{Context: t.Context()}
		if err := call(ctx); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if s.reads.Load() == 0 {
			t.Errorf("%s: the source was not read again", name)
		}
		if n := ctx.children.Load(); n != 0 {
			t.Errorf("%s: %d contexts are left", name, n)
		}
	}
}

// watchedContext counts the contexts below it that have not ended.
type watchedContext struct {
	context.Context
	children atomic.Int64
}

// Value hides what package context would ask for instead of AfterFunc.
func (*watchedContext) Value(any) any { return nil }

func (c *watchedContext) AfterFunc(f func()) (stop func() bool) {
	c.children.Add(1)
	stopped := context.AfterFunc(c.Context, f)
	return func() bool {
		c.children.Add(-1)
		return stopped()
	}
}

// The bytes that a download finds are summed no further when the context ends.
func TestResumeDownloadEnds(t *testing.T) {
	r, target, download := newResumingDownload(t)
	r.breakDown(6 << 20)
	if err := download(); err == nil {
		t.Fatal("no failure")
	}
	r.store.Reset()
	ctx := &endingContext{Context: t.Context(), left: 100, done: make(chan struct{})}
	opts := &storage.GetOptions{StateFile: r.state}
	_, err := r.DownloadFile(ctx, "k", target, opts)
	if !errors.Is(err, context.Canceled) {
		t.Errorf("a context that ends while the file is read: %v", err)
	}
	if e, ok := errors.AsType[*storage.Error](err); ok && e.InDoubt {
		t.Errorf("%v is in doubt", err)
	}
	if n := len(r.store.Calls()); n != 0 {
		t.Errorf("%d requests, want none", n)
	}
	if err := download(); err != nil || r.trace.call.Resumed < 4<<20 {
		t.Errorf("the call after it: %v, %d bytes resumed", err, r.trace.call.Resumed)
	}
	if got, err := os.ReadFile(target); err != nil || !bytes.Equal(got, r.data) {
		t.Errorf("the target has %d bytes, %v", len(got), err)
	}
	r.whole(t)
}

// endingContext ends when it is asked for the last time that is left.
type endingContext struct {
	context.Context
	mu   sync.Mutex
	left int
	done chan struct{}
}

func (c *endingContext) Done() <-chan struct{} { return c.done }

func (c *endingContext) Err() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.left--; c.left == 0 {
		close(c.done)
	}
	if c.left <= 0 {
		return context.Canceled
	}
	return nil
}

// A look that cannot make the sums of what was sent takes no other bytes for them, as a tool leaves
// that keeps the metadata, and with it the write ID.
func TestRereadDecidesNothing(t *testing.T) {
	for _, ends := range []bool{false, true} {
		r := newResuming(t, 1)
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		s := &rereading{ReaderAt: bytes.NewReader(r.data), event: func() {}}
		if ends {
			s.event = cancel
		}
		r.store.Add(fault.Rule{Op: "Put", Times: 1, Fault: fault.Lost().After(
			func(ctx context.Context, store storage.FullStore, _ fault.Call) error {
				s.armed.Store(true)
				o, err := store.Stat(ctx, "k", new(storage.StatOptions))
				if err != nil {
					return err
				}
				_, err = store.Put(ctx, "k", bytes.NewReader(make([]byte, partSize)), partSize,
					&storage.PutOptions{Metadata: o.Metadata})
				return err
			})})
		o, err := r.PutReaderAt(ctx, "k", s, partSize, &storage.PutOptions{IfAbsent: true})
		if err == nil && o.ETag != storage.ETagNone {
			t.Errorf("ends: %t: the ETag of other bytes is given out as that of the write", ends)
		}
		if s.reads.Load() == 0 {
			t.Error("the source was not read again: the test shows nothing")
		}
	}
}
