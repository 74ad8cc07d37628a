package azure

import (
	"context"
	"net/http"

	"github.com/polystore/storage"
	"github.com/polystore/storage/driver"
)

// Delete makes one Delete Blob. Snapshots are not deleted along: an object that has some stays,
// with an error that says so.
func (s *Store) Delete(ctx context.Context, key string, opts *storage.DeleteOptions) error {
	if err := driver.CheckMatch(opts.IfMatch); err != nil {
		return err
	}
	if err := s.checkAsked(ctx, key); err != nil {
		return driver.GoneErr(err, opts.IfMatch)
	}
	in := s.newRequest(http.MethodDelete, key, "", http.StatusAccepted)
	in.Write = true
	in.Set(writeCondition(false, opts.IfMatch, &in.Attempt))
	_, err := s.sendWrite(ctx, in)
	if e, ok := err.(*storage.Error); ok && e.Kind == storage.ErrNotExist {
		return nil
	}
	return err
}
