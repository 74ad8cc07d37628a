package main

import (
	"context"
	"io"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/polystore/storage"
	"github.com/polystore/storage/providers/memory"
)

// held is a Store whose writes wait until they are let go.
type held struct {
	storage.Store
	puts atomic.Int64
	let  chan struct{}
}

func (h *held) Put(
	ctx context.Context, key string, body io.ReadSeeker, size int64, opts *storage.PutOptions,
) (*storage.Object, error) {
	h.puts.Add(1)
	defer h.puts.Add(-1)
	select {
	case <-h.let:
		return h.Store.Put(ctx, key, body, size, opts)
	case <-ctx.Done():
		return nil, &storage.Error{Err: ctx.Err()} // it was not written
	}
}

// heldTree is the transfer of a tree of n objects into a bucket whose writes wait.
func heldTree(t *testing.T, ctx context.Context, n int) (*transfer, *held) {
	store := func() storage.Store {
		s, err := memory.New(nil)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	from := storage.New(store(), nil)
	for i := range n {
		if _, err := from.WriteAll(ctx, strconv.Itoa(i), []byte("text"), nil); err != nil {
			t.Fatal(err)
		}
	}
	h := &held{Store: store(), let: make(chan struct{})}
	var stderr strings.Builder
	a := &app{ctx: ctx, stderr: &screen{out: &stderr}, buckets: map[string]*storage.Bucket{
		"mem://from": from, "mem://to": storage.New(h, nil),
	}}
	t.Cleanup(func() {
		a.close()
		if stderr.Len() > 0 {
			t.Errorf("standard error: %s", &stderr)
		}
	})
	return &transfer{app: a}, h
}

var from, to = location{bucket: "mem://from"}, location{bucket: "mem://to"}

// As many objects are under way at once as --jobs says.
func TestJobsAtOnce(t *testing.T) {
	for _, jobs := range []int{1, 3, 100} {
		synctest.Test(t, func(t *testing.T) {
			tr, h := heldTree(t, t.Context(), 30)
			tr.jobs = jobs
			ended := make(chan error)
			go func() { ended <- tr.tree(from, to) }()
			synctest.Wait()
			if got, want := int(h.puts.Load()), min(jobs, 30); got != want {
				t.Errorf("--jobs=%d: %d objects at once, want %d", jobs, got, want)
			}
			close(h.let)
			if err := <-ended; err != nil {
				t.Error(err)
			}
		})
	}
}

// The size of a lone object is known while it is copied.
func TestSizeOfCopy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tr, h := heldTree(t, t.Context(), 1)
		tr.meter = newClocked(false).meter
		ended := make(chan error)
		src, dst := from, to
		src.key, dst.key = "0", "copy"
		go func() { ended <- tr.one(src, dst) }()
		synctest.Wait()
		if s := tr.meter.state(); s.total != 4 {
			t.Errorf("%d bytes in total, want 4", s.total)
		}
		close(h.let)
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}

// A list runs ahead of the transfers, but not without end. It ends with the command.
func TestListAhead(t *testing.T) {
	const objects = ahead + 100
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancelCause(t.Context())
		tr, _ := heldTree(t, ctx, objects)
		tr.jobs = 4
		tr.meter = newClocked(true).meter
		ended := make(chan error)
		go func() { ended <- tr.tree(from, to) }()
		synctest.Wait()
		s := tr.meter.state()
		if !s.listing || s.expected <= ahead || s.expected >= objects {
			t.Errorf("%d objects are listed, %v; want a few more than %d, and no end",
				s.expected, s.listing, ahead)
		}
		reason := &signalError{}
		cancel(reason)
		if err := <-ended; err != error(reason) {
			t.Errorf("tree = %v, want the cause of its end", err)
		}
		if s = tr.meter.state(); s.failed > 0 || s.objects > 0 {
			t.Errorf("%d failed, %d done; want none: they were given up", s.failed, s.objects)
		}
	})
}
