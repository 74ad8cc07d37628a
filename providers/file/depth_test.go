package file

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/polystore/storage"
)

// The cost of a key grows with its depth, not with the square of it: users who choose keys choose
// what they cost. Compare the two depths: a miss of 254 segments costs less than 20 of one. What
// the file system takes to make directories comes on top.
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
