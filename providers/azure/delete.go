package azure

import (
	"context"

	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blob"

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
	a := writing()
	_, err := s.client.NewBlobClient(key).Delete(
		a.begin(ctx),
		&blob.DeleteOptions{AccessConditions: writeConditions(false, opts.IfMatch, a)},
	)
	if err != nil {
		if e := fail(ctx, a, err); e.Kind != storage.ErrNotExist {
			return e
		}
	}
	return nil
}
