package file

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

// A sidecar of a version that never became visible goes with a New, once it is old; those of
// objects stay.
func TestOrphanSidecars(t *testing.T) {
	s, dir := newStore(t)
	s.noXattr = true
	put(t, s, "k", "data", fullOptions())
	for _, key := range []string{"k", "gone/k"} {
		tmp, err := s.newTemp(key)
		if err != nil {
			t.Fatal(err)
		}
		a := attrsOfPut(fullOptions())
		if _, err := tmp.seal(a); err != nil {
			t.Fatal(err)
		}
		if _, err := s.writeSidecar(key, tmp, a); err != nil { // and is killed
			t.Fatal(err)
		}
		tmp.discard()
	}
	sidecars := func() []string { return files(t, filepath.Join(dir, "tmp.", "attr..")) }
	openStore(t, dir)
	if got := sidecars(); len(got) != 3 {
		t.Errorf("young sidecars: %q", got)
	}
	old := time.Now().Add(-time.Hour)
	for _, path := range sidecars() {
		if err := os.Chtimes(path, old, old); err != nil {
			t.Fatal(err)
		}
	}
	openStore(t, dir)
	if got := sidecars(); len(got) != 1 {
		t.Errorf("old sidecars: %q", got)
	}
	if o := stat(t, s, "k"); o.ContentType == "" {
		t.Errorf("the object has lost its attributes: %+v", o)
	}
}
