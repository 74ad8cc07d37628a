package storage_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/polystore/storage"
	"github.com/polystore/storage/conformance/fault"
	"github.com/polystore/storage/providers/memory"
)

// tracedBucket is what a method is called on.
type tracedBucket struct {
	*storage.Bucket
	dir   string              // of files
	panic func()              // what code of the caller does: nothing, or a panic
	some  []*storage.Object   // what is in it
	other *storage.Bucket     // another Store
	large []byte              // more than two parts
	put   *storage.PutOptions // conditional
	opts  storage.GetOptions  // of reads
	ctx   context.Context     // of the call
	seen  *ledger             // its Tracer
	store *fault.Store        // its Store
}

// tracedMethods call each method of Bucket that has a context, as a program does.
var tracedMethods = map[string]func(b *tracedBucket) error{
	"Get": func(b *tracedBucket) error {
		r, err := b.Get(b.ctx, "large", &b.opts)
		if err != nil {
			return err
		}
		defer r.Close()
		_, err = io.Copy(io.Discard, r)
		return err
	},
	"ReadAll": func(b *tracedBucket) error {
		_, err := b.ReadAll(b.ctx, "large", &b.opts)
		return err
	},
	"Stat":     func(b *tracedBucket) error { _, err := b.Stat(b.ctx, "k", nil); return err },
	"Exists":   func(b *tracedBucket) error { _, err := b.Exists(b.ctx, "missing"); return err },
	"Delete":   func(b *tracedBucket) error { return b.Delete(b.ctx, "k", nil) },
	"ListPage": func(b *tracedBucket) error { _, err := b.ListPage(b.ctx, nil); return err },
	"SignURL":  func(b *tracedBucket) error { _, err := b.SignURL(b.ctx, "k", nil); return err },
	"Put": func(b *tracedBucket) error {
		_, err := b.Put(b.ctx, "new", &panicky{b, bytes.NewReader(b.large)}, b.put)
		return err
	},
	"WriteAll": func(b *tracedBucket) error {
		_, err := b.WriteAll(b.ctx, "new", b.large, b.put)
		return err
	},
	"PutReaderAt": func(b *tracedBucket) error {
		r := &panicky{b, bytes.NewReader(b.large)}
		_, err := b.PutReaderAt(b.ctx, "new", r, int64(len(b.large)), b.put)
		return err
	},
	"NewWriter": func(b *tracedBucket) error {
		w := b.NewWriter(b.ctx, "new", b.put)
		defer w.Close()
		if _, err := io.Copy(w, &panicky{b, bytes.NewReader(b.large)}); err != nil {
			return err
		}
		_, err := w.Commit()
		return err
	},
	"ResumeWriter": func(b *tracedBucket) error {
		inner := storage.New(b.store.Unwrap(), &storage.Options{PartSize: partSize})
		before := inner.NewWriter(context.Background(), "new", b.put)
		if _, err := before.Write(b.large); err != nil {
			return err
		}
		token, err := before.Suspend()
		if err != nil {
			return err
		}
		w, err := b.ResumeWriter(b.ctx, "new", token, b.put)
		if err != nil {
			return err
		}
		defer w.Close()
		if _, err := io.Copy(w, &panicky{b, bytes.NewReader(b.large)}); err != nil {
			return err
		}
		_, err = w.Commit()
		return err
	},
	"UploadFile": func(b *tracedBucket) error {
		file := filepath.Join(b.dir, "up")
		if err := os.WriteFile(file, b.large, 0o600); err != nil {
			return err
		}
		_, err := b.UploadFile(b.ctx, "new", file, b.put)
		return err
	},
	"Download": func(b *tracedBucket) error {
		_, err := b.Download(b.ctx, "large", discard{}, &b.opts)
		return err
	},
	"DownloadFile": func(b *tracedBucket) error {
		_, err := b.DownloadFile(b.ctx, "large", filepath.Join(b.dir, "down"), &b.opts)
		return err
	},
	"NewReaderAt": func(b *tracedBucket) error {
		r, err := b.NewReaderAt(b.ctx, "large", nil)
		if err != nil {
			return err
		}
		defer r.Close()
		// Errors of reads are the reads' own.
		_, _ = r.ReadAt(make([]byte, 10), 10)
		_, _ = r.ReadRanges([]storage.Range{{Offset: 1, Length: 2}, {Offset: 150_000, Length: 10}})
		_, _ = io.Copy(io.Discard, r)
		return nil
	},
	"Update": func(b *tracedBucket) error {
		_, err := b.Update(b.ctx, "k", b.change)
		return err
	},
	"UpdateWith": func(b *tracedBucket) error {
		_, err := b.UpdateWith(b.ctx, "missing", b.change, nil)
		return err
	},
	"Copy": func(b *tracedBucket) error {
		_, err := b.Copy(b.ctx, "new", "large", nil)
		return err
	},
	"CopyObject": func(b *tracedBucket) error {
		_, err := storage.CopyObject(b.ctx, b.Bucket, "new", b.other, "large", nil)
		return err
	},
	"List": func(b *tracedBucket) error {
		for _, err := range b.List(b.ctx, &storage.ListOptions{PageSize: 1, Concurrency: 2}) {
			if b.panic(); err != nil {
				return err
			}
		}
		return nil
	},
	"DeleteMany": func(b *tracedBucket) error {
		_, err := b.DeleteMany(b.ctx, func(yield func(string) bool) {
			for _, o := range b.some {
				if b.panic(); !yield(o.Key) {
					return
				}
			}
		}, nil)
		return err
	},
	"DeleteListed": func(b *tracedBucket) error {
		_, err := b.DeleteListed(b.ctx, func(yield func(*storage.Object, error) bool) {
			for _, o := range b.some {
				if b.panic(); !yield(o, nil) {
					return
				}
			}
		}, nil)
		return err
	},
	"DeletePrefix": func(b *tracedBucket) error {
		_, err := b.DeletePrefix(b.ctx, "", nil)
		return err
	},
	"CleanUploads": func(b *tracedBucket) error {
		_, err := b.CleanUploads(b.ctx, -time.Hour, nil)
		return err
	},
}

func (b *tracedBucket) change(old []byte, _ *storage.Object) ([]byte, error) {
	b.panic()
	return append(old, 'x'), nil
}

// panicky is a source that does what its bucket says.
type panicky struct {
	b *tracedBucket
	r *bytes.Reader
}

func (p *panicky) Read(d []byte) (int, error) { p.b.panic(); return p.r.Read(d) }

func (p *panicky) ReadAt(d []byte, off int64) (int, error) {
	p.b.panic()
	return p.r.ReadAt(d, off)
}

type discard struct{}

func (discard) WriteAt(p []byte, _ int64) (int, error) { return len(p), nil }

// ledger is a Tracer that counts what begins and ends.
type ledger struct {
	mu       sync.Mutex
	open     map[any]string
	calls    []storage.Call // that ended
	requests int            // that began
	wrong    []string
}

func (l *ledger) start(what any, name string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.open[what] = name
}

func (l *ledger) end(what any, name string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.open[what] == "" {
		l.wrong = append(l.wrong, name+" ended, and was not begun or had ended")
	}
	delete(l.open, what)
}

func (l *ledger) StartCall(ctx context.Context, c *storage.Call) context.Context {
	l.start(c, "call "+c.Op)
	return ctx
}

func (l *ledger) EndCall(_ context.Context, c *storage.Call) {
	l.end(c, "call "+c.Op)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.calls = append(l.calls, *c)
}

func (l *ledger) StartRequest(ctx context.Context, r *storage.Request) context.Context {
	l.start(r, r.Op)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.requests++
	return ctx
}

func (l *ledger) EndRequest(_ context.Context, r *storage.Request) { l.end(r, r.Op) }

// newTracedBucket has three objects, an upload under way, and a Tracer that hears of neither.
func newTracedBucket(t *testing.T, dir string) *tracedBucket {
	m, err := memory.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	b := &tracedBucket{
		dir: dir, panic: func() {}, ctx: t.Context(),
		large: bytes.Repeat([]byte("0123456789"), 16<<10),
		put:   &storage.PutOptions{IfAbsent: true}, seen: &ledger{open: make(map[any]string)},
	}
	fill := storage.New(m, nil)
	for _, key := range []string{"k", "l"} {
		if _, err := fill.WriteAll(t.Context(), key, []byte("data"), nil); err != nil {
			t.Fatal(err)
		}
	}
	o, err := fill.WriteAll(t.Context(), "large", b.large, nil)
	if err != nil {
		t.Fatal(err)
	}
	b.some = []*storage.Object{{Key: "k"}, {Key: "l"}, o}
	if _, err := m.CreateUpload(t.Context(), "u", &storage.PutOptions{}); err != nil {
		t.Fatal(err)
	}
	b.store = fault.New(m)
	opts := storage.Options{
		PartSize: partSize, Tracer: b.seen, AbortTimeout: 20 * time.Millisecond,
		Retry: storage.RetryOptions{Attempts: 2, MinDelay: 1, MaxDelay: 1},
	}
	b.Bucket = storage.New(b.store, &opts)
	opts.Tracer = nil
	b.other = storage.New(struct{ storage.Store }{m}, &opts)
	return b
}

// over checks that the calls so far were one, whose name and error are these, and that they ended.
func (b *tracedBucket) over(t *testing.T, what, name string, err error) {
	t.Helper()
	l := b.seen
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, w := range l.wrong {
		t.Errorf("%s: %s", what, w)
	}
	for _, open := range l.open {
		t.Errorf("%s: %s never ended", what, open)
	}
	if name == "UpdateWith" {
		name = "Update"
	}
	if len(l.calls) != 1 || l.calls[0].Op != name {
		t.Errorf("%s: the calls were %+v, want one of %s", what, l.calls, name)
		return
	}
	c := l.calls[0]
	if c.Err == nil && err != nil || c.Err != nil && err == nil {
		t.Errorf("%s: the call's error is %v, and it returned %v", what, c.Err, err)
	}
	made := 0
	for _, r := range b.store.Calls() {
		if r.Op != "SignURL" || name == "SignURL" {
			made++
		}
	}
	// An attempt may end before it reaches the Store.
	if c.Requests != l.requests || l.requests < made {
		t.Errorf("%s: the call had %d requests, %d began, the Store got %d",
			what, c.Requests, l.requests, made)
	}
}

// faults are what can go wrong with a request, with and without an end of the call's context.
func faults(cancel func()) map[string]fault.Fault {
	ends := func(context.Context, storage.FullStore, fault.Call) error { cancel(); return nil }
	return map[string]fault.Fault{
		"none":        fault.None(),
		"unsent":      fault.Unsent(),
		"doubt":       fault.Doubt(),
		"lost":        fault.Lost(),
		"refused":     fault.Refuse(&storage.Error{Kind: storage.ErrPermission}),
		"exists":      fault.Refuse(&storage.Error{Kind: storage.ErrExist}),
		"missing":     fault.Refuse(&storage.Error{Kind: storage.ErrNotExist}),
		"unsupported": fault.Refuse(&storage.Error{Kind: errors.ErrUnsupported}),
		"cut":         fault.Cut(1),
		"short":       fault.Short(1),
		"flip":        fault.Flip(1),
		"cancelled":   fault.Hang().Before(ends),
		"late":        fault.None().After(ends),
		"stall":       fault.Stall(1).Before(ends),
	}
}

// TestTracerEnds holds that every call and every request ends, once, whatever becomes of them: each
// method, with each fault at each request that it makes, once and longer than it is tried again.
func TestTracerEnds(t *testing.T) {
	for name, call := range tracedMethods {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			sound := newTracedBucket(t, dir)
			err := call(sound)
			sound.over(t, "without a fault", name, err)
			if err != nil && name != "SignURL" {
				t.Errorf("without a fault: %v", err)
			}
			sound.Close()
			counts := make(map[string]int)
			for _, c := range sound.store.Calls() {
				counts[c.Op]++
			}
			// The requests of the ways out.
			for _, op := range []string{"CopyPart", "AbortUpload", "Put", "Stat", "Get"} {
				counts[op] = max(counts[op], 1)
			}
			for op, n := range counts {
				for which := range faults(nil) {
					for _, times := range []int{1, 3} {
						for skip := range min(n, 3) {
							r := fault.Rule{Op: op, Skip: skip, Times: times}
							tracerEnds(t, dir, name, which, r)
						}
					}
				}
			}
		})
	}
}

// tracerEnds calls a method with a fault.
func tracerEnds(t *testing.T, dir, name, which string, r fault.Rule) {
	b := newTracedBucket(t, dir)
	defer b.other.Close()
	defer b.Close()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	b.ctx = ctx
	r.Fault = faults(cancel)[which]
	b.store.Add(r)
	if name == "Copy" && r.Op != "Copy" { // the longer ways
		refuse := fault.Refuse(&storage.Error{Kind: errors.ErrUnsupported})
		b.store.Add(fault.Rule{Op: "Copy", Times: fault.Always, Fault: refuse})
	}
	what := fmt.Sprintf("%s at %s, skip %d, times %d", which, r.Op, r.Skip, r.Times)
	b.over(t, what, name, tracedMethods[name](b))
}

// TestTracerEndsAfterClose holds that calls of a closed Bucket end, too, and make no request.
func TestTracerEndsAfterClose(t *testing.T) {
	for name, call := range tracedMethods {
		b := newTracedBucket(t, t.TempDir())
		b.Close()
		err := call(b)
		if name != "CopyObject" && !errors.Is(err, storage.ErrClosed) {
			t.Errorf("%s of a closed Bucket = %v, want %v", name, err, storage.ErrClosed)
		}
		b.over(t, "closed", name, err)
		b.other.Close()
	}
}

// TestTracerEndsAfterPanic holds that a call ends when the caller's own code panics in it.
func TestTracerEndsAfterPanic(t *testing.T) {
	for name, call := range tracedMethods {
		b := newTracedBucket(t, t.TempDir())
		var panicked atomic.Bool
		b.panic = func() { panicked.Store(true); panic("the caller's own") }
		var err error
		func() {
			defer func() {
				if p := recover(); p != nil && p != "the caller's own" {
					t.Errorf("%s: panic %v", name, p)
				} else if p != nil {
					err = errors.New("panic")
				}
			}()
			err = call(b)
		}()
		if panicked.Load() {
			b.over(t, "panic", name, err)
		}
		b.Close()
		b.other.Close()
	}
}

// TestTracedMethods holds the table above against what there is.
func TestTracedMethods(t *testing.T) {
	methods := []string{"CopyObject"}
	for m := range reflect.TypeFor[*storage.Bucket]().Methods() {
		if m.Type.NumIn() > 1 && m.Type.In(1) == reflect.TypeFor[context.Context]() {
			methods = append(methods, m.Name)
		}
	}
	for _, m := range methods {
		if tracedMethods[m] == nil {
			t.Errorf("TestTracerEnds does not call %s", m)
		}
	}
	for name := range tracedMethods {
		if !slices.Contains(methods, name) {
			t.Errorf("TestTracerEnds calls %s, which there is not among %q", name, methods)
		}
	}
}
