package file

import (
	"context"

	"github.com/polystore/storage"
)

// Delete removes the object, and the directories that are empty without it.
func (s *Store) Delete(ctx context.Context, key string, opts *storage.DeleteOptions) error {
	segs, err := split(key)
	if err != nil {
		return err
	}
	if err := s.begin(ctx); err != nil {
		return err
	}
	defer s.end()
	held, err := s.lock(ctx, key)
	if err != nil {
		return classify(err)
	}
	defer held.release()
	if err := s.check(ctx, key, condition{ifMatch: opts.IfMatch}); err != nil {
		return err
	}
	spots, err := s.findAll(segs)
	if err == nil && len(spots) == 0 {
		err = s.settle(segs) // that it is gone, whoever removed it
	}
	if err != nil {
		return classify(err)
	}
	return s.removeAll(held, key, spots)
}
