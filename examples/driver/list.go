package driver

import (
	"context"

	"github.com/polystore/storage"
	"github.com/polystore/storage/driver"
)

// maxPage is the largest page, and what the table is asked for at once.
const maxPage = 1000

// ListPage lists objects and, with a delimiter, common prefixes among them.
func (s *Store) ListPage(ctx context.Context, opts *storage.ListOptions) (*storage.Page, error) {
	if err := driver.ContextErr(ctx); err != nil {
		return nil, err
	}
	walk := func(from string, yield func(*storage.Object) bool) error {
		for {
			rows, err := s.table.scan(ctx, from, maxPage)
			if err != nil {
				return classify(err, false)
			}
			for _, r := range rows {
				o, _, err := decode(r)
				if err != nil || !yield(o) {
					return err
				}
				from = r.key + "\x00" // the next key there can be
			}
			if len(rows) < maxPage {
				return nil
			}
		}
	}
	return driver.ListPage(opts, maxPage, walk)
}
