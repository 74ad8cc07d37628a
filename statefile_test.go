package storage_test

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/polystore/storage"
	"github.com/polystore/storage/conformance/fault"
)

// lastCall keeps the last call that ended.
type lastCall struct {
	mu   sync.Mutex
	call storage.Call
}

func (l *lastCall) StartCall(ctx context.Context, _ *storage.Call) context.Context { return ctx }
func (l *lastCall) StartRequest(ctx context.Context, _ *storage.Request) context.Context {
	return ctx
}
func (l *lastCall) EndRequest(context.Context, *storage.Request) {}
func (l *lastCall) EndCall(_ context.Context, c *storage.Call) {
	l.mu.Lock()
	l.call = *c
	l.mu.Unlock()
}

// resuming is a Bucket that tries everything once, with a source file and a state file to be.
type resuming struct {
	*storage.Bucket
	store         *fault.Store
	trace         *lastCall
	source, state string
	data          []byte
}

func newResuming(t *testing.T, parts int) *resuming {
	r := &resuming{trace: new(lastCall), data: bytesOf(parts*partSize + 10)}
	r.Bucket, r.store = newBucket(t, storage.Options{
		Concurrency: 1, Retry: storage.RetryOptions{Attempts: 1}, Tracer: r.trace,
	})
	dir := t.TempDir()
	r.source, r.state = filepath.Join(dir, "source"), filepath.Join(dir, "state")
	r.write(t, r.data)
	return r
}

func (r *resuming) write(t *testing.T, data []byte) {
	t.Helper()
	r.data = data
	if err := os.WriteFile(r.source, data, 0o666); err != nil {
		t.Fatal(err)
	}
}

func (r *resuming) upload(opts *storage.PutOptions) (*storage.Object, error) {
	if opts == nil {
		opts = new(storage.PutOptions)
	}
	opts.StateFile = r.state
	return r.UploadFile(context.Background(), "k", r.source, opts)
}

// failAfter lets n more calls of op through and fails the next.
func (r *resuming) failAfter(op string, n int) {
	r.store.Reset()
	r.store.Add(fault.Rule{Op: op, Skip: n, Times: 1, Fault: fault.Unsent()})
}

// breakDown lets n bytes arrive of one Get, and nothing more.
func (r *resuming) breakDown(n int64) {
	r.store.Next("Get", fault.Cut(n))
	r.store.Add(fault.Rule{Op: "Get", Times: fault.Always, Fault: fault.Unsent()})
}

// whole checks that the object is the source, and that nothing is left.
func (r *resuming) whole(t *testing.T) {
	t.Helper()
	got, err := r.ReadAll(t.Context(), "k", nil)
	if err != nil || !bytes.Equal(got, r.data) {
		t.Errorf("the object has %d bytes, %v, want the %d of the source", len(got), err,
			len(r.data))
	}
	if _, err := os.Stat(r.state); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the state is left: %v", err)
	}
	left, err := filepath.Glob(filepath.Join(filepath.Dir(r.state), ".storage-*"))
	if len(left) > 0 {
		t.Errorf("%v are left, %v", left, err)
	}
	s := r.Store().(*fault.Store).Unwrap().(storage.FullStore)
	page, err := s.ListUploadsPage(t.Context(), new(storage.ListOptions))
	if err != nil || len(page.Uploads) > 0 {
		t.Errorf("%d uploads are left, %v", len(page.Uploads), err)
	}
}

func TestResumeUpload(t *testing.T) {
	for _, byReaderAt := range []bool{false, true} {
		r := newResuming(t, 8)
		opts := storage.PutOptions{IfAbsent: true, Metadata: map[string]string{"a": "b"}}
		upload := func() (*storage.Object, error) {
			o := opts
			o.StateFile = r.state
			if byReaderAt {
				src := bytes.NewReader(r.data)
				return r.PutReaderAt(t.Context(), "k", src, src.Size(), &o)
			}
			return r.UploadFile(t.Context(), "k", r.source, &o)
		}
		r.failAfter("PutPart", 3)
		if _, err := upload(); !errors.Is(err, storage.ErrUnavailable) {
			t.Fatalf("the first call: %v", err)
		}
		if st, err := os.Stat(r.state); err != nil || st.Mode().Perm() != 0o600 {
			t.Fatalf("the state: %v, %v", st, err)
		}
		r.store.Reset()
		o, err := upload()
		if err != nil {
			t.Fatal(err)
		}
		if n := r.store.Count("PutPart"); n != 6 || r.store.Count("CreateUpload") != 0 {
			t.Errorf("the second call sent %d parts of 9 and began %d uploads, want 6 and 0", n,
				r.store.Count("CreateUpload"))
		}
		if c := r.trace.call; c.Resumed != 3*partSize || c.Restarted != "" {
			t.Errorf("Call = %+v, want %d bytes resumed", c, 3*partSize)
		}
		if s, err := r.Stat(t.Context(), "k", nil); err != nil || s.ETag != o.ETag ||
			s.Metadata["a"] != "b" || len(s.Metadata) != 1 {
			t.Errorf("Stat = %+v, %v", s, err)
		}
		r.whole(t)
	}
}

// What cannot be gone on with begins again, says so, and leaves nothing of what was there.
func TestResumeUploadAnew(t *testing.T) {
	for name, c := range map[string]struct {
		between func(t *testing.T, r *resuming)
		opts    storage.PutOptions
		why     string
	}{
		"the source": {func(t *testing.T, r *resuming) {
			r.write(t, append(r.data[:0:0], bytes.Repeat([]byte("x"), len(r.data))...))
		}, storage.PutOptions{}, "the source has changed"},
		"the source, not its time": {func(t *testing.T, r *resuming) {
			st, err := os.Stat(r.source)
			if err != nil {
				t.Fatal(err)
			}
			data := bytes.Clone(r.data)
			data[5] ^= 1
			r.write(t, data)
			if err := os.Chtimes(r.source, time.Time{}, st.ModTime()); err != nil {
				t.Fatal(err)
			}
		}, storage.PutOptions{}, "the source has changed"},
		"the options": {func(*testing.T, *resuming) {}, storage.PutOptions{ContentType: "text/x"},
			"the options have changed"},
		"the upload": {func(t *testing.T, r *resuming) {
			if _, err := r.CleanUploads(t.Context(), 0, nil); err != nil {
				t.Fatal(err)
			}
		}, storage.PutOptions{}, "the upload no longer exists"},
		"the size of the source": {func(t *testing.T, r *resuming) {
			r.write(t, r.data[:5])
		}, storage.PutOptions{}, "the source has changed"},
		"the size of parts": {func(*testing.T, *resuming) {},
			storage.PutOptions{PartSize: 8 * partSize}, "the upload needs no state"},
		"an empty state": {func(t *testing.T, r *resuming) {
			if _, err := r.CleanUploads(t.Context(), 0, nil); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(r.state, nil, 0o600); err != nil {
				t.Fatal(err)
			}
		}, storage.PutOptions{}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			r := newResuming(t, 4)
			r.failAfter("PutPart", 2)
			if _, err := r.upload(nil); err == nil {
				t.Fatal("no failure")
			}
			c.between(t, r)
			r.store.Reset()
			opts := c.opts
			if _, err := r.upload(&opts); err != nil {
				t.Fatal(err)
			}
			if n := r.store.Count("CreateUpload", "Put"); n != 1 {
				t.Errorf("%d uploads were begun", n)
			}
			if got := r.trace.call.Restarted; got != c.why {
				t.Errorf("Restarted = %q, want %q", got, c.why)
			}
			r.whole(t)
		})
	}
}

// A failure that another call would get again leaves neither upload nor state.
func TestResumeUploadRefused(t *testing.T) {
	r := newResuming(t, 2)
	if _, err := r.WriteAll(t.Context(), "k", []byte("there"), nil); err != nil {
		t.Fatal(err)
	}
	if _, err := r.upload(&storage.PutOptions{IfAbsent: true}); !errors.Is(err, storage.ErrExist) {
		t.Errorf("a create of what is there: %v", err)
	}
	wrong := storage.Checksums{CRC32C: []byte{1, 2, 3, 4}}
	_, err := r.upload(&storage.PutOptions{Checksums: wrong})
	if !errors.Is(err, storage.ErrIntegrity) {
		t.Errorf("a wrong checksum: %v", err)
	}
	r.data = []byte("there")
	r.whole(t)
}

// What no transfer wrote is refused before any request and stays, whether a state is needed or not.
func TestStateFileOfAnother(t *testing.T) {
	for _, size := range []int{5, 2*partSize + 10} {
		for name, put := range map[string]func(r *resuming) error{
			"a file": func(r *resuming) error {
				return os.WriteFile(r.state, []byte("my thesis"), 0o600)
			},
			"a directory": func(r *resuming) error { return os.Mkdir(r.state, 0o700) },
			"the source":  func(r *resuming) error { r.state = r.source; return nil },
		} {
			r := newResuming(t, 2)
			r.write(t, r.data[:size])
			if err := put(r); err != nil {
				t.Fatal(err)
			}
			before, _ := os.ReadFile(r.state)
			if _, err := r.WriteAll(t.Context(), "k", r.data, nil); err != nil {
				t.Fatal(err)
			}
			r.store.Reset()
			_, up := r.upload(nil)
			_, down := r.DownloadFile(t.Context(), "k", filepath.Join(t.TempDir(), "target"),
				&storage.GetOptions{StateFile: r.state})
			for _, err := range []error{up, down} {
				if err == nil || name != "a directory" && !errors.Is(err, storage.ErrInvalid) {
					t.Errorf("%d bytes, a StateFile that is %s: %v", size, name, err)
				}
			}
			if n := len(r.store.Calls()); n != 0 {
				t.Errorf("%d bytes, a StateFile that is %s: %d requests", size, name, n)
			}
			after, _ := os.ReadFile(r.state)
			if _, err := os.Stat(r.state); err != nil || !bytes.Equal(before, after) {
				t.Errorf("%d bytes, a StateFile that is %s is now %q, %v", size, name, after, err)
			}
		}
	}
}

// An empty file is no state. A transfer that needs none leaves it.
func TestStateFileEmpty(t *testing.T) {
	r := newResuming(t, 0)
	if err := os.WriteFile(r.state, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	_, up := r.upload(nil)
	_, down := r.DownloadFile(t.Context(), "k", filepath.Join(t.TempDir(), "target"),
		&storage.GetOptions{StateFile: r.state})
	if up != nil || down != nil {
		t.Errorf("with an empty StateFile: %v, %v", up, down)
	}
	if _, err := os.Stat(r.state); err != nil {
		t.Error(err)
	}
}

// A path that no state can be at fails the call before it changes anything.
func TestStateFileNowhere(t *testing.T) {
	for _, parts := range []int{0, 2} {
		r := newResuming(t, parts)
		r.state = filepath.Join(r.source, "state")
		if _, err := r.upload(nil); err == nil {
			t.Errorf("%d parts: an upload has a state below a file", parts)
		}
		if ok, err := r.Exists(t.Context(), "k"); ok || err != nil {
			t.Errorf("%d parts: the object is there after an error: %v, %v", parts, ok, err)
		}
		if _, err := r.WriteAll(t.Context(), "k", r.data, nil); err != nil {
			t.Fatal(err)
		}
		target := filepath.Join(t.TempDir(), "target")
		opts := &storage.GetOptions{StateFile: r.state}
		if _, err := r.DownloadFile(t.Context(), "k", target, opts); err == nil {
			t.Errorf("%d parts: a download has a state below a file", parts)
		}
		if _, err := os.Stat(target); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%d parts: the target is there after an error: %v", parts, err)
		}
	}
}

// A state that cannot be removed makes no failure of what happened.
func TestStateFileStays(t *testing.T) {
	r := newResuming(t, 2)
	block := func(context.Context, storage.FullStore, fault.Call) error {
		os.Remove(r.state)
		return os.MkdirAll(filepath.Join(r.state, "full"), 0o700)
	}
	r.store.Add(fault.Rule{Op: "CompleteUpload", Fault: fault.None().After(block)})
	if _, err := r.upload(nil); err != nil {
		t.Errorf("an upload that happened: %v", err)
	}
	if err := os.RemoveAll(r.state); err != nil {
		t.Fatal(err)
	}
	if _, err := r.WriteAll(t.Context(), "k", r.data[:5], nil); err != nil {
		t.Fatal(err)
	}
	r.store.Add(fault.Rule{Op: "Get", Fault: fault.None().After(block)})
	target := filepath.Join(t.TempDir(), "target")
	opts := &storage.GetOptions{StateFile: r.state}
	if _, err := r.DownloadFile(t.Context(), "k", target, opts); err != nil {
		t.Errorf("a download that happened: %v", err)
	}
	if got, err := os.ReadFile(target); err != nil || !bytes.Equal(got, r.data[:5]) {
		t.Errorf("the target has %d bytes, %v", len(got), err)
	}
}

// The state of an upload that happened is none for the next call, also if it cannot be removed:
// what has replaced the object since is replaced again.
func TestStateFileStaysEmpty(t *testing.T) {
	r := newResuming(t, 2)
	dir := filepath.Dir(r.state)
	r.store.Add(fault.Rule{Op: "CompleteUpload", Times: 1, Fault: fault.None().After(
		func(context.Context, storage.FullStore, fault.Call) error {
			return os.Chmod(dir, 0o500)
		})})
	_, err := r.upload(nil)
	if err := os.Chmod(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(r.state); err != nil {
		t.Skipf("the state can be removed: %v", err) // by root, and on Windows
	}
	_, err = r.Update(t.Context(), "k", func([]byte, *storage.Object) ([]byte, error) {
		return []byte("other"), nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.upload(nil); err != nil {
		t.Fatal(err)
	}
	os.Remove(r.state)
	r.whole(t)
}

func TestStateFileElsewhere(t *testing.T) {
	r := newResuming(t, 2)
	put := &storage.PutOptions{StateFile: r.state}
	get := &storage.GetOptions{StateFile: r.state}
	ctx := t.Context()
	w := r.NewWriter(ctx, "k", put)
	_, commit := w.Commit()
	for name, err := range map[string]error{
		"Put": func() error {
			_, err := r.Put(ctx, "k", strings.NewReader("x"), put)
			return err
		}(),
		"WriteAll": func() error { _, err := r.WriteAll(ctx, "k", nil, put); return err }(),
		"Commit":   commit,
		"Get":      func() error { _, err := r.Get(ctx, "k", get); return err }(),
		"ReadAll":  func() error { _, err := r.ReadAll(ctx, "k", get); return err }(),
		"Download": func() error {
			_, err := r.Download(ctx, "k", nopWriterAt{}, get)
			return err
		}(),
	} {
		if !errors.Is(err, storage.ErrInvalid) {
			t.Errorf("%s with a StateFile: %v", name, err)
		}
	}
	if n := len(r.store.Calls()); n != 0 {
		t.Errorf("%d requests were made", n)
	}
}

type nopWriterAt struct{}

func (nopWriterAt) WriteAt(p []byte, _ int64) (int, error) { return len(p), nil }

// downloading is a resuming whose object is there already, and a target.
func newResumingDownload(t *testing.T) (r *resuming, target string, download func() error) {
	r = newResuming(t, 1)
	r.data = bytesOf(16 << 20)
	if _, err := r.WriteAll(t.Context(), "k", r.data, nil); err != nil {
		t.Fatal(err)
	}
	r.store.Reset()
	target = filepath.Join(filepath.Dir(r.state), "target")
	return r, target, func() error {
		_, err := r.DownloadFile(t.Context(), "k", target, &storage.GetOptions{StateFile: r.state})
		return err
	}
}

func TestResumeDownload(t *testing.T) {
	r, target, download := newResumingDownload(t)
	r.breakDown(6 << 20)
	if err := download(); !errors.Is(err, storage.ErrUnavailable) {
		t.Fatalf("the first call: %v", err)
	}
	if _, err := os.Stat(target); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the target is there before its end: %v", err)
	}
	r.store.Reset()
	if err := download(); err != nil {
		t.Fatal(err)
	}
	c := r.trace.call
	if c.Resumed < 4<<20 || c.Bytes != int64(len(r.data))-c.Resumed || c.Restarted != "" {
		t.Errorf("Call = %+v, want what is missing of %d bytes and no more", c, len(r.data))
	}
	if got, err := os.ReadFile(target); err != nil || !bytes.Equal(got, r.data) {
		t.Errorf("the target has %d bytes, %v", len(got), err)
	}
	r.whole(t)
}

func TestResumeDownloadAnew(t *testing.T) {
	for name, c := range map[string]struct {
		between func(t *testing.T, r *resuming)
		why     string
	}{
		"the object": {func(t *testing.T, r *resuming) {
			r.data = bytes.Repeat([]byte("y"), 12<<20)
			if _, err := r.WriteAll(t.Context(), "k", r.data, nil); err != nil {
				t.Fatal(err)
			}
		}, "the object has changed"},
		"the bytes so far": {func(t *testing.T, r *resuming) {
			// As after a crash: they never got to the disk. What is good of them is not known.
			names, _ := filepath.Glob(filepath.Join(filepath.Dir(r.state), ".storage-*.part"))
			if len(names) != 1 {
				t.Fatalf("%v are there", names)
			}
			st, err := os.Stat(names[0])
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(names[0], make([]byte, st.Size()), 0o600); err != nil {
				t.Fatal(err)
			}
		}, ""},
		"half of the bytes": {func(t *testing.T, r *resuming) {
			names, _ := filepath.Glob(filepath.Join(filepath.Dir(r.state), ".storage-*.part"))
			if len(names) != 1 || os.Truncate(names[0], 3<<20) != nil {
				t.Fatalf("%v are there", names)
			}
		}, ""},
		"no bytes": {func(t *testing.T, r *resuming) {
			names, _ := filepath.Glob(filepath.Join(filepath.Dir(r.state), ".storage-*.part"))
			for _, name := range names {
				os.Remove(name)
			}
		}, "the file of the bytes so far is gone"},
	} {
		t.Run(name, func(t *testing.T) {
			r, target, download := newResumingDownload(t)
			r.breakDown(6 << 20)
			if err := download(); err == nil {
				t.Fatal("no failure")
			}
			r.store.Reset()
			c.between(t, r)
			if err := download(); err != nil {
				t.Fatal(err)
			}
			if got, err := os.ReadFile(target); err != nil || !bytes.Equal(got, r.data) {
				t.Errorf("the target has %d bytes, %v, want %d", len(got), err, len(r.data))
			}
			if got := r.trace.call.Restarted; got != c.why {
				t.Errorf("Restarted = %q, want %q", got, c.why)
			}
			r.whole(t)
		})
	}
}

// A range is a state of its own.
func TestResumeDownloadRange(t *testing.T) {
	r, target, _ := newResumingDownload(t)
	opts := storage.GetOptions{Offset: 1 << 20, Length: 10 << 20, StateFile: r.state}
	r.breakDown(5 << 20)
	o := opts
	if _, err := r.DownloadFile(t.Context(), "k", target, &o); err == nil {
		t.Fatal("no failure")
	}
	r.store.Reset()
	o = opts
	if _, err := r.DownloadFile(t.Context(), "k", target, &o); err != nil {
		t.Fatal(err)
	}
	if r.trace.call.Resumed == 0 {
		t.Error("nothing was resumed")
	}
	got, err := os.ReadFile(target)
	if want := r.data[1<<20 : 11<<20]; err != nil || !bytes.Equal(got, want) {
		t.Errorf("the target has %d bytes, %v, want %d", len(got), err, len(want))
	}
	r.whole(t)
}

// A range has no checksum, so that the condition alone keeps another version out of it.
func TestResumeDownloadRangeAnew(t *testing.T) {
	r, target, _ := newResumingDownload(t)
	download := func() error {
		_, err := r.DownloadFile(t.Context(), "k", target,
			&storage.GetOptions{Offset: 1 << 20, Length: 10 << 20, StateFile: r.state})
		return err
	}
	r.breakDown(5 << 20)
	if err := download(); err == nil {
		t.Fatal("no failure")
	}
	r.store.Reset()
	data := bytes.Repeat([]byte("y"), 12<<20)
	if _, err := r.WriteAll(t.Context(), "k", data, nil); err != nil {
		t.Fatal(err)
	}
	if err := download(); err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(target); err != nil || !bytes.Equal(got, data[1<<20:11<<20]) {
		t.Errorf("the target has %d bytes, %v, or some of another version", len(got), err)
	}
	if why := r.trace.call.Restarted; why != "the object has changed" {
		t.Errorf("Restarted = %q", why)
	}
}
