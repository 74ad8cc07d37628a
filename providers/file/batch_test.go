package file

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/polystore/storage"
)

// DeleteBatch removes the attributes of what it removed, and never those of an object that others
// have put in its place meanwhile, although their file may have the same name.
func TestDeleteBatchBesideWriter(t *testing.T) {
	for _, again := range []bool{false, true} {
		dir := t.TempDir()
		synctest.Test(t, func(t *testing.T) { // in one tick of the clock
			s, other := openStore(t, dir), openStore(t, dir)
			for _, s := range []*Store{s, other} {
				s.noXattr, s.tick = true, 2*time.Second
			}
			put(t, s, "d/stays", "", nil)
			put(t, s, "d/k", "1234", fullOptions())
			synced := false
			s.failSync = func(dir string) error {
				if dir != "d" || synced || !again {
					return nil
				}
				synced = true
				put(t, other, "d/k", "5678", fullOptions())
				remove(t, other, "d/k")
				put(t, other, "d/k", "9abc", fullOptions())
				return nil
			}
			for _, err := range deleteBatch(t, s, "d/k") {
				if err != nil {
					t.Error(err)
				}
			}
			if again != synced {
				t.Errorf("the directory was synced: %v", synced)
			}
			left, err := s.sidecars("d/k")
			if !again {
				if len(left) > 0 || err != nil {
					t.Errorf("left behind: %q, %v", left, err)
				}
				return
			}
			o, err := other.Stat(t.Context(), "d/k", new(storage.StatOptions))
			if err != nil || o.ContentType != fullOptions().ContentType {
				t.Errorf("the object that was put meanwhile is %+v, %v", o, err)
			}
			remove(t, s, "d/k")
		})
	}
}
