package file

import (
	"errors"
	"fmt"
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
		name     string
		same     func(string) string // which name answers
		kept     func(string) string // what the directory says
		exact    bool
		rewrites bool
		want     error
	}{
		{name: "keeps names apart"},
		{name: "folds case", same: strings.ToLower, exact: true},
		{name: "composes", same: compose, exact: true},
		{name: "decomposes", kept: decompose, exact: true, rewrites: true}, // HFS+
		{name: "folds and decomposes", same: strings.ToLower, kept: decompose, exact: true,
			rewrites: true},
		{name: "has capitals", kept: strings.ToUpper, exact: true, rewrites: true},
		{name: "drops dots", same: func(name string) string {
			if !strings.HasSuffix(name, "..") {
				name += ".."
			}
			return name
		}, want: errDropsDots},
	} {
		s.sameName, s.keptName = tt.same, tt.kept
		s.exactCase.Store(!tt.exact)
		s.rewrites.Store(!tt.rewrites)
		err := s.probeNames()
		if !errors.Is(err, tt.want) {
			t.Errorf("%s: %v", tt.name, err)
		}
		if exact, rewrites := s.exactCase.Load(), s.rewrites.Load(); err == nil &&
			(exact != tt.exact || rewrites != tt.rewrites) {
			t.Errorf("%s: exact %v, rewrites %v", tt.name, exact, rewrites)
		}
	}
	if left := files(t, filepath.Join(dir, "tmp.")); len(left) > 0 {
		t.Errorf("left behind: %q", left)
	}
}

func compose(name string) string { return strings.ReplaceAll(name, "e\u0301", "é") }

func decompose(name string) string { return strings.ReplaceAll(name, "é", "e\u0301") }

// A key that the file system would keep as another's is refused, with the reason, and leaves
// nothing; the form that it keeps is a key as any other.
func TestNamesInAnotherForm(t *testing.T) {
	s, dir := newStore(t)
	put(t, s, "k", "", nil)
	s.keptName = decompose
	if err := s.probeNames(); err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"é", "a/é", "é/a", "e\u0301/é"} {
		_, err := tryPut(t.Context(), s, key, "data", nil)
		if !errors.Is(err, storage.ErrInvalidKey) ||
			!strings.Contains(err.Error(), "another form") {
			t.Errorf("Put(%+q) = %v", key, err)
		}
		id := createUpload(t, s, key, new(storage.PutOptions))
		p, err := s.PutPart(t.Context(), key, id, 1, strings.NewReader("x"), 1,
			new(storage.PartOptions))
		if err != nil {
			t.Fatal(err)
		}
		_, err = s.CompleteUpload(t.Context(), key, id, []*storage.Part{p}, new(storage.PutOptions))
		if !errors.Is(err, storage.ErrInvalidKey) {
			t.Errorf("CompleteUpload(%+q) = %v", key, err)
		}
		if err := s.AbortUpload(t.Context(), key, id); err != nil {
			t.Error(err)
		}
	}
	for _, key := range []string{"e\u0301", "e\u0301/e\u0301", "a/b"} {
		put(t, s, key, key, nil)
		if got := get(t, s, key); got != key {
			t.Errorf("Get(%+q) = %q", key, got)
		}
		remove(t, s, key)
	}
	if left := append(tree(t, dir),
		files(t, filepath.Join(dir, "tmp."))...); fmt.Sprint(left) != "[k]" {
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
		if _, err := s.Stat(t.Context(), key, new(storage.StatOptions)); !errors.Is(err,
			storage.ErrNotExist) {
			t.Errorf("Stat(%q) = %v", key, err)
		}
		if _, err := tryPut(t.Context(), s, key, "second", nil); !errors.Is(err,
			storage.ErrInvalidKey) {
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
