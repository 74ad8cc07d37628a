package azure

import (
	"cmp"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"slices"
	"strings"

	"github.com/polystore/storage"
)

// ListUploadsPage makes one List Blobs that includes blobs of uncommitted blocks alone, and one Get Block List for each of these. An
// upload is listed from its first part on, if no object is under its key yet.
func (s *Store) ListUploadsPage(ctx context.Context, opts *storage.ListOptions) (*storage.UploadPage, error) {
	if opts.Delimiter != "" || opts.StartAfter != "" {
		return nil, unsupported("Delimiter and StartAfter of uploads")
	}
	at, err := parseUploadsToken(opts.PageToken)
	if err != nil {
		return nil, err
	}
	l, err := newListing(&storage.ListOptions{Prefix: opts.Prefix, PageSize: opts.PageSize, PageToken: at.Page})
	if err != nil {
		return nil, err
	}
	found, err := s.page(ctx, l, true)
	if err != nil {
		return nil, err
	}
	page := new(storage.UploadPage)
	for _, e := range found {
		if !e.suspect || e.Key < at.Key {
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
			if e.Key > at.Key || id > at.ID {
				page.Uploads = append(page.Uploads, &storage.Upload{Key: e.Key, ID: id, Created: e.ModTime})
			}
		}
	}
	slices.SortFunc(page.Uploads, func(x, y *storage.Upload) int {
		return cmp.Or(strings.Compare(x.Key, y.Key), strings.Compare(x.ID, y.ID))
	})
	if opts.PageSize > 0 && len(page.Uploads) > opts.PageSize {
		page.Uploads = page.Uploads[:opts.PageSize]
		last := page.Uploads[opts.PageSize-1]
		page.NextToken = uploadsToken{at.Page, last.Key, last.ID}.String() // the same page again
	} else if next := l.token(); next != "" {
		page.NextToken = uploadsToken{Page: next}.String()
	}
	return page, nil
}

// uploadsToken is a page of the list of blobs, and the last upload of it that was returned.
type uploadsToken struct {
	Page string `json:"p,omitempty"`
	Key  string `json:"k,omitempty"`
	ID   string `json:"i,omitempty"`
}

func (t uploadsToken) String() string {
	b, err := json.Marshal(t)
	if err != nil { // it holds nothing but text
		return ""
	}
	return base64.RawURLEncoding.EncodeToString(b)
}

func parseUploadsToken(token string) (t uploadsToken, err error) {
	if token == "" {
		return t, nil
	}
	b, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil || json.Unmarshal(b, &t) != nil {
		return t, invalid("not a page token of uploads")
	}
	return t, nil
}

func isNotExist(err error) bool {
	var e *storage.Error
	return errors.As(err, &e) && e.Kind == storage.ErrNotExist
}
