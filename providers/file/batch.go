package file

import (
	"context"
	"io/fs"
	"slices"

	"github.com/polystore/storage"
	"github.com/polystore/storage/driver"
)

// maxBatch is that of S3 and GCS.
const maxBatch = 1000

// MaxBatch returns 1000.
func (s *Store) MaxBatch() int { return maxBatch }

// A removal is one key of a batch.
type removal struct {
	key      string
	segs     []string
	path     string   // of what was removed; "" if nothing was there
	dirs     []string // to be synced before it is said to be gone
	sidecars []string // that belong to nothing once it is
}

// DeleteBatch removes objects, and syncs each of their directories once.
func (s *Store) DeleteBatch(
	ctx context.Context, keys []string, _ *storage.DeleteBatchOptions,
) ([]error, error) {
	if len(keys) > maxBatch {
		return nil, driver.Invalidf("%d keys in a batch, at most %d", len(keys), maxBatch)
	}
	if err := s.begin(ctx); err != nil {
		return nil, err
	}
	defer s.end()
	errs := make([]error, len(keys))
	removals := make([]*removal, len(keys))
	for i, key := range keys {
		removals[i], errs[i] = s.remove(ctx, key)
	}
	synced := make(map[string]error)
	seen := make(map[string]bool)
	for i, r := range removals {
		if errs[i] != nil || r == nil {
			continue
		}
		for _, dir := range r.dirs {
			err, ok := synced[dir]
			if !ok {
				err = s.syncChain(dir, seen, func(now fs.FileInfo) bool {
					return s.durable.dir(dir, now)
				})
				synced[dir] = err
			}
			if err != nil {
				s.durable.owe(r.key)
				errs[i] = inDoubt(err)
				break
			}
		}
	}
	for i, r := range removals {
		if r == nil || r.path == "" {
			continue
		}
		if errs[i] == nil {
			s.durable.paid(r.key)
			s.dropBehind(ctx, r)
		}
	}
	return errs, nil
}

// remove removes the object key and leaves the sync to the caller; it returns nil, and no error,
// where all is done.
func (s *Store) remove(ctx context.Context, key string) (*removal, error) {
	segs, err := split(key)
	if err != nil {
		return nil, err
	}
	if err := driver.ContextErr(ctx); err != nil {
		return nil, err
	}
	held, err := s.lock(ctx, key)
	if err != nil {
		return nil, classify(err)
	}
	defer held.release()
	spots, err := s.findAll(segs)
	if err != nil {
		return nil, classify(err)
	}
	r := &removal{key: key, segs: segs}
	switch len(spots) {
	case 0:
		r.dirs, err = s.ends(segs)
	case 1:
		if r.sidecars, err = s.sidecars(key); err != nil {
			break
		}
		r.path = spots[0].path
		dir, _ := parent(r.path)
		r.dirs = []string{dir}
		err = held.remove(key, r.path)
	default:
		return nil, s.removeAll(held, key, spots)
	}
	return r, classify(err)
}

// dropBehind removes the sidecars of what was removed. Since then others may have made an object of
// the key, and a sidecar of its own by a name that was free again: whoever made it has removed what
// is old, or will. It is tidying, so nothing fails with it.
func (s *Store) dropBehind(ctx context.Context, r *removal) {
	if len(r.sidecars) == 0 {
		return
	}
	held, err := s.lock(ctx, r.key)
	if err != nil {
		return
	}
	defer held.release()
	if _, fi, err := s.find(r.segs); err == nil && fi == nil {
		s.removeSidecars(r.sidecars)
	}
}

// removeAll removes the files at spots, and the sidecars of key. The caller holds the lock of key.
func (s *Store) removeAll(held *held, key string, spots []spot) error {
	// The one that counts goes last: with it gone, one behind it would appear.
	for _, at := range slices.Backward(spots) {
		if err := held.remove(key, at.path); err != nil {
			return classify(err)
		}
		if err := s.synced(key, at.path); err != nil {
			return err
		}
	}
	s.dropSidecars(key, "")
	return nil
}

// remove removes the file of key at path, and the directories that are empty without it. All of
// that is durable with the next sync of what is left of them.
func (h *held) remove(key, path string) error {
	if dir, _ := parent(path); dir != "." { // also of a key of one segment, over a directory
		h.willChange(key)
	}
	if err := h.s.root.Remove(path); err != nil && !isGone(err) {
		switch there, e := h.s.exists(path); { // or was it done, and the answer lost?
		case e != nil:
			h.s.durable.owe(key)
			return inDoubt(e)
		case there:
			return err
		}
	}
	if h.s.prune(path) != nil {
		h.failed = true
	}
	return nil
}
