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

// The cost of a key grows with its depth, not with the square of it: users who choose keys choose
// what they cost. Compare the two depths; what the file system takes to make directories comes on
// top.
func BenchmarkDepth(b *testing.B) {
	s, err := New(b.TempDir(), nil)
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	ctx := b.Context()
	for _, depth := range []int{1, 254} {
		key := strings.Repeat("x/", depth-1) + "y"
		put := func() error {
			_, err := s.Put(ctx, key, strings.NewReader("data"), 4, new(storage.PutOptions))
			return err
		}
		if err := put(); err != nil {
			b.Fatal(err)
		}
		for name, f := range map[string]func() error{
			"miss": func() error {
				_, err := s.Stat(ctx, key+"-missing", new(storage.StatOptions))
				if errors.Is(err, storage.ErrNotExist) {
					return nil
				}
				return errors.Join(err, errors.New("a key that is not there is found"))
			},
			"overwrite": put,
			"get": func() error {
				r, err := s.Get(ctx, key, new(storage.GetOptions))
				if err == nil {
					err = r.Body.Close()
				}
				return err
			},
		} {
			b.Run(fmt.Sprintf("%s/%d", name, depth), func(b *testing.B) {
				for b.Loop() {
					if err := f(); err != nil {
						b.Fatal(err)
					}
				}
			})
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
