package memory_test

import (
	"context"
	"testing"

	"github.com/polystore/storage"
	"github.com/polystore/storage/conformance"
	"github.com/polystore/storage/providers/memory"
)

func BenchmarkBucket(b *testing.B) {
	conformance.Bench(b, conformance.Options{
		Open: func(context.Context) (storage.Store, error) { return memory.New(nil) },
	})
}
