package gcs

import (
	"context"

	"github.com/polystore/storage"
	"github.com/polystore/storage/driver"
)

// CompleteUpload makes one request. Of opts.Checksums CRC32C, CRC32 and CRC64NVME are held against
// those of the parts, as far as these have them; the others cannot be known here and are
// errors.ErrUnsupported.
func (s *Store) CompleteUpload(
	ctx context.Context, key, uploadID string, parts []*storage.Part, opts *storage.PutOptions,
) (*storage.Object, error) {
	if err := checkKey(key); err != nil {
		return nil, err
	}
	sums := storage.CombineChecksums(parts)
	unfit := driver.CheckParts(parts, maxObject/chunk)
	if unfit == nil {
		unfit = driver.Verify(&sums, &opts.Checksums)
	}
	if id, ok := multipartID(uploadID); ok {
		switch {
		case s.resumable(opts):
			return nil, driver.Unsupportedf("a condition, or tags, on an XML multipart upload")
		case unfit != nil:
			return nil, unfit
		}
		return s.completeMultipart(ctx, key, id, parts, sums, opts)
	}
	u, err := s.sessions.get(key, uploadID)
	switch {
	case err != nil:
		return nil, err
	case u.isRefused():
		return nil, u.refuse()
	case unfit != nil:
		return nil, unfit
	}
	if err := u.enter(ctx); err != nil {
		return nil, err
	}
	defer u.leave()
	return s.completeSession(ctx, u, parts, sums)
}
