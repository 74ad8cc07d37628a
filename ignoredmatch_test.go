package storage_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/polystore/storage"
	"github.com/polystore/storage/conformance/fault"
)

// matchless is a Store that gives what is there, whatever IfMatch a read has. It copies nothing.
type matchless struct{ storage.FullStore }

func (m matchless) Get(
	ctx context.Context, key string, opts *storage.GetOptions,
) (*storage.GetResult, error) {
	o := *opts
	o.IfMatch = ""
	return m.FullStore.Get(ctx, key, &o)
}

func (m matchless) Stat(
	ctx context.Context, key string, opts *storage.StatOptions,
) (*storage.Object, error) {
	o := *opts
	o.IfMatch = ""
	return m.FullStore.Stat(ctx, key, &o)
}

func (matchless) Copy(
	context.Context, string, string, *storage.CopyOptions,
) (*storage.CopyResult, error) {
	return nil, errors.ErrUnsupported
}

// newMatchless is newResumingDownload from a matchless Store.
func newMatchless(t *testing.T) (r *resuming, target string, download func() error) {
	r, target, download = newResumingDownload(t)
	r.store = fault.New(matchless{newMemory(t)})
	r.Bucket = storage.New(r.store, &storage.Options{
		PartSize: partSize, Concurrency: 1, Retry: storage.RetryOptions{Attempts: 1},
		Tracer: r.trace,
	})
	r.overwrite(t, r.data)
	return r, target, download
}

func (r *resuming) overwrite(t *testing.T, data []byte) {
	t.Helper()
	r.data = data
	if _, err := r.WriteAll(t.Context(), "k", data, nil); err != nil {
		t.Fatal(err)
	}
}

// A download that goes on takes no byte of another version, also where the service gives one.
func TestResumeDownloadIgnoredMatch(t *testing.T) {
	for name, fail := range map[string]func(r *resuming, target string){
		"a hole": func(r *resuming, _ string) { r.breakDown(6 << 20) },
		"no hole": func(r *resuming, target string) { // the file cannot take its place
			r.store.Next("Get", fault.None().Before(
				func(context.Context, storage.FullStore, fault.Call) error {
					return os.MkdirAll(filepath.Join(target, "in the way"), 0o777)
				}))
		},
	} {
		t.Run(name, func(t *testing.T) {
			r, target, download := newMatchless(t)
			fail(r, target)
			if err := download(); err == nil {
				t.Fatal("no failure")
			}
			r.store.Reset()
			if err := os.RemoveAll(target); err != nil {
				t.Fatal(err)
			}
			r.overwrite(t, bytes.Repeat([]byte("y"), len(r.data)))
			if err := download(); err != nil {
				t.Fatal(err)
			}
			if got := r.trace.call.Restarted; got != "the object has changed" {
				t.Errorf("Restarted = %q", got)
			}
			if got, err := os.ReadFile(target); err != nil || !bytes.Equal(got, r.data) {
				t.Errorf("the target has %d bytes that are not the object's, %v", len(got), err)
			}
		})
	}
}

// A copy through the program writes nothing of another version than SourceIfMatch names.
func TestCopyIgnoredMatch(t *testing.T) {
	r, _, _ := newMatchless(t)
	old, err := r.WriteAll(t.Context(), "src", []byte("old"), nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.WriteAll(t.Context(), "src", []byte("new"), nil); err != nil {
		t.Fatal(err)
	}
	_, err = r.Copy(t.Context(), "dst", "src", &storage.CopyOptions{SourceIfMatch: old.ETag})
	if !errors.Is(err, storage.ErrPrecondition) {
		t.Errorf("Copy: %v, want ErrPrecondition", err)
	}
	if there, err := r.Exists(t.Context(), "dst"); there || err != nil {
		t.Errorf("dst is there: %v, %v", there, err)
	}
}
