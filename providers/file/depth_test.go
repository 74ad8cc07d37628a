package file

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// The cost of a key grows with its depth, not with the square of it: users who choose keys choose
// what they cost.
func TestDepth(t *testing.T) {
	s, _ := newStore(t)
	measure := func(depth int) (least [3]time.Duration) {
		key := strings.Repeat("x/", depth-1) + "x"
		put := func() error { _, err := tryPut(t.Context(), s, key, "data", nil); return err }
		get := func() error { _, _, err := tryGet(t.Context(), s, key); return err }
		for round := range 7 {
			for i, f := range []func() error{put, put, get} { // the first makes the directories
				start := time.Now()
				if err := f(); err != nil {
					t.Fatal(err)
				}
				if d := time.Since(start); round == 0 || d < least[i] {
					least[i] = d
				}
			}
			remove(t, s, key)
		}
		return least
	}
	one, half, whole := measure(1), measure(127), measure(254)
	t.Logf("a new object, an overwrite and Get: %v, %v and %v with 1, 127 and 254 segments",
		one, half, whole)
	for i, what := range [...]string{"a new object", "an overwrite", "Get"} {
		if i > 0 && whole[i] > 3*half[i] { // twice is linear; making directories is up to the kernel
			t.Errorf("%s takes %v with 254 segments and %v with 127", what, whole[i], half[i])
		}
	}
}

// A miss costs no more for directories beside the plain ones.
func TestDepthBeside(t *testing.T) {
	s, dir := newStore(t)
	path := dir
	for range 100 { // a and a. all the way
		if err := os.MkdirAll(filepath.Join(path, "a."), 0o777); err != nil {
			t.Fatal(err)
		}
		path = filepath.Join(path, "a")
		if err := os.Mkdir(path, 0o777); err != nil {
			t.Fatal(err)
		}
	}
	segs := strings.Split(strings.Repeat("a/", 100)+"x", "/")
	ends, err := s.ends(segs)
	if err != nil || len(ends) != 101 {
		t.Errorf("%d directories are looked into, %v; want 101", len(ends), err)
	}
}
