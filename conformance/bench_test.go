package conformance_test

import (
	"context"
	"flag"
	"testing"

	"github.com/polystore/storage"
	"github.com/polystore/storage/conformance"
	"github.com/polystore/storage/providers/memory"
)

// kept stays open, so that the test can look at what a run left behind.
type kept struct{ *memory.Store }

func (kept) Close() error { return nil }

// Bench runs to its end and leaves nothing.
func TestBench(t *testing.T) {
	f := flag.Lookup("test.benchtime")
	before := f.Value.String()
	if err := f.Value.Set("1x"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Value.Set(before) })
	s, err := memory.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	failed := true
	testing.Benchmark(func(b *testing.B) {
		conformance.Bench(b, conformance.Options{
			Open:   func(context.Context) (storage.Store, error) { return kept{s}, nil },
			Prefix: "p/",
		})
		failed = b.Failed()
	})
	if failed {
		t.Error("Bench failed")
	}
	page, err := s.ListPage(t.Context(), &storage.ListOptions{})
	if err != nil || len(page.Objects) > 0 {
		t.Errorf("Bench left %v, %v", page, err)
	}
}
