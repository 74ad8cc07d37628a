package memory

import (
	"context"

	"github.com/polystore/storage"
)

// Stat describes an object.
func (s *Store) Stat(ctx context.Context, key string, opts *storage.StatOptions) (*storage.Object, error) {
	if err := alive(ctx); err != nil {
		return nil, err
	}
	v, err := s.find(key, opts.VersionID)
	if err != nil {
		return nil, err
	}
	if err := readable(v, opts); err != nil {
		return nil, err
	}
	return v.describe(), nil
}
