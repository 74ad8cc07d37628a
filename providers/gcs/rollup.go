package gcs

import (
	"strings"

	"github.com/polystore/storage"
)

// rollUp makes a page of a delimited list from the keys of a flat one, in order; more says that the flat list goes on. An emulator's own
// delimited lists repeat all prefixes on each page and take a delimiter for one byte (fake-gcs-server).
func rollUp(flat []*storage.Object, opts *storage.ListOptions, after string) (entries []*storage.Object, more bool) {
	limit := opts.PageSize
	if limit <= 0 || limit > maxPage {
		limit = maxPage
	}
	for _, o := range flat {
		rest := strings.TrimPrefix(o.Key, opts.Prefix)
		if head, _, ok := strings.Cut(rest, opts.Delimiter); ok {
			o = &storage.Object{Key: opts.Prefix + head + opts.Delimiter, IsPrefix: true}
		}
		if n := len(entries); after != "" && o.Key <= after || n > 0 && entries[n-1].Key == o.Key {
			continue
		}
		if len(entries) == limit {
			return entries, true
		}
		entries = append(entries, o)
	}
	return entries, false
}
