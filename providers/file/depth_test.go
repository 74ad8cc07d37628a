package file

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/polystore/storage"
)

// The cost of a key grows with its depth, not with the square of it: users who choose keys choose
// what they cost. What the file system takes to make the directories comes on top.
func TestDepth(t *testing.T) {
	s, dir := newStore(t)
	deep := strings.Repeat("x/", 253) + "x"
	took := func(f func() error) time.Duration {
		t.Helper()
		start := time.Now()
		if err := f(); err != nil {
			t.Fatal(err)
		}
		return time.Since(start)
	}
	put := func(key string) func() error {
		return func() error { _, err := tryPut(t.Context(), s, key, "data", nil); return err }
	}
	measure := func(key string, count int) (median [4]time.Duration) {
		var all [4][]time.Duration
		for range count {
			for i, f := range []func() error{
				func() error {
					_, err := s.Stat(t.Context(), key, new(storage.StatOptions))
					if !errors.Is(err, storage.ErrNotExist) {
						return errors.New("it is there")
					}
					return nil
				},
				put(key), // makes the directories
				put(key),
				func() error { _, _, err := tryGet(t.Context(), s, key); return err },
			} {
				all[i] = append(all[i], took(f))
			}
			remove(t, s, key)
		}
		for i, d := range all {
			slices.Sort(d)
			median[i] = d[count/2]
		}
		return median
	}
	one, many := measure("y", 9), measure(deep, 5)
	made := took(func() error {
		path := filepath.Join(dir, "made")
		return os.MkdirAll(filepath.Join(path, deep), 0o777)
	})
	many[1] -= 2 * made // that of the measured call varies
	t.Logf("one segment: %v, 254: %v and %v for the directories", one, many, made)
	for i, what := range [...]struct {
		name string
		most time.Duration
	}{
		{"a miss", 20}, {"a new object", 20}, {"an overwrite", 20},
		{"Get", 100}, // linear: nothing in it waits for the disk
	} {
		if many[i] > what.most*one[i] {
			t.Errorf("%s takes %v with 254 segments and %v with one", what.name, many[i], one[i])
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
