package file

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/polystore/storage"
)

// What a file system makes of names is found out by what it does with them.
func TestProbeNames(t *testing.T) {
	s, dir := newStore(t)
	put(t, s, "k", "", nil)
	for _, tt := range []struct {
		name  string
		same  func(string) string
		exact bool
		want  error
	}{
		{"keeps names apart", nil, false, nil},
		{"folds case", strings.ToLower, true, nil},
		{"composes", func(name string) string { return strings.Replace(name, "e\u0301", "é", 1) }, true, nil},
		{"drops dots", func(name string) string {
			if !strings.HasSuffix(name, "..") {
				name += ".."
			}
			return name
		}, false, errDropsDots},
	} {
		s.sameName = tt.same
		s.exactCase.Store(!tt.exact)
		err := s.probeNames()
		if !errors.Is(err, tt.want) || err == nil && s.exactCase.Load() != tt.exact {
			t.Errorf("%s: %v, exact %v", tt.name, err, s.exactCase.Load())
		}
	}
	if left := files(t, filepath.Join(dir, "tmp.")); len(left) > 0 {
		t.Errorf("left behind: %q", left)
	}
}

// Another's directory with the name in capitals is no sign of folding.
func TestCapitalsOfAnother(t *testing.T) {
	s, dir := newStore(t)
	put(t, s, "k", "", nil)
	if err := os.Mkdir(filepath.Join(dir, "TMP."), 0o777); err != nil {
		t.Skip(err)
	}
	if s.foldsTempDir() {
		t.Error("the file system is said to fold case")
	}
}

// caseFolding checks a bucket in a directory that folds case and composition.
func caseFolding(t *testing.T, dir string) {
	s := openStore(t, dir)
	put(t, s, "Key/é", "first", nil)
	s = openStore(t, dir) // whose driver's directory another has made
	for _, key := range []string{"key/é", "Key/É", "Key/e\u0301", "KEY/É"} {
		if _, err := s.Stat(t.Context(), key, new(storage.StatOptions)); !errors.Is(err, storage.ErrNotExist) {
			t.Errorf("Stat(%q) = %v", key, err)
		}
		if _, err := tryPut(t.Context(), s, key, "second", nil); !errors.Is(err, storage.ErrInvalidKey) {
			t.Errorf("Put(%q) = %v", key, err)
		}
		if err := s.Delete(t.Context(), key, new(storage.DeleteOptions)); err != nil {
			t.Errorf("Delete(%q) = %v", key, err)
		}
	}
	if got := get(t, s, "Key/é"); got != "first" {
		t.Errorf("the object is %q", got)
	}
}
