package conformance

import (
	"context"
	"errors"
	"testing"

	"github.com/polystore/storage"
)

// TestInspect shows what two rounds tell of a bucket: what it refuses is unsupported, what it does
// wrong is broken once, and what uses either on its way is left out.
func TestInspect(t *testing.T) {
	refuses := func(b *bench) {
		b.copy = func(
			context.Context, string, string, *storage.CopyOptions,
		) (*storage.CopyResult, error) {
			return nil, &storage.Error{Kind: errors.ErrUnsupported}
		}
	}
	aborts := func(b *bench) {
		b.abort = func(context.Context, string, string) error { return nil }
	}
	for _, tc := range []struct {
		name  string
		plant func(b *bench)
		only  []string
		want  map[string]Status
	}{
		{"sound", func(*bench) {}, []string{"copy/keeps", "read/whole"}, map[string]Status{
			"copy/keeps": Kept, "read/whole": Kept,
		}},
		{"it refuses, and does not say so", refuses, []string{"copy/*", "version/copy"},
			map[string]Status{
				"copy/keeps": Unsupported, "copy/if-absent": NotRun, "copy/storageclass": NotRun,
				"version/copy": NotRun,
			}},
		{"it aborts nothing", aborts, []string{"upload/*"}, map[string]Status{
			"upload/abort": Broken, "upload/parts": Kept, "upload/parts-missing": NotRun,
		}},
		{"reads fail", func(b *bench) {
			b.stat = func(context.Context, string, *storage.StatOptions) (*storage.Object, error) {
				return nil, &storage.Error{Kind: errors.ErrUnsupported}
			}
		}, []string{"read/stat-missing"}, map[string]Status{"read/stat-missing": Broken}},
	} {
		b := newBench(t, "")
		tc.plant(b)
		o := b.options()
		o.Only = tc.only
		r, err := Inspect(t.Context(), o)
		if err != nil {
			t.Fatal(err)
		}
		for name, want := range tc.want {
			if got := find(r, name); got.Check != name || got.Status != want {
				t.Errorf("%s: %s: %v, want %v: %v", tc.name, name, got.Status, want, got.Err)
			}
		}
	}
}
