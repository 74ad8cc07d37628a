package memory

import (
	"context"
	"iter"

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
	return driver.ListPage(opts, maxPage, s.from)
}

// from walks the objects whose keys are key or sort behind it. s.mu is held.
func (s *Store) from(key string) iter.Seq2[*storage.Object, error] {
	return func(yield func(*storage.Object, error) bool) {
		for e := range s.objects.from(key) {
			o := e.v.object
			listed := &storage.Object{
				Key: o.Key, Size: o.Size, ETag: o.ETag, ModTime: o.ModTime,
				StorageClass: o.StorageClass, VersionID: o.VersionID,
			}
			if !yield(listed, nil) {
				return
			}
		}
	}
}
