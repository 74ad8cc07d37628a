package file

import (
	"io/fs"
	"sync"
	"time"
)

// durable remembers what is known to be on disk, so that an answer which rests on a directory need
// not sync it each time. What is not remembered is synced; forgetting is always right.
//
// Knowing what this Store has written would not do: another writer may have made a directory, or
// put a file, a moment ago, and not synced it yet, or have been killed before it could.
type durable struct {
	mu      sync.Mutex
	dirs    map[string]syncedDir
	entries map[string]identity // files whose names, and all above, are on disk
	owed    map[string]bool     // keys with a change of ours that failed to be synced
	owedAll bool                // too many of them to tell one from another
}

// syncedDir is a directory that was synced when all above it were.
type syncedDir struct {
	fi      fs.FileInfo // from before the sync
	at      time.Time   // when fi was read
	settled bool        // a change after fi shows in fi's times
}

// identity tells a file at a path from any other that was there before or after.
type identity struct {
	inode              uint64
	size, mtime, ctime int64
}

func identityOf(fi fs.FileInfo) identity {
	return identity{inode(fi), fi.Size(), fi.ModTime().UnixNano(), ctime(fi)}
}

const (
	maxDurable = 4096 // of each kind

	// A change within one tick of the file system's clock leaves the same times as the change
	// before it. So the times of a directory settle when its last change was longer ago than any
	// tick.
	maxTick = 3 * time.Second
)

// dir reports whether every name in the directory dir, which is now as fi says, is on disk: it has
// not changed since it was synced.
func (d *durable) dir(dir string, fi fs.FileInfo) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	was, ok := d.dirs[dir]
	return ok && was.settled && sameFile(was.fi, fi) &&
		was.fi.ModTime().Equal(fi.ModTime()) && ctime(was.fi) == ctime(fi)
}

// entry reports whether the name of the file at path, which fi describes, is on disk. dir is what
// its directory is like now; renames says that a rename changes the ctime of a file, so that one
// which is older than the state that was synced was there before the sync.
func (d *durable) entry(path string, fi, dir fs.FileInfo, renames bool) bool {
	in, _ := parent(path)
	if d.dir(in, dir) {
		return true
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if id, ok := d.entries[path]; ok && id == identityOf(fi) {
		return true
	}
	was, ok := d.dirs[in]
	return ok && renames && sameFile(was.fi, dir) &&
		ctime(fi)+int64(maxTick) < ctime(was.fi) && ctime(was.fi) <= ctime(dir) &&
		!steppedBack(was.at)
}

// steppedBack reports whether the clock was set back since t: then an older time says nothing.
func steppedBack(t time.Time) bool {
	now := time.Now()
	return now.Round(0).Sub(t.Round(0)) < now.Sub(t)-10*time.Millisecond
}

func (d *durable) addDir(dir string, fi fs.FileInfo, at time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.dirs == nil || len(d.dirs) >= maxDurable {
		d.dirs = make(map[string]syncedDir)
	}
	d.dirs[dir] = syncedDir{fi, at, at.Sub(fi.ModTime()) >= maxTick}
}

func (d *durable) addEntry(path string, fi fs.FileInfo) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.entries == nil || len(d.entries) >= maxDurable {
		d.entries = make(map[string]identity)
	}
	d.entries[path] = identityOf(fi)
}

// owe notes that a change of key is in doubt because its directory could not be synced: whoever
// looks at it next, to find out what became of the change, syncs first.
func (d *durable) owe(key string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.owed == nil {
		d.owed = make(map[string]bool)
	}
	if d.owed[key] = true; len(d.owed) > maxDurable {
		d.owed, d.owedAll = nil, true
	}
}

func (d *durable) owes(key string) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.owedAll || d.owed[key]
}

func (d *durable) paid(key string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.owed, key)
}
