package memory

import (
	"context"

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
func (s *Store) walk(from string, yield func(*storage.Object) bool) error {
	for e := range s.objects.from(from) {
		o := e.v.object
		listed := &storage.Object{
			Key: o.Key, Size: o.Size, ETag: o.ETag, ModTime: o.ModTime,
			StorageClass: o.StorageClass, VersionID: o.VersionID,
		}
		if !yield(listed) {
			break
		}
	}
	return nil
}
