package driver

import (
	"context"

	"github.com/polystore/storage"
)

// Delete removes an object. A missing one is not an error, except with IfMatch.
func (s *Store) Delete(ctx context.Context, key string, opts *storage.DeleteOptions) error {
	want, err := expected(false, opts.IfMatch)
	if err != nil {
		return err
	}
	return classify(s.table.remove(ctx, key, want), storage.ErrPrecondition)
}
