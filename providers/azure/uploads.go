package azure

import (
	"context"
	"errors"
	"slices"

	"github.com/polystore/storage"
	"github.com/polystore/storage/driver"
)

// ListUploadsPage makes one List Blobs that includes blobs of uncommitted blocks alone, and one Get
// Block List for each of these. An upload is listed from its first part on, if no object is under
// its key yet.
func (s *Store) ListUploadsPage(
	ctx context.Context, opts *storage.ListOptions,
) (*storage.UploadPage, error) {
	if err := driver.CheckListUploads(opts); err != nil {
		return nil, err
	}
	// A token is that of a page of the list of blobs, and the last upload of it that was returned.
	token, err := driver.DecodeToken(opts.PageToken, 3)
	if err != nil {
		return nil, err
	}
	last := &storage.Upload{Key: token[1], ID: token[2]}
	l, err := newListing(
		&storage.ListOptions{Prefix: opts.Prefix, PageSize: opts.PageSize, PageToken: token[0]},
	)
	if err != nil {
		return nil, err
	}
	found, err := s.page(ctx, l, true)
	if err != nil {
		return nil, err
	}
	page := new(storage.UploadPage)
	for _, e := range found {
		if !e.suspect || e.Key < last.Key || unaskable(e.Key) != "" {
			continue
		}
		blocks, err := s.blocks(ctx, e.Key)
		if isNotExist(err) {
			continue // gone since
		}
		if err != nil {
			return nil, err
		}
		for id := range blocks {
			u := &storage.Upload{Key: e.Key, ID: id, Created: e.ModTime}
			if driver.CompareUploads(u, last) > 0 {
				page.Uploads = append(page.Uploads, u)
			}
		}
	}
	slices.SortFunc(page.Uploads, driver.CompareUploads)
	if opts.PageSize > 0 && len(page.Uploads) > opts.PageSize {
		page.Uploads = page.Uploads[:opts.PageSize]
		last = page.Uploads[opts.PageSize-1]
		page.NextToken = driver.EncodeToken(token[0], last.Key, last.ID) // the same page again
	} else if next := l.token(); next != "" {
		page.NextToken = driver.EncodeToken(next, "", "")
	}
	return page, nil
}

func isNotExist(err error) bool {
	var e *storage.Error
	return errors.As(err, &e) && e.Kind == storage.ErrNotExist
}
