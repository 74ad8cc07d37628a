package memory

import (
	"context"

	"github.com/polystore/storage"
)

// Stat describes an object.
func (s *Store) Stat(
	ctx context.Context, key string, opts *storage.StatOptions,
) (*storage.Object, error) {
	_, o, err := s.read(ctx, key, opts)
	return o, err
}
