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
	unlock, err := s.lock(ctx, key)
	if err != nil {
		return classify(err)
	}
	defer unlock()
	if err := s.check(ctx, key, condition{ifMatch: opts.IfMatch}); err != nil {
		return err
	}
	paths, err := s.findAll(segs)
	if err != nil {
		return classify(err)
	}
	// The one that counts goes last: with it gone, one behind it would appear.
	for i := len(paths) - 1; i >= 0; i-- {
		if err := s.root.Remove(paths[i]); err != nil && !isGone(err) {
			return classify(err)
		}
		if err := s.syncDirs(paths[i]); err != nil {
			return inDoubt(err)
		}
		s.prune(paths[i])
	}
	s.dropSidecars(key, "")
	return nil
}
