package driver

import (
	"context"
	"errors"
	"strings"

	"github.com/polystore/storage"
)

const maxPage = 1000

// ListPage lists objects and, with a delimiter, common prefixes among them. A page's token is the last key that was given.
func (s *Store) ListPage(ctx context.Context, opts *storage.ListOptions) (*storage.Page, error) {
	size := opts.PageSize
	if size == 0 || size > maxPage {
		size = maxPage
	}
	after := opts.StartAfter
	if opts.PageToken != "" {
		after = opts.PageToken
	}
	keys, err := s.table.keys(ctx, opts.Prefix)
	if err != nil {
		return nil, classify(err, nil)
	}
	page := new(storage.Page)
	for _, key := range keys {
		name, isPrefix := rollUp(key, opts)
		if name <= after { // also the other keys of a prefix that was given
			continue
		}
		if len(page.Objects) == size {
			page.NextToken = after
			break
		}
		o := &storage.Object{Key: name, IsPrefix: isPrefix}
		if !isPrefix {
			o, err = s.Stat(ctx, key, &storage.StatOptions{})
			if errors.Is(err, storage.ErrNotExist) {
				continue // deleted since the keys were read
			}
			if err != nil {
				return nil, err
			}
		}
		page.Objects = append(page.Objects, o)
		after = name
	}
	return page, nil
}

// rollUp is the name under which a key is listed.
func rollUp(key string, opts *storage.ListOptions) (name string, isPrefix bool) {
	if opts.Delimiter != "" {
		rest := key[len(opts.Prefix):]
		if i := strings.Index(rest, opts.Delimiter); i >= 0 {
			return key[:len(opts.Prefix)+i+len(opts.Delimiter)], true
		}
	}
	return key, false
}
