package memory

import (
	"context"

	"github.com/polystore/storage"
	"github.com/polystore/storage/driver"
)

// ListUploadsPage lists uploads in the order of their keys, those of one key in the order of their
// IDs.
func (s *Store) ListUploadsPage(
	ctx context.Context, opts *storage.ListOptions,
) (*storage.UploadPage, error) {
	if err := driver.ContextErr(ctx); err != nil {
		return nil, err
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	all := make([]*storage.Upload, 0, len(s.uploads))
	for id, u := range s.uploads {
		all = append(all, &storage.Upload{Key: u.key, ID: id, Created: u.created})
	}
	return driver.UploadsPage(all, opts, maxPage)
}
