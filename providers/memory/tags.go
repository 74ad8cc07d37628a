package memory

import (
	"context"

	"github.com/polystore/storage"
	"github.com/polystore/storage/driver"
)

// Tags returns a copy of an object's tags.
func (s *Store) Tags(
	ctx context.Context, key string, opts *storage.TagsOptions,
) (map[string]string, error) {
	if err := driver.ContextErr(ctx); err != nil {
		return nil, err
	}
	v, err := s.find(key, opts.VersionID)
	if err != nil {
		return nil, err
	}
	if a := v.attributes(); a.extra != nil {
		return a.extra.tags.clone(), nil
	}
	return nil, nil
}
