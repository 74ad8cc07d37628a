package file

import (
	"os"
	"slices"
	"sync"
)

// pageCache keeps the walks of the last few pages, so that a list of a large directory does not
// read it for each page. It changes nothing that a list returns: a walk is taken up again only if
// none of the directories that it has read has changed since.
type pageCache struct {
	mu    sync.Mutex
	walks map[pageKey]*walk
}

// pageKey is what a walk at the end of a page depends on.
type pageKey struct{ prefix, delimiter, after string }

const maxPages = 4

func (c *pageCache) keep(w *walk, last string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.walks == nil || len(c.walks) >= maxPages {
		c.walks = make(map[pageKey]*walk, maxPages)
	}
	c.walks[pageKey{w.prefix, w.delimiter, last}] = w
}

func (c *pageCache) take(k pageKey) *walk {
	c.mu.Lock()
	defer c.mu.Unlock()
	w := c.walks[k]
	delete(c.walks, k)
	return w
}

// walkFrom takes up the walk of the page before, or begins a new one.
func (s *Store) walkFrom(prefix, delimiter, after string) (*walk, error) {
	if w := s.pages.take(pageKey{prefix, delimiter, after}); w != nil && w.current() {
		w.after = after
		return w, nil
	}
	return s.newWalk(prefix, delimiter, after)
}

// current reports whether the directories that the walk is in are as they were when it read them,
// and no other has come beside them.
func (w *walk) current() bool {
	dirs, err := w.s.dirsOf(w.stack[0].base)
	if err != nil || !slices.Equal(dirs, w.stack[0].dirs) {
		return false
	}
	for _, f := range w.stack {
		if f.readAt.IsZero() {
			continue
		}
		for i, dir := range f.dirs {
			was := f.state[i]
			now, err := w.s.root.Lstat(dir)
			if was == nil || err != nil ||
				!os.SameFile(was, now) || !was.ModTime().Equal(now.ModTime()) {
				return false
			}
			// A change within the same tick of the file system's clock would not show.
			if f.readAt.Sub(was.ModTime()) < maxTick {
				return false
			}
		}
	}
	return true
}
