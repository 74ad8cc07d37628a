package file

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"
)

// syncs are the syncs of directories that are under way. Callers that want the same directory
// synced while one sync runs share the next.
type syncs struct {
	mu   sync.Mutex
	last map[syncKey]*syncCall
}

// syncKey is a directory: its inode, too, since another may take its path.
type syncKey struct {
	path  string
	inode uint64
}

type syncCall struct {
	before  *syncCall // the one that runs still, perhaps
	started bool      // too late to join
	done    chan struct{}
	err     error
}

// do calls sync, which syncs the directory k, or waits for a call by another goroutine that begins
// after this one.
func (g *syncs) do(k syncKey, sync func() error) error {
	g.mu.Lock()
	c := g.last[k]
	if c != nil && !c.started {
		g.mu.Unlock()
		<-c.done
		return c.err
	}
	c = &syncCall{before: c, done: make(chan struct{})}
	if g.last == nil {
		g.last = make(map[syncKey]*syncCall)
	}
	g.last[k] = c
	g.mu.Unlock()
	if c.before != nil {
		<-c.before.done
		c.before = nil
	}
	g.mu.Lock()
	c.started = true
	g.mu.Unlock()
	defer func() {
		g.mu.Lock()
		if g.last[k] == c {
			delete(g.last, k)
		}
		g.mu.Unlock()
		close(c.done)
	}()
	c.err = sync()
	return c.err
}

// syncFile makes the bytes and attributes of a file durable.
func (s *Store) syncFile(f *os.File) error {
	if s.beforeSync != nil {
		s.beforeSync()
	}
	return f.Sync()
}

// syncShared makes the names in a directory durable.
func (s *Store) syncShared(l link) error {
	return s.syncs.do(syncKey{l.path, inode(l.fi)}, func() error {
		d, err := l.d.Open(".")
		if err != nil {
			return err
		}
		defer d.Close()
		if s.beforeSync != nil {
			s.beforeSync()
		}
		if s.failSync != nil {
			err = s.failSync(l.path)
		}
		if err == nil {
			err = syncDir(d)
		}
		if s.noDirSync && isNoSync(err) {
			return nil
		}
		return err
	})
}

// isNoSync reports whether err says that directories cannot be synced at all.
func isNoSync(err error) bool {
	return errors.Is(err, syscall.EINVAL) || errors.Is(err, errors.ErrUnsupported)
}

// probeSync finds out whether the file system syncs directories. Some (SMB, some of FUSE) refuse
// it as an operation that they do not have; how durable names are is up to them then.
func (s *Store) probeSync() {
	d, err := s.root.Open(".")
	if err != nil {
		return
	}
	defer d.Close()
	s.stampsRenames = stampsRenames(d)
	s.noDirSync = isNoSync(syncDir(d))
}

// syncDirs makes the directory of path, and every one above it, durable. A directory that is no
// more is none of its business: whoever removed the object from it came after.
func (s *Store) syncDirs(path string) error {
	dir, _ := parent(path)
	return s.syncChain(dir, nil, func(fs.FileInfo) bool { return false })
}

// maxSyncs is how many directories a call syncs one by one. Where more are new, a key of hundreds
// of segments perhaps, the whole file system is synced at once instead, if there is a call for it.
const maxSyncs = 16

// A chain is the directories, from the root down, that a call has to sync.
type chain []link

type link struct {
	path string
	d    *handle // nil where maxSyncs have theirs
	fi   fs.FileInfo
	at   time.Time // before fi was read
}

func (s *Store) leaveChain(c chain) {
	for _, l := range c {
		s.leave(l.d)
	}
}

// syncChain syncs the directory dir, unless known says of it that it need not be, and those above
// it that have changed since they were synced. It begins at the top: where a file system keeps a
// journal, the first sync takes most of the work from the others. seen are the directories that the
// call has synced before, if it keeps them.
func (s *Store) syncChain(
	dir string, seen map[string]bool, known func(fs.FileInfo) bool,
) error {
	if err := s.syncAbove(); err != nil {
		return err
	}
	c, err := s.chain(dir, func(path string, fi fs.FileInfo) bool {
		switch {
		case seen[path]:
			return true
		case path == dir:
			return known(fi)
		}
		return s.durable.dir(path, fi)
	})
	defer s.leaveChain(c)
	if err != nil {
		return err
	}
	all := len(c) > maxSyncs
	for _, l := range c {
		if l.d == nil {
			l.d, err = s.root.sub(l.path) // there is no syncing all at once
			if isGone(err) {
				continue
			}
			if err != nil {
				return err
			}
			defer l.d.Close()
		}
		done, err := s.syncLink(l, all)
		if err != nil {
			return err
		}
		if done {
			break
		}
	}
	for _, l := range c {
		s.durable.addDir(l.path, l.fi, l.at)
		if seen != nil {
			seen[l.path] = true
		}
	}
	return nil
}

// syncLink syncs a directory, or with all, where that is possible, everything: then it reports that
// nothing is left to be done.
func (s *Store) syncLink(l link, all bool) (done bool, err error) {
	if all && s.failSync == nil {
		d, err := l.d.Open(".")
		if err != nil {
			return false, err
		}
		defer d.Close()
		if done, err := syncAll(d); done || err != nil {
			return done, err
		}
	}
	return false, s.syncShared(l)
}

// chain goes down to dir and keeps what it comes by, but for directories of which known says that
// they need no sync. The caller leaves it.
func (s *Store) chain(dir string, known func(path string, fi fs.FileInfo) bool) (chain, error) {
	var c chain
	d, path, rest := s.root, ".", dir
	if dir == "." {
		rest = ""
	}
	for {
		at := time.Now()
		fi, err := d.Lstat(".")
		kept := false
		if err == nil && !known(path, fi) {
			l := link{path, nil, fi, at}
			if kept = len(c) < maxSyncs; kept {
				l.d = d
			}
			c = append(c, l)
		}
		if err != nil || rest == "" {
			if !kept {
				s.leave(d)
			}
			return c, err
		}
		name, below, _ := strings.Cut(rest, "/")
		sub, err := d.sub(name)
		if !kept {
			s.leave(d)
		}
		if isGone(err) {
			return c, nil
		}
		if err != nil {
			return c, err
		}
		d, path, rest = sub, join(path, name), below
	}
}

// settle makes the answer durable that a look at the object of segs gives: that it is there, as it
// is, or that it is not. Another writer's file, or its absence, may be younger than the last sync.
func (s *Store) settle(segs []string) error {
	path, fi, err := s.find(segs)
	if err != nil {
		return err
	}
	if path != "" {
		dir, _ := parent(path)
		err := s.syncChain(dir, nil, func(now fs.FileInfo) bool {
			return s.durable.entry(path, fi, now, s.stampsRenames)
		})
		if err == nil {
			s.durable.addEntry(path, fi)
		}
		return err
	}
	ends, err := s.ends(segs)
	if err != nil {
		return err
	}
	seen := make(map[string]bool)
	for _, dir := range ends {
		err := s.syncChain(dir, seen, func(now fs.FileInfo) bool { return s.durable.dir(dir, now) })
		if err != nil {
			return err
		}
	}
	return nil
}

// settleOwed is settle for a key with a change of ours in doubt: a look that is to find out what
// became of it must not show what a power cut takes back.
func (s *Store) settleOwed(key string) error {
	if !s.durable.owes(key) {
		return nil
	}
	segs, err := split(key)
	if err != nil {
		return err
	}
	if err := s.settle(segs); err != nil {
		return err
	}
	s.durable.paid(key)
	return nil
}

// syncAbove syncs the directories above the root, once: who made them may have been killed before
// their names were on disk. What may not be opened is left to who made it.
func (s *Store) syncAbove() error {
	s.above.Lock()
	defer s.above.Unlock()
	if s.aboveDone || s.dir == "" {
		return nil
	}
	for dir := s.dir; dir != filepath.Dir(dir); {
		dir = filepath.Dir(dir)
		f, err := os.Open(dir)
		if err == nil {
			err = syncDir(f)
			f.Close()
		}
		refused := isGone(err) || isNoSync(err) ||
			errors.Is(err, fs.ErrPermission) || errors.Is(err, syscall.EROFS)
		if err != nil && !refused {
			return err
		}
	}
	s.aboveDone = true
	return nil
}
