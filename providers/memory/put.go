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
	sums, err := s.sums(ctx, data, &opts.Checksums)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := driver.ContextErr(ctx); err != nil {
		return nil, err
	}
	return s.commit(newVersion(key, data, sums, opts), opts.IfAbsent, opts.IfMatch)
}

// sums returns the CRC-32C of data and every sum that want has, which are verified.
func (s *Store) sums(
	ctx context.Context, data []byte, want *storage.Checksums,
) (storage.Checksums, error) {
	got, err := s.hasher.SumBytes(ctx, data, driver.CRC32C|driver.Given(want))
	if err == nil {
		err = driver.Verify(&got, want)
	}
	return got, err
}
