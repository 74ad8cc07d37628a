package storage_test

import (
	"io"
	"runtime"
	"testing"
	"testing/synctest"

	"github.com/polystore/storage"
)

// TestStreamAllocates sends 1 GiB of a stream. What is allocated beside the buffers that the budget
// is for does not grow with the object.
func TestStreamAllocates(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const size, memory = 1024 * mib, 64 * mib
		b := newLink(t, distant(size), &storage.Options{Memory: memory})
		defer b.Close()
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		r := onlyReader{io.NewSectionReader(zeros(size), 0, size)}
		if _, err := b.Put(t.Context(), "new", r, nil); err != nil {
			t.Error(err)
		}
		runtime.ReadMemStats(&after)
		if got := after.TotalAlloc - before.TotalAlloc; got > memory+24*mib {
			t.Errorf("%d MiB were allocated for %d MiB of buffers", got/mib, memory/mib)
		}
	})
}
