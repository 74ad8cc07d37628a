package file

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/polystore/storage"
)

// What takes the place of an object between the look at it and the open is read as what it is, and
// never with what was there before.
func TestReplacedBeforeOpen(t *testing.T) {
	for _, tt := range []struct {
		name    string
		replace func(t *testing.T, other *Store, path string) (etag string, err error)
		want    string
		err     error
	}{
		{"a version of the same size", func(t *testing.T, other *Store, _ string) (string, error) {
			return put(t, other, "d/k", "new!", nil).ETag, nil
		}, "new!", nil},
		{"a longer version", func(t *testing.T, other *Store, _ string) (string, error) {
			return put(t, other, "d/k", "longer", nil).ETag, nil
		}, "longer", nil},
		{"a foreign file", func(_ *testing.T, _ *Store, path string) (string, error) {
			err := errors.Join(os.Remove(path), os.WriteFile(path, []byte("theirs"), 0o600))
			return "", err
		}, "theirs", nil},
		{"bytes", func(_ *testing.T, _ *Store, path string) (string, error) {
			return "", os.WriteFile(path, []byte("bad!"), 0o600)
		}, "", storage.ErrChanged},
		{"nothing", func(_ *testing.T, _ *Store, path string) (string, error) {
			return "", os.Remove(path)
		}, "", storage.ErrNotExist},
		{"a directory", func(_ *testing.T, _ *Store, path string) (string, error) {
			return "", errors.Join(os.Remove(path), os.Mkdir(path, 0o700))
		}, "", storage.ErrNotExist},
		{"a pipe", func(_ *testing.T, _ *Store, path string) (string, error) {
			return "", errors.Join(os.Remove(path), syscall.Mkfifo(path, 0o600))
		}, "", storage.ErrNotExist},
		{"a link", func(_ *testing.T, _ *Store, path string) (string, error) {
			return "", errors.Join(os.Remove(path), os.Symlink("other", path))
		}, "", storage.ErrNotExist},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s, dir := newStore(t)
			if !s.root.fast() {
				t.Skip("the system has no openat2")
			}
			old := put(t, s, "d/k", "old!", nil)
			put(t, s, "d/other", "not this", nil)
			other := openStore(t, dir)
			var looked, replaced bool
			var etag string
			s.root.sys.called = func(call string) {
				if call == "openat" && looked && !replaced {
					replaced = true
					var err error
					if etag, err = tt.replace(t, other, filepath.Join(dir, "d/k")); err != nil {
						t.Error(err)
					}
				}
				looked = looked || call == "fstatat"
			}
			data, o, err := tryGet(t.Context(), s, "d/k")
			switch {
			case !replaced:
				t.Error("nothing was replaced")
			case !errors.Is(err, tt.err) || data != tt.want:
				t.Errorf("%q, %v, want %q, %v", data, err, tt.want, tt.err)
			case err == nil && (o.ETag == old.ETag || etag != "" && o.ETag != etag):
				t.Errorf("ETag %s, want %q; before it was %s", o.ETag, etag, old.ETag)
			}
		})
	}
}
