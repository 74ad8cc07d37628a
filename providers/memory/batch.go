package memory

import (
	"context"

	"github.com/polystore/storage"
	"github.com/polystore/storage/driver"
)

// maxBatch is S3's and GCS's limit, too.
const maxBatch = 1000

// MaxBatch returns 1000.
func (s *Store) MaxBatch() int { return maxBatch }

// DeleteBatch removes objects.
func (s *Store) DeleteBatch(
	ctx context.Context, keys []string, _ *storage.DeleteBatchOptions,
) ([]error, error) {
	if err := driver.ContextErr(ctx); err != nil {
		return nil, err
	}
	if len(keys) > maxBatch {
		return nil, driver.Invalidf("%d keys in a batch, at most %d", len(keys), maxBatch)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, key := range keys {
		s.objects.remove(key)
	}
	return make([]error, len(keys)), nil
}
