package memory

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/polystore/storage"
)

// ListUploadsPage lists uploads in the order of their keys, those of one key in the order of their IDs.
func (s *Store) ListUploadsPage(ctx context.Context, opts *storage.ListOptions) (*storage.UploadPage, error) {
	if err := alive(ctx); err != nil {
		return nil, err
	}
	if opts.Delimiter != "" || opts.StartAfter != "" {
		return nil, fail(errors.ErrUnsupported, "uploads are listed by prefix alone")
	}
	var after string
	if opts.PageToken != "" {
		var err error
		if after, err = decodeToken(opts.PageToken); err != nil {
			return nil, err
		}
	}
	// NUL sorts before everything, so that "a" and its uploads come before "a!".
	order := func(u *storage.Upload) string { return u.Key + "\x00" + u.ID }

	page := new(storage.UploadPage)
	s.mu.RLock()
	for id, u := range s.uploads {
		up := &storage.Upload{Key: u.key, ID: id, Created: u.created}
		if strings.HasPrefix(u.key, opts.Prefix) && order(up) > after {
			page.Uploads = append(page.Uploads, up)
		}
	}
	s.mu.RUnlock()
	slices.SortFunc(page.Uploads, func(a, b *storage.Upload) int { return cmp.Compare(order(a), order(b)) })
	if size := pageSize(opts.PageSize); len(page.Uploads) > size {
		page.Uploads = page.Uploads[:size:size]
		page.NextToken = encodeToken(order(page.Uploads[size-1]))
	}
	return page, nil
}
