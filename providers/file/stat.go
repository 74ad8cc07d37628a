package file

import (
	"context"

	"github.com/polystore/storage"
	"github.com/polystore/storage/driver"
)

// Stat describes the object.
func (s *Store) Stat(
	ctx context.Context, key string, opts *storage.StatOptions,
) (*storage.Object, error) {
	f, a, err := s.open(ctx, key, opts.VersionID)
	if err != nil {
		return nil, err
	}
	f.Close()
	o := a.object(key)
	if err := driver.CheckRead(opts, o); err != nil {
		return nil, err
	}
	return o, nil
}

// stat returns what is known of the object.
func (s *Store) stat(ctx context.Context, key string) (*attrs, error) {
	f, a, err := s.open(ctx, key, "")
	if err != nil {
		return nil, err
	}
	f.Close()
	return a, nil
}
