package floor

import (
	"context"

	"github.com/polystore/storage"
	"github.com/polystore/storage/benchmarks/subject"
)

// heap is the floor of a Stat of memory: the two allocations that it makes, and nothing else. One
// is the Object, and the other is what a request that can be cut and watched takes.
type heap struct {
	subject.None
	object  *storage.Object
	request *request
}

// request has the size of a request of a Stat, and pointers as it has.
type request [14]any

// OpenHeap returns the floor of memory. Every object has one byte.
func OpenHeap(context.Context, subject.Target, string) (subject.Subject, error) {
	return new(heap), nil
}

func (h *heap) Stat(context.Context, string) (int64, error) {
	h.object, h.request = &storage.Object{Size: 1}, new(request)
	return h.object.Size, nil
}
