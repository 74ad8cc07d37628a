package memory

import (
	"context"

	"github.com/polystore/storage"
	"github.com/polystore/storage/driver"
)

// Delete removes an object.
func (s *Store) Delete(ctx context.Context, key string, opts *storage.DeleteOptions) error {
	if err := driver.ContextErr(ctx); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := check(s.objects.get(key), false, opts.IfMatch); err != nil {
		return err
	}
	s.objects.remove(key)
	return nil
}
