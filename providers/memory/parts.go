package memory

import (
	"context"

	"github.com/polystore/storage"
	"github.com/polystore/storage/driver"
)

// ListPartsPage lists the parts of an upload.
func (s *Store) ListPartsPage(
	ctx context.Context, key, id string, opts *storage.ListPartsOptions,
) (*storage.PartPage, error) {
	if err := driver.ContextErr(ctx); err != nil {
		return nil, err
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	u, err := s.upload(key, id)
	if err != nil {
		return nil, err
	}
	all := make([]*storage.Part, 0, len(u.parts))
	for _, p := range u.parts {
		all = append(all, p.describe())
	}
	return driver.PartsPage(all, opts, maxPage)
}
