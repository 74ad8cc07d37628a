package file

import (
	"io/fs"
	"os"
	"sync"
	"time"
)

// durableDirs remembers directories whose names are known to be on disk, so that a write need not
// sync all the directories above its own each time. Syncing only those that this call has made
// would not do: another writer may have made one a moment ago, and not synced it yet, or have been
// killed before it could.
type durableDirs struct {
	mu   sync.Mutex
	dirs map[string]fs.FileInfo // as they were before they were synced
}

const (
	maxDurable = 4096

	// A change within one tick of the file system's clock leaves the same modification time as the
	// change before it. So a directory is remembered only when its last change was longer ago than
	// any tick.
	maxTick = 3 * time.Second
)

// is reports whether the directory dir, which is now as fi says, has not changed since it was
// synced.
func (d *durableDirs) is(dir string, fi fs.FileInfo) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	was := d.dirs[dir]
	return was != nil && os.SameFile(was, fi) && was.ModTime().Equal(fi.ModTime())
}

func (d *durableDirs) add(dir string, fi fs.FileInfo) {
	if age := time.Since(fi.ModTime()); age < maxTick {
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.dirs == nil || len(d.dirs) >= maxDurable {
		d.dirs = make(map[string]fs.FileInfo)
	}
	d.dirs[dir] = fi
}

// syncDirs makes path, and every directory above it, durable. A directory that is no more is none
// of its business: whoever removed the object from it came after.
func (s *Store) syncDirs(path string) error {
	dir, _ := parent(path)
	if err := s.syncDir(dir); err != nil && !isGone(err) {
		return err
	}
	for dir != "." {
		dir, _ = parent(dir)
		fi, err := s.root.Lstat(dir)
		if isGone(err) || err == nil && s.durable.is(dir, fi) {
			continue
		}
		if err == nil {
			err = s.syncDir(dir)
		}
		if err != nil && !isGone(err) {
			return err
		}
		if err == nil {
			s.durable.add(dir, fi)
		}
	}
	return nil
}
