package file

import (
	"errors"
	"os"
	"syscall"
	"testing"

	"github.com/polystore/storage"
)

// What a read-only file system refuses is a question of permission; reading goes on.
func TestReadOnlyFileSystem(t *testing.T) {
	dir := smallDisk(t)
	s, err := New(dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	put(t, s, "k", "old", nil)
	s.Close()
	if err := syscall.Mount("", dir, "", syscall.MS_REMOUNT|syscall.MS_RDONLY, ""); err != nil {
		t.Fatal(err)
	}
	if s, err = New(dir, nil); err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if got := get(t, s, "k"); got != "old" {
		t.Errorf("the object is %q", got)
	}
	if _, err := tryPut(t.Context(), s, "k", "new", nil); !errors.Is(err, storage.ErrPermission) {
		t.Errorf("Put: %v", err)
	}
	if err := s.Delete(t.Context(), "k", new(storage.DeleteOptions)); !errors.Is(err,
		storage.ErrPermission) {
		t.Errorf("Delete: %v", err)
	}
}

// A directory that is removed under an open Store is a bucket that is missing, not an empty one.
func TestDirectoryRemoved(t *testing.T) {
	s, dir := newStore(t)
	put(t, s, "k", "x", nil)
	if err := os.RemoveAll(dir); err != nil {
		t.Skip(err)
	}
	for name, call := range calls(s) {
		if err := call(t.Context()); !errors.Is(err, storage.ErrNoBucket) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := s.ListPage(t.Context(), &storage.ListOptions{Prefix: "a/b"}); !errors.Is(err,
		storage.ErrNoBucket) {
		t.Errorf("ListPage below a prefix: %v", err)
	}
	if _, err := tryPut(t.Context(), s,
		"k", "x", &storage.PutOptions{IfAbsent: true}); !errors.Is(err, storage.ErrNoBucket) {
		t.Errorf("Put with IfAbsent: %v", err)
	}
}
