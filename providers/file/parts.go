package file

import (
	"context"

	"github.com/polystore/storage"
	"github.com/polystore/storage/driver"
)

// ListPartsPage lists the parts that are complete.
func (s *Store) ListPartsPage(
	ctx context.Context, key, id string, opts *storage.ListPartsOptions,
) (*storage.PartPage, error) {
	if err := s.begin(ctx); err != nil {
		return nil, err
	}
	defer s.end()
	dir, err := s.upload(key, id)
	if err != nil {
		return nil, err
	}
	records, err := s.partLog(dir)
	if err != nil {
		return nil, uploadError(err)
	}
	all := make([]*storage.Part, len(records))
	for i, p := range records {
		all[i] = p.part()
	}
	return driver.PartsPage(all, opts, maxPage)
}
