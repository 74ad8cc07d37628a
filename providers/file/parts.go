package file

import (
	"context"
	"strconv"

	"github.com/polystore/storage"
)

// ListPartsPage lists the parts that are complete.
func (s *Store) ListPartsPage(ctx context.Context, key, id string, opts *storage.ListPartsOptions) (*storage.PartPage, error) {
	after := 0
	if opts.PageToken != "" {
		n, err := strconv.Atoi(opts.PageToken)
		if err != nil {
			return nil, invalid("page token %q is not of this driver", opts.PageToken)
		}
		after = n
	}
	end, err := s.begin(ctx)
	if err != nil {
		return nil, err
	}
	defer end()
	dir, err := s.upload(key, id)
	if err != nil {
		return nil, err
	}
	records, err := s.partLog(dir)
	if err != nil {
		return nil, uploadError(err)
	}
	size := opts.PageSize
	if size <= 0 {
		size = defaultPageSize
	}
	page := new(storage.PartPage)
	for _, p := range records {
		if p.Number <= after {
			continue
		}
		if len(page.Parts) == size {
			page.NextToken = strconv.Itoa(page.Parts[size-1].Number)
			break
		}
		page.Parts = append(page.Parts, p.part())
	}
	return page, nil
}
