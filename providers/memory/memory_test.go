package memory_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/polystore/storage"
	"github.com/polystore/storage/conformance"
	"github.com/polystore/storage/providers/memory"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestConformance(t *testing.T) {
	for _, tt := range []struct {
		name string
		opts *memory.Options
		full bool
	}{
		{"plain", nil, false},
		{"versions", &memory.Options{Versions: true}, !testing.Short()},
	} {
		t.Run(tt.name, func(t *testing.T) {
			conformance.Test(t, conformance.Options{
				Open: func(context.Context) (storage.Store,
					error) {
					return memory.New(tt.opts)
				},
				StorageClass: "COLD",
				Full:         tt.full,
			})
		})
	}
}

func TestURL(t *testing.T) {
	ctx := t.Context()
	open := func(url string) *storage.Bucket {
		t.Helper()
		b, err := storage.Open(ctx, url)
		if err != nil {
			t.Fatalf("Open(%q) = %v", url, err)
		}
		t.Cleanup(func() { b.Close() })
		return b
	}
	for _, tt := range []struct {
		write, read string
		key         string // where "k" is seen
		shared      bool
	}{
		{"mem://one", "mem://one", "k", true},
		{"mem://one/a/b", "mem://one", "a/b/k", true},
		{"mem://one?prefix=p-", "mem://one", "p-k", true},
		{"mem://one", "mem://two", "k", false},
		{"mem://", "mem://", "k", false},
	} {
		w, r := open(tt.write), open(tt.read)
		if _, err := w.Put(ctx, "k", strings.NewReader(tt.write), nil); err != nil {
			t.Fatal(err)
		}
		if got, err := r.ReadAll(ctx, tt.key, nil); (string(got) == tt.write) != tt.shared {
			t.Errorf("%s through %s = %q, %v", tt.write, tt.read, got, err)
		}
		w.Close()
		if _, err := r.Exists(ctx, tt.key); err != nil {
			t.Errorf("after Close of another Bucket of %s: %v", tt.read, err)
		}
	}
	for _, url := range []string{"mem://one?versions=true", "mem://user:secret@one",
		"mem://one#x"} {
		if _, err := storage.Open(ctx, url); !errors.Is(err, storage.ErrInvalid) {
			t.Errorf("Open(%q) = %v, want %v", url, err, storage.ErrInvalid)
		}
	}
}

// TestPageCost shows that a page costs the page, however many keys there are before, behind and
// below it.
func TestPageCost(t *testing.T) {
	ctx := t.Context()
	s, err := memory.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	pages := func() float64 {
		return testing.AllocsPerRun(20, func() {
			for _, o := range []*storage.ListOptions{
				{PageSize: 10, StartAfter: "m"}, {PageSize: 10, Delimiter: "/"},
				{PageSize: 10, Delimiter: "/", StartAfter: "big/"},
			} {
				if _, err := s.ListPage(ctx, o); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
	put := func(key string) {
		if _, err := s.Put(ctx, key, strings.NewReader(""), 0, &storage.PutOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	for i := range 30 {
		put(fmt.Sprintf("a%02d", i))
		put(fmt.Sprintf("big/%02d", i))
		put(fmt.Sprintf("z%02d", i))
	}
	few := pages()
	for i := range 50_000 {
		put(fmt.Sprintf("big/x%05d", i))
	}
	if many := pages(); many > few+10 {
		t.Errorf("pages of 10 took %v allocations in a small bucket, %v in one of 50,000 objects",
			few, many)
	}
}
