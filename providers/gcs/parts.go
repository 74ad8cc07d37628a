package gcs

import (
	"context"

	"github.com/polystore/storage"
	"github.com/polystore/storage/driver"
)

// ListPartsPage makes one request for an XML multipart upload, and none for a resumable session,
// whose parts only this Store tells apart.
func (s *Store) ListPartsPage(
	ctx context.Context, key, uploadID string, opts *storage.ListPartsOptions,
) (*storage.PartPage, error) {
	if err := driver.ContextErr(ctx); err != nil {
		return nil, err
	}
	if err := s.checkAsked(key); err != nil {
		return nil, err
	}
	if id, ok := multipartID(uploadID); ok {
		return s.listMultipart(ctx, key, id, opts)
	}
	u, err := s.sessions.get(key, uploadID)
	if err != nil {
		return nil, err
	}
	return u.page(opts)
}
