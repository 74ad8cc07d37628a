package memory

import (
	"context"
	"time"

	"github.com/polystore/storage"
	"github.com/polystore/storage/driver"
)

// maxPage is the largest page, and the default one.
const maxPage = 1000

// ListPage lists objects and common prefixes.
func (s *Store) ListPage(ctx context.Context, opts *storage.ListOptions) (*storage.Page, error) {
	if err := driver.ContextErr(ctx); err != nil {
		return nil, err
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	return driver.ListPage(opts, maxPage, s.walk)
}

// walk goes over the objects whose keys are from or sort behind it. s.mu is held.
//
// The results are allocated in chunks, which saves nine allocations in ten. Who keeps one object of
// a list keeps its chunk.
func (s *Store) walk(from string, yield func(*storage.Object) bool) error {
	const most = 20 // which fill a size class of the allocator
	var chunk []storage.Object
	size := 1
	for e := range s.objects.from(from) {
		if len(chunk) == 0 {
			chunk = make([]storage.Object, size)
			size = min(2*size, most)
		}
		v, o := e.v, &chunk[0]
		chunk = chunk[1:]
		o.Key, o.Size, o.ETag = e.key, int64(len(v.data)), v.etag
		o.ModTime = time.Unix(0, v.written).UTC()
		if a := v.rare; a != nil {
			o.StorageClass, o.VersionID = a.storageClass, a.versionID
		}
		if !yield(o) {
			break
		}
	}
	return nil
}
