package driver

import (
	"cmp"
	"context"

	"github.com/polystore/storage"
	"github.com/polystore/storage/driver"
)

// Get opens an object, or a range of it.
func (s *Store) Get(
	ctx context.Context, key string, opts *storage.GetOptions,
) (*storage.GetResult, error) {
	o, data, err := s.read(ctx, key, driver.ReadConditions(opts))
	if err != nil {
		return nil, err
	}
	offset, length, err := driver.ResolveRange(opts, o.Size)
	if err != nil {
		return nil, err
	}
	body := driver.BytesBody(ctx, data[offset:offset+length])
	return &storage.GetResult{Object: o, Body: body, Offset: offset, Length: length}, nil
}

// Stat describes an object.
func (s *Store) Stat(
	ctx context.Context, key string, opts *storage.StatOptions,
) (*storage.Object, error) {
	o, _, err := s.read(ctx, key, opts)
	if err != nil {
		return nil, err
	}
	return o, nil
}

// read fetches a row and holds the conditions against it.
func (s *Store) read(
	ctx context.Context, key string, opts *storage.StatOptions,
) (*storage.Object, []byte, error) {
	err := cmp.Or(driver.ContextErr(ctx), driver.Refuse("VersionID", opts.VersionID != ""))
	if err != nil {
		return nil, nil, err
	}
	r, err := s.table.get(ctx, key)
	if err != nil {
		return nil, nil, classify(err, false)
	}
	o, data, err := decode(r)
	if err != nil {
		return nil, nil, err
	}
	return o, data, driver.CheckRead(opts, o)
}
