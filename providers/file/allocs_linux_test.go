package file

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/polystore/storage"
	"github.com/polystore/storage/internal/allocs"
)

var small [4 << 10]byte

// hot are the calls whose allocations are counted, and how many there may be.
var hot = []struct {
	name    string
	sidecar bool
	most    float64
	call    func(ctx context.Context, b *storage.Bucket) error
}{
	{"Get", false, 17, hotGet("d/k")},
	{"Get", true, 30, hotGet("d/k")},
	{"Get of another program's file", false, 28, hotGet("d/foreign")},
	{"Stat", false, 10, func(ctx context.Context, b *storage.Bucket) error {
		_, err := b.Stat(ctx, "d/k", nil)
		return err
	}},
	{"Put", false, 100, func(ctx context.Context, b *storage.Bucket) error {
		_, err := b.WriteAll(ctx, "d/k", small[:], nil)
		return err
	}},
}

func hotGet(key string) func(context.Context, *storage.Bucket) error {
	return func(ctx context.Context, b *storage.Bucket) error {
		r, err := b.Get(ctx, key, nil)
		if err != nil {
			return err
		}
		defer r.Close()
		_, err = io.ReadFull(r, small[:])
		if n, eof := r.Read(small[:1]); n != 0 || eof != io.EOF {
			return eof
		}
		return err
	}
}

// What a small object costs in allocations.
func TestAllocations(t *testing.T) {
	if racing {
		t.Skip("the race detector allocates, too")
	}
	for _, c := range hot {
		s, dir := newStore(t)
		s.noXattr = c.sidecar
		b := storage.New(s, nil)
		if _, err := b.WriteAll(t.Context(), "d/k", small[:], nil); err != nil {
			t.Fatal(err)
		}
		other := filepath.Join(dir, "d/foreign")
		if err := os.WriteFile(other, small[:], 0o600); err != nil {
			t.Fatal(err)
		}
		if !s.root.fast() || !c.sidecar && !keepsAttrs(s, "d/k") {
			t.Skip("the system has no openat2, or keeps no attributes")
		}
		n := allocs.Least(50, func() {
			if err := c.call(t.Context(), b); err != nil {
				t.Fatal(err)
			}
		})
		t.Logf("%s, sidecars %v: %.0f allocations", c.name, c.sidecar, n)
		if n > c.most {
			t.Errorf("%s, sidecars %v: %.0f allocations, at most %.0f", c.name, c.sidecar, n,
				c.most)
		}
	}
}

// keepsAttrs reports whether the file at path has its attributes with it.
func keepsAttrs(s *Store, path string) bool {
	o := new(opened)
	if err := s.root.openObject(path, &o.object); err != nil {
		return false
	}
	defer o.Close()
	return o.load() == nil && o.version.ETag != ""
}
