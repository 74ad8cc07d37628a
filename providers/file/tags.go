package file

import (
	"context"

	"github.com/polystore/storage"
)

// Tags returns the tags of an object, which are among its attributes.
func (s *Store) Tags(
	ctx context.Context, key string, opts *storage.TagsOptions,
) (map[string]string, error) {
	f, a, err := s.open(ctx, key, opts.VersionID)
	if err != nil {
		return nil, err
	}
	f.Close()
	return a.Tags, nil
}
