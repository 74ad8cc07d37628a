package storage_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/polystore/storage"
	"github.com/polystore/storage/conformance/fault"
)

// A download whose state cannot be written leaves no file that nobody will go on with.
func TestResumeDownloadStateless(t *testing.T) {
	r, target, download := newResumingDownload(t)
	r.state = filepath.Join(filepath.Dir(target), "none", "state")
	if err := download(); err == nil {
		t.Error("a download has a state in a directory that is not there")
	}
	left, err := os.ReadDir(filepath.Dir(target))
	if err != nil || len(left) != 1 || left[0].Name() != filepath.Base(r.source) {
		t.Errorf("%v are there, %v, want the source alone", left, err)
	}
}

// staleSums is a Store that keeps sums in metadata. That of its objects is of other bytes.
type staleSums struct {
	storage.FullStore
	proven storage.Checksums
}

func (staleSums) stale(o *storage.Object) {
	o.Checksums = storage.Checksums{CRC32C: []byte{1, 2, 3, 4}}
}

func (s staleSums) Get(
	ctx context.Context, key string, opts *storage.GetOptions,
) (*storage.GetResult, error) {
	r, err := s.FullStore.Get(ctx, key, opts)
	if err == nil {
		r.Unproven = true
		s.stale(r.Object)
	}
	return r, err
}

func (s staleSums) Stat(
	ctx context.Context, key string, opts *storage.StatOptions,
) (*storage.Object, error) {
	o, err := s.FullStore.Stat(ctx, key, opts)
	if err == nil {
		if s.stale(o); opts.ProveChecksums {
			o.Checksums = s.proven
		}
	}
	return o, err
}

// A sum that the Store cannot prove makes a download begin again no more than it makes an object
// unreadable. What the Store proves decides.
func TestResumeDownloadStaleSum(t *testing.T) {
	data := bytesOf(16 << 20)
	for name, c := range map[string]struct {
		proven storage.Checksums
		want   error
	}{
		"not proven":         {storage.Checksums{}, nil},
		"another one proven": {storage.Checksums{CRC32C: sumOf(data)}, nil},
		"wrong bytes":        {storage.Checksums{CRC32C: []byte{4, 3, 2, 1}}, storage.ErrIntegrity},
	} {
		r := newResuming(t, 1)
		r.data = data
		r.store = fault.New(staleSums{newMemory(t), c.proven})
		r.Bucket = storage.New(r.store, &storage.Options{
			PartSize: partSize, Concurrency: 1, Retry: storage.RetryOptions{Attempts: 1},
			Tracer: r.trace,
		})
		defer r.Bucket.Close()
		if _, err := r.WriteAll(t.Context(), "k", data, nil); err != nil {
			t.Fatal(err)
		}
		target := filepath.Join(filepath.Dir(r.state), "target")
		download := func() (*storage.Object, error) {
			return r.DownloadFile(t.Context(), "k", target, &storage.GetOptions{StateFile: r.state})
		}
		r.breakDown(6 << 20)
		if _, err := download(); !errors.Is(err, storage.ErrUnavailable) {
			t.Fatalf("%s: the first call: %v", name, err)
		}
		r.failAfter("Stat", 0)
		if _, err := download(); !errors.Is(err, storage.ErrUnavailable) {
			t.Errorf("%s: where the Store cannot be asked: %v", name, err)
		}
		r.store.Reset()
		o, err := download()
		if !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
		if err != nil {
			continue
		}
		if d := cmp.Diff(c.proven, o.Checksums); d != "" {
			t.Errorf("%s: the sums (-proven +got):\n%s", name, d)
		}
		call := r.trace.call
		if call.Restarted != "" || call.Resumed+call.Bytes != int64(len(data)) {
			t.Errorf("%s: Call = %+v, want what is missing of %d bytes", name, call, len(data))
		}
		if got, err := os.ReadFile(target); err != nil || !bytes.Equal(got, data) {
			t.Errorf("%s: the target has %d bytes, %v", name, len(got), err)
		}
		r.whole(t)
	}
}

// Progress ends at the size, once, whatever was left to fetch.
func TestResumeDownloadProgress(t *testing.T) {
	for name, c := range map[string]struct {
		size  int
		first func(r *resuming, target string) // makes the first call fail
		want  int                              // calls of Progress in the second call; 0: any
	}{
		"something": {16 << 20, func(r *resuming, _ string) { r.breakDown(6 << 20) }, 0},
		"nothing": {16 << 20, func(r *resuming, target string) {
			r.store.Next("Get", fault.None().After( // nothing takes the place of a directory
				func(context.Context, storage.FullStore, fault.Call) error {
					return os.Mkdir(target, 0o700)
				}))
		}, 1},
		"all of an empty object": {0, nil, 1},
	} {
		r := newResuming(t, 1)
		r.write(t, bytesOf(c.size))
		if _, err := r.WriteAll(t.Context(), "k", r.data, nil); err != nil {
			t.Fatal(err)
		}
		target := filepath.Join(filepath.Dir(r.state), "target")
		var told []storage.Progress
		download := func() error {
			told = nil
			_, err := r.DownloadFile(t.Context(), "k", target, &storage.GetOptions{
				StateFile: r.state, Progress: func(p storage.Progress) { told = append(told, p) },
			})
			return err
		}
		if c.first != nil {
			c.first(r, target)
			if err := download(); err == nil {
				t.Fatalf("%s: no failure", name)
			}
			r.store.Reset()
			os.Remove(target)
		}
		if err := download(); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		whole := storage.Progress{Done: int64(c.size), Total: int64(c.size)}
		ends := 0
		for _, p := range told {
			if p == whole {
				ends++
			}
		}
		if ends != 1 || told[len(told)-1] != whole || c.want > 0 && len(told) != c.want {
			t.Errorf("%s is left: Progress = %v, want one end at %v", name, told, whole)
		}
		if r.trace.call.Restarted != "" || c.first != nil && r.trace.call.Resumed == 0 {
			t.Errorf("%s: Call = %+v", name, r.trace.call)
		}
		r.whole(t)
	}
}
