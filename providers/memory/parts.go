package memory

import (
	"context"
	"slices"
	"strconv"

	"github.com/polystore/storage"
)

// ListPartsPage lists the parts of an upload.
func (s *Store) ListPartsPage(ctx context.Context, key, id string, opts *storage.ListPartsOptions) (*storage.PartPage, error) {
	if err := alive(ctx); err != nil {
		return nil, err
	}
	after := 0
	if opts.PageToken != "" {
		var err error
		if after, err = strconv.Atoi(opts.PageToken); err != nil {
			return nil, fail(storage.ErrInvalid, "not a page token: %q", opts.PageToken)
		}
	}
	page := new(storage.PartPage)
	s.mu.RLock()
	defer s.mu.RUnlock()
	u, err := s.upload(key, id)
	if err != nil {
		return nil, err
	}
	for _, p := range u.parts {
		if p.Number > after {
			described := p.Part
			page.Parts = append(page.Parts, &described)
		}
	}
	slices.SortFunc(page.Parts, func(a, b *storage.Part) int { return a.Number - b.Number })
	if size := pageSize(opts.PageSize); len(page.Parts) > size {
		page.Parts = page.Parts[:size:size]
		page.NextToken = strconv.Itoa(page.Parts[size-1].Number)
	}
	return page, nil
}
