package storage_test

import (
	"context"
	"errors"
	"testing"

	"github.com/polystore/storage"
)

// afterStat is a Store whose object is another one behind each Stat.
type afterStat struct {
	nameless
	next []byte
}

func (s afterStat) Stat(
	ctx context.Context, key string, opts *storage.StatOptions,
) (*storage.Object, error) {
	o, err := s.nameless.Stat(ctx, key, opts)
	b := storage.New(s.FullStore, nil) // which is left open, as its Store is
	return o, errors.Join(err, must(b.WriteAll(ctx, key, s.next, nil)))
}

// The last bytes of an object without an ETag are those of one version, or none: where it ends is
// asked for by a request of its own.
func TestSuffixWithoutETag(t *testing.T) {
	const before = "0123456789"
	for _, tt := range []struct {
		name, next, got string
		want            error
	}{
		{"the same", before, "789", nil},
		{"as long", "abcdefghij", "hij", nil},
		{"longer", "abcdefghijkl", "", storage.ErrChanged},
		{"shorter", "abcdefghi", "", storage.ErrChanged},
		{"shorter than where the suffix begins", "abc", "", storage.ErrChanged},
		{"empty", "", "", storage.ErrChanged},
	} {
		s := afterStat{nameless{newMemory(t)}, []byte(tt.next)}
		b := storage.New(s, nil)
		if err := must(b.WriteAll(t.Context(), "k", []byte(before), nil)); err != nil {
			t.Fatal(err)
		}
		got, err := b.ReadAll(t.Context(), "k", &storage.GetOptions{Offset: -3})
		if string(got) != tt.got || !errors.Is(err, tt.want) {
			t.Errorf("the last 3 bytes, the next version %s: %q, %v; want %q, %v", tt.name, got, err,
				tt.got, tt.want)
		}
		b.Close()
	}
}
