package azure

import (
	"context"

	"github.com/polystore/storage"
	"github.com/polystore/storage/driver"
)

// CreateUpload makes no request: an upload is the name that its blocks share. What it refuses,
// CompleteUpload would.
func (s *Store) CreateUpload(
	ctx context.Context, key string, opts *storage.PutOptions,
) (string, error) {
	if err := ctx.Err(); err != nil {
		return "", &storage.Error{Err: err}
	}
	if err := checkKey(key); err != nil {
		return "", err
	}
	if err := s.checkHeaders(opts); err != nil {
		return "", err
	}
	id := newUploadID(key)
	if err := checkMetadata(opts.Metadata, id); err != nil {
		return "", err
	}
	return id, nil
}

// AbortUpload is errors.ErrUnsupported, for Azure has no request for it: the blocks stay until the
// object is written, or for a week.
func (s *Store) AbortUpload(_ context.Context, key, _ string) error {
	if err := invalidKey(key, unaskable(key)); err != nil {
		return err
	}
	return driver.Unsupportedf(
		"dropping the blocks of an upload: they go by themselves within a week",
	)
}

// PartLimits are those of block blobs, whatever the options.
func (s *Store) PartLimits(*storage.PutOptions) storage.PartLimits {
	return storage.PartLimits{
		Min: 1, Max: maxBlock, MaxObject: maxBlock * maxBlocks, Count: maxBlocks, Parallel: true,
	}
}
