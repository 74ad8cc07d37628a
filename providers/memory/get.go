package memory

import (
	"context"

	"github.com/polystore/storage"
	"github.com/polystore/storage/driver"
)

// Get opens an object.
func (s *Store) Get(
	ctx context.Context, key string, opts *storage.GetOptions,
) (*storage.GetResult, error) {
	v, err := s.read(ctx, key, driver.ReadConditions(opts))
	if err != nil {
		return nil, err
	}
	offset, length, err := driver.ResolveRange(opts, v.object.Size)
	if err != nil {
		return nil, err
	}
	return &storage.GetResult{
		Object: v.describe(),
		Body:   driver.BytesBody(ctx, v.data[offset:offset+length]),
		Offset: offset,
		Length: length,
	}, nil
}

// read finds the version that opts asks for and holds their conditions against it.
func (s *Store) read(
	ctx context.Context, key string, opts *storage.StatOptions,
) (*version, error) {
	if err := driver.ContextErr(ctx); err != nil {
		return nil, err
	}
	v, err := s.find(key, opts.VersionID)
	if err != nil {
		return nil, err
	}
	return v, driver.CheckRead(opts, v.object)
}
