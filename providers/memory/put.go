package memory

import (
	"context"
	"io"

	"github.com/polystore/storage"
	"github.com/polystore/storage/driver"
)

// Put writes an object.
func (s *Store) Put(
	ctx context.Context, key string, body io.ReadSeeker, size int64, opts *storage.PutOptions,
) (*storage.Object, error) {
	if err := driver.ContextErr(ctx); err != nil {
		return nil, err
	}
	data, err := driver.ReadAll(ctx, body, size)
	if err != nil {
		return nil, err
	}
	sums, err := s.hasher.VerifyBytes(ctx, data, &opts.Checksums)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := driver.ContextErr(ctx); err != nil {
		return nil, err
	}
	return s.commit(key, newVersion(data, sums, opts), opts.IfAbsent, opts.IfMatch)
}
