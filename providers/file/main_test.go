package file

import (
	"bytes"
	"context"
	"io"
	"os"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/polystore/storage"
)

// TestMain is also the main function of the child processes that some tests start: see
// child_test.go.
func TestMain(m *testing.M) {
	if work, dir := os.Getenv(childWork), os.Getenv(childDir); work != "" {
		os.Exit(child(work, dir))
	}
	goleak.VerifyTestMain(m)
}

func newStore(t *testing.T) (*Store, string) {
	t.Helper()
	dir := t.TempDir()
	return openStore(t, dir), dir
}

func openStore(t *testing.T, dir string) *Store {
	t.Helper()
	s, err := New(dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// kinds of store that must behave alike.
func eachKind(t *testing.T, f func(t *testing.T, s *Store, dir string)) {
	t.Run("xattr", func(t *testing.T) {
		s, dir := newStore(t)
		f(t, s, dir)
	})
	t.Run("sidecar", func(t *testing.T) {
		s, dir := newStore(t)
		s.noXattr = true
		f(t, s, dir)
	})
	t.Run("coarse times", func(t *testing.T) {
		s, dir := newStore(t)
		s.noXattr, s.tick = true, 2*time.Second
		f(t, s, dir)
	})
}

func tryPut(
	ctx context.Context, s *Store, key, data string, opts *storage.PutOptions,
) (*storage.Object, error) {
	if opts == nil {
		opts = new(storage.PutOptions)
	}
	return s.Put(ctx, key, bytes.NewReader([]byte(data)), int64(len(data)), opts)
}

func put(t *testing.T, s *Store, key, data string, opts *storage.PutOptions) *storage.Object {
	t.Helper()
	o, err := tryPut(t.Context(), s, key, data, opts)
	if err != nil {
		t.Fatalf("Put(%q): %v", key, err)
	}
	return o
}

func tryGet(ctx context.Context, s *Store, key string) (string, *storage.Object, error) {
	r, err := s.Get(ctx, key, new(storage.GetOptions))
	if err != nil {
		return "", nil, err
	}
	defer r.Body.Close()
	b, err := io.ReadAll(r.Body)
	return string(b), r.Object, err
}

func get(t *testing.T, s *Store, key string) string {
	t.Helper()
	data, _, err := tryGet(t.Context(), s, key)
	if err != nil {
		t.Errorf("Get(%q): %v", key, err)
	}
	return data
}

func stat(t *testing.T, s *Store, key string) *storage.Object {
	t.Helper()
	o, err := s.Stat(t.Context(), key, new(storage.StatOptions))
	if err != nil {
		t.Fatalf("Stat(%q): %v", key, err)
	}
	return o
}

func remove(t *testing.T, s *Store, key string) {
	t.Helper()
	if err := s.Delete(t.Context(), key, new(storage.DeleteOptions)); err != nil {
		t.Errorf("Delete(%q): %v", key, err)
	}
}

// list returns the keys of all pages.
func list(t *testing.T, s *Store, opts storage.ListOptions) (keys []string) {
	t.Helper()
	for {
		p, err := s.ListPage(t.Context(), &opts)
		if err != nil {
			t.Fatalf("ListPage(%+v): %v", opts, err)
		}
		for _, o := range p.Objects {
			keys = append(keys, o.Key)
		}
		if opts.PageToken = p.NextToken; opts.PageToken == "" {
			return keys
		}
	}
}
