package file

import (
	"context"
	"io/fs"
	"slices"
	"sync"
	"time"
)

// indexes keeps the names of the directories that lists were in last, so that a page costs the page
// and not the directory. It changes nothing that a list returns. An index is used again in two
// cases: the directory has not changed since it was read, or the system has told every name that
// came to it.
type indexes struct {
	mu    sync.Mutex
	dirs  map[string]*indexed
	reads []*reading
	clock uint64 // counts uses
	watch watch
}

type indexed struct {
	*index
	fi     fs.FileInfo // of the directory, from before it was read
	readAt time.Time
	first  int // its size, when it was read
	used   uint64
	wd     int // of the watch; 0: none
}

const (
	// maxIndex is how much memory the names of a directory take while a list is in it, and how much
	// is kept of all of them between pages. A directory with more is read in parts: 1,000,000 names
	// of 20 bytes take 27 MB. While it is read there may be twice as much.
	maxIndex = 64 << 20

	maxIndexes = 64 // directories, whatever they have

	// Directories of this size are watched. Others are read faster than they change.
	watchFrom = 32 << 10
)

// indexOf returns the names of a directory, from the order start on; nil if it is not there. A
// change that was made before the call is in it.
func (s *Store) indexOf(ctx context.Context, t *trail, dir, start string) (*index, error) {
	fi, err := t.lstat(dir)
	if isGone(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if x := s.indexes.take(dir, fi, start); x != nil {
		return x, nil
	}
	d, err := t.open(dir)
	if err != nil {
		return nil, err
	}
	kept := &indexed{fi: fi, readAt: time.Now()}
	r := s.indexes.begin(d, fi)
	defer s.indexes.end(r)
	x := new(index)
	n := 0
	_, err = s.eachIn(ctx, d, ".", func(name string, typ fs.FileMode) bool {
		if x.add(name, typ); x.size() >= 2*s.maxIndex {
			x.cut(start, s.maxIndex)
		}
		if n++; n%1024 == 0 {
			return ctx.Err() == nil
		}
		return true
	})
	if err == nil {
		err = ctx.Err()
	}
	if err != nil {
		return nil, atPath(err, dir)
	}
	if x.size() > s.maxIndex {
		x.cut(start, s.maxIndex)
	} else {
		x.sort()
	}
	kept.index, kept.first = x, x.size()
	return s.indexes.keep(dir, kept, r, s.maxIndex), nil
}

// take returns the index of a directory that is now as fi says; nil if there is none that holds.
func (c *indexes) take(dir string, fi fs.FileInfo, start string) *index {
	c.mu.Lock()
	defer c.mu.Unlock()
	x := c.dirs[dir]
	if x == nil {
		return nil
	}
	if x.wd != 0 {
		c.drain()
		if x = c.dirs[dir]; x == nil {
			return nil
		}
	}
	if !sameFile(x.fi, fi) || x.wd == 0 && !x.unchanged(fi) || !x.covers(start) {
		c.drop(dir)
		return nil
	}
	c.clock++
	x.used = c.clock
	return x.index
}

// unchanged reports whether the directory, which is now as fi says, is as it was when it was read.
func (x *indexed) unchanged(fi fs.FileInfo) bool {
	// A change within the same tick of the file system's clock would not show.
	return x.fi.ModTime().Equal(fi.ModTime()) && ctime(x.fi) == ctime(fi) &&
		x.readAt.Sub(x.fi.ModTime()) >= maxTick
}

// keep keeps an index, with what has come to its directory while it was read.
func (c *indexes) keep(dir string, x *indexed, r *reading, size int) *index {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.dirs == nil {
		c.dirs = make(map[string]*indexed)
	}
	if r.wd != 0 {
		c.drain()
		if !r.lost {
			x.wd = r.wd
			x.index = x.with(&r.added)
		}
	}
	for other, y := range c.dirs { // the same directory by another path has the same watch
		if other == dir || x.wd != 0 && y.wd == x.wd {
			c.drop(other)
		}
	}
	c.clock++
	x.used = c.clock
	c.dirs[dir] = x
	c.evict(size)
	return x.index
}

// evict drops what was not used for longest until the rest has at most size bytes.
func (c *indexes) evict(size int) {
	for {
		total, oldest := 0, ""
		for dir, x := range c.dirs {
			total += x.size()
			if oldest == "" || x.used < c.dirs[oldest].used {
				oldest = dir
			}
		}
		if len(c.dirs) <= 1 || total <= size && len(c.dirs) <= maxIndexes {
			return
		}
		c.drop(oldest)
	}
}

// done forgets a large directory that a list has come to the end of.
func (c *indexes) done(dir string, x *index) {
	if x.size() < watchFrom {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if kept := c.dirs[dir]; kept != nil {
		c.drop(dir)
	}
}

func (c *indexes) drop(dir string) {
	wd := c.dirs[dir].wd
	delete(c.dirs, dir)
	c.release(wd)
}

// A reading is a directory that is being read. What comes to it meanwhile may be missed.
type reading struct {
	wd    int // 0: not watched
	added index
	lost  bool // the system could not tell everything
}

// drain adds the names that have come to the directories that are watched. What it does not know
// all about, it drops.
func (c *indexes) drain() {
	added := make(map[int]*index)
	all := c.watch.read(func(wd int, name string, typ fs.FileMode) {
		if added[wd] == nil {
			added[wd] = new(index)
		}
		added[wd].add(name, typ)
		for _, r := range c.reads {
			if r.wd == wd {
				r.added.add(name, typ)
			}
		}
	}, func(wd int) {
		for dir, x := range c.dirs {
			if x.wd == wd {
				delete(c.dirs, dir)
			}
		}
		for _, r := range c.reads {
			r.lost = r.lost || r.wd == wd
		}
	})
	for _, r := range c.reads {
		r.lost = r.lost || !all
	}
	for dir, x := range c.dirs {
		switch a := added[x.wd]; {
		case x.wd == 0:
		case !all:
			c.drop(dir)
		case a != nil:
			if x.index = x.with(a); x.size() > x.first+x.first/4+watchFrom {
				c.drop(dir) // as much of it may be names that have gone
			}
		}
	}
}

// begin watches a directory that is about to be read, if that is worth it.
func (c *indexes) begin(d *handle, fi fs.FileInfo) *reading {
	r := new(reading)
	if fi.Size() < watchFrom {
		return r
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if r.wd = c.watch.add(d); r.wd != 0 {
		c.reads = append(c.reads, r)
	}
	return r
}

// end ends a reading, and gives up its watch if nothing was kept.
func (c *indexes) end(r *reading) {
	if r.wd == 0 {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.reads = slices.DeleteFunc(c.reads, func(other *reading) bool { return other == r })
	c.release(r.wd)
}

// release removes a watch that nothing needs any more.
func (c *indexes) release(wd int) {
	for _, x := range c.dirs {
		if x.wd == wd {
			return
		}
	}
	for _, r := range c.reads {
		if r.wd == wd {
			return
		}
	}
	if wd != 0 {
		c.watch.remove(wd)
	}
}

// close gives up the watches.
func (c *indexes) close() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.dirs = nil
	c.watch.close()
}
