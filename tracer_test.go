package storage_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/polystore/storage"
	"github.com/polystore/storage/conformance/fault"
)

// recorder writes down what a Tracer is told, and holds starts against ends.
type recorder struct {
	t     *testing.T
	mu    sync.Mutex
	open  map[any]bool
	lines []string
}

type tracedKey struct{}

func newRecorder(t *testing.T) *recorder {
	r := &recorder{t: t, open: make(map[any]bool)}
	t.Cleanup(func() {
		if len(r.open) > 0 {
			t.Errorf("%d calls and requests never ended", len(r.open))
		}
	})
	return r
}

func (r *recorder) start(what any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.open[what] = true
}

func (r *recorder) end(what any, format string, args ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.open[what] {
		r.t.Errorf("%v ended, and was not begun or had ended", what)
	}
	delete(r.open, what)
	r.lines = append(r.lines, fmt.Sprintf(format, args...))
}

func (r *recorder) StartCall(ctx context.Context, c *storage.Call) context.Context {
	r.start(c)
	return context.WithValue(ctx, tracedKey{}, c.Op)
}

func (r *recorder) EndCall(ctx context.Context, c *storage.Call) {
	if c.Start.IsZero() || c.Duration < 0 || ctx.Value(tracedKey{}) != c.Op {
		r.t.Errorf("%+v has no time, or another's context", c)
	}
	r.end(c, "call %s %q: %d bytes, %d requests, %s", c.Op, c.Key, c.Bytes, c.Requests,
		kindName(c.Err))
}

func (r *recorder) StartRequest(ctx context.Context, q *storage.Request) context.Context {
	r.start(q)
	if ctx.Value(tracedKey{}) == nil {
		r.t.Errorf("%s has not the context of its call", q.Op)
	}
	return ctx
}

func (r *recorder) EndRequest(_ context.Context, q *storage.Request) {
	if q.Start.IsZero() || q.Duration < 0 {
		r.t.Errorf("%+v has no time", q)
	}
	probe := ""
	if q.Probe {
		probe = " probe"
	}
	r.end(q, "%s %q %d%s: %d/%d, %s", q.Op, q.Key, q.Attempt, probe, q.Sent, q.Received,
		kindName(q.Err))
}

func kindName(err error) string {
	var e *storage.Error
	switch {
	case err == nil:
		return "ok"
	case errors.As(err, &e) && e.Kind != nil:
		return e.Kind.Error()
	}
	return err.Error()
}

// TestTracer holds what a Tracer is told against what was done.
func TestTracer(t *testing.T) {
	r := newRecorder(t)
	root, s := newBucket(t, storage.Options{Retry: storage.RetryOptions{MinDelay: 1}, Tracer: r})
	b := root.Prefix("p/")
	ctx := t.Context()
	s.Next("Put", fault.Unsent(), fault.Throttle(0))
	if _, err := b.Put(ctx, "k", strings.NewReader("data"), nil); err != nil {
		t.Error(err)
	}
	rd, err := b.Get(ctx, "k", nil)
	if err != nil {
		t.Fatal(err)
	}
	io.Copy(io.Discard, rd)
	rd.Close()
	if _, err := b.Stat(ctx, "none", nil); !errors.Is(err, storage.ErrNotExist) {
		t.Error(err)
	}
	if ok, err := b.Exists(ctx, "none"); ok || err != nil {
		t.Error(ok, err)
	}
	for _, err := range b.List(ctx, nil) {
		if err != nil {
			t.Error(err)
		}
	}
	w := b.NewWriter(ctx, "w", nil)
	io.WriteString(w, "hello")
	if _, err := w.Commit(); err != nil {
		t.Error(err)
	}
	if err := b.NewWriter(ctx, "w", nil).Close(); !errors.Is(err, storage.ErrNotCommitted) {
		t.Error(err)
	}
	s.Next("Copy", fault.Refuse(&storage.Error{Kind: errors.ErrUnsupported}))
	if _, err := b.Copy(ctx, "l", "k", nil); err != nil {
		t.Error(err)
	}
	if _, err := b.Put(ctx, "", bytes.NewReader(nil), nil); !errors.Is(err, storage.ErrInvalidKey) {
		t.Error(err)
	}
	want := strings.Split(strings.TrimSpace(`
Put "p/k" 1: 0/0, service unavailable
Put "p/k" 2: 0/0, throttled
Put "p/k" 3: 4/0, ok
call Put "k": 4 bytes, 3 requests, ok
Get "p/k" 1: 0/4, ok
call Get "k": 4 bytes, 1 requests, ok
Stat "p/none" 1: 0/0, file does not exist
call Stat "none": 0 bytes, 1 requests, file does not exist
Stat "p/none" 1: 0/0, file does not exist
call Exists "none": 0 bytes, 1 requests, ok
ListPage "p/" 1: 0/0, ok
call List "": 0 bytes, 1 requests, ok
Put "p/w" 1: 5/0, ok
call NewWriter "w": 5 bytes, 1 requests, ok
call NewWriter "w": 0 bytes, 0 requests, not committed
Copy "p/l" 1 probe: 0/0, unsupported operation
Stat "p/k" 1: 0/0, ok
Get "p/k" 1: 0/4, ok
Put "p/l" 1: 4/0, ok
call Copy "l": 8 bytes, 4 requests, ok
call Put "": 0 bytes, 0 requests, invalid key`), "\n")
	if d := cmp.Diff(want, r.lines); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

// TestRequestOf lets a Store tell what only it knows.
func TestRequestOf(t *testing.T) {
	if q := storage.RequestOf(t.Context()); q != nil {
		t.Errorf("without a Tracer: %+v", q)
	}
	var log bytes.Buffer
	logger := slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	b := storage.New(telling{}, &storage.Options{Tracer: storage.LogTracer(logger)})
	defer b.Close()
	if _, err := b.Stat(t.Context(), "k", nil); err == nil {
		t.Error("a Store that fails does not")
	}
	for _, want := range []string{
		"level=DEBUG", "op=Stat", "key=k", "status=203", "requestId=r-1", "level=INFO",
		"requests=1", `err="storage: Stat \"k\": `,
	} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("the log has no %s:\n%s", want, &log)
		}
	}
}

// telling is a Store that tells a status and a request ID, and fails.
type telling struct{ storage.Store }

func (telling) Stat(
	ctx context.Context, _ string, _ *storage.StatOptions,
) (*storage.Object, error) {
	q := storage.RequestOf(ctx)
	q.Status, q.RequestID = 203, "r-1"
	return nil, &storage.Error{Kind: storage.ErrPermission}
}
