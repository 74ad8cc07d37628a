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
	v, o, err := s.read(ctx, key, driver.ReadConditions(opts))
	if err != nil {
		return nil, err
	}
	offset, length, err := driver.ResolveRange(opts, o.Size)
	if err != nil {
		return nil, err
	}
	return &storage.GetResult{
		Object: o,
		Body:   driver.BytesBody(ctx, v.data[offset:offset+length]),
		Offset: offset,
		Length: length,
	}, nil
}

// read finds and describes the version that opts asks for, and holds their conditions against it.
func (s *Store) read(
	ctx context.Context, key string, opts *storage.StatOptions,
) (*version, *storage.Object, error) {
	if err := driver.ContextErr(ctx); err != nil {
		return nil, nil, err
	}
	v, err := s.find(key, opts.VersionID)
	if err != nil {
		return nil, nil, err
	}
	o := v.describe(key)
	if err := driver.CheckRead(opts, o); err != nil {
		return nil, nil, err
	}
	return v, o, nil
}
