package file

import (
	"context"
	"errors"
	"io/fs"
	"slices"
	"strings"

	"github.com/polystore/storage"
	"github.com/polystore/storage/driver"
)

// errMoved says that a path no longer is what it was found to be: look again.
var errMoved = errors.New("changed by another process again and again")

// maxMoves bounds how often a call looks again.
const maxMoves = 100

// A spot is a regular file that holds an object.
type spot struct {
	path string
	fi   fs.FileInfo
}

// A way leads from the root to the directory that an object of some key can be in. There are two
// of them: by directories with the names of the segments, and by directories with these names and
// mark, which no file can be in the way of.
//
// There is one file of an object at most, unless another program made the second: our own writers
// never move an object that exists, they only choose a way for a new one. That is why looking at
// the end of one way after the other cannot miss an object.
type way struct {
	segs []string // of the directories
	mark string   // "" or mark
}

// ways are those of a key that has directories of these segments, the one that counts first.
func ways(segs []string) []way {
	if len(segs) == 0 {
		return []way{{}}
	}
	return []way{{segs, ""}, {segs, mark}}
}

// name is that of the directory number i, the first being 0.
func (w way) name(i int) string { return w.segs[i] + w.mark }

// path is that of the first n directories.
func (w way) path(n int) string {
	if n == 0 {
		return "."
	}
	if w.mark == "" {
		return pathOf(w.segs[:n])
	}
	return strings.Join(w.segs[:n], w.mark+"/") + w.mark
}

func pathOf(segs []string) string { return strings.Join(segs, "/") }

// isBeside reports whether the directory at path is on the way of those with mark.
func isBeside(path string) bool { return path != "." && strings.HasSuffix(path, mark) }

// openWay opens the directory at the end of w; nil if it is not there. The caller closes it, unless
// it is the root.
func (s *Store) openWay(w way) (*handle, error) {
	n := len(w.segs)
	if n > 0 && s.resolves() {
		if d, known, err := s.resolve(w, n); known {
			return d, err
		}
	}
	d, depth, err := s.descend(w)
	if err != nil || depth == n {
		return d, err
	}
	s.leave(d)
	return nil, nil
}

// resolve opens the first n directories of w by one system call; nil if they are not there. It
// reports whether it knows.
//
// An os.Root would follow a link inside the bucket, so what the kernel refuses is left to descend.
func (s *Store) resolve(w way, n int) (_ *handle, known bool, err error) {
	d, known, err := s.root.subFast(w.path(n))
	if known && isGone(err) {
		return nil, true, nil
	}
	return d, known, err
}

// descend goes down w by open directories, so that its cost grows with the depth of a key and not
// with the square of it. It returns the deepest directory that is there, and how deep it is.
func (s *Store) descend(w way) (d *handle, depth int, err error) {
	d = s.root
	for i := range w.segs {
		fi, err := s.lstatIn(d, w.name(i))
		var sub *handle
		if err == nil && fi != nil && fi.IsDir() {
			sub, err = d.sub(w.name(i))
		}
		if err != nil && !isGone(err) {
			s.leave(d)
			return nil, 0, err
		}
		if sub == nil {
			return d, i, nil
		}
		s.leave(d)
		d = sub
	}
	return d, len(w.segs), nil
}

// leave closes a directory, unless it is the root.
func (s *Store) leave(d *handle) {
	if d != nil && d != s.root {
		d.Close()
	}
}

// deepest returns the path of the deepest directory that is there on w. Where one call resolves a
// path, it tries the whole way first, and then halves what it does not know.
func (s *Store) deepest(w way) (string, error) {
	there, gone := 0, len(w.segs)+1
	if !s.resolves() {
		gone = 0
	}
	for try := len(w.segs); gone-there > 1; try = (there + gone) / 2 {
		switch d, known, err := s.resolve(w, try); {
		case !known:
			gone = 0
		case err != nil:
			return "", err
		case d == nil:
			gone = try
		default:
			d.Close()
			there = try
		}
	}
	if gone > 0 {
		return w.path(there), nil
	}
	d, depth, err := s.descend(w)
	s.leave(d)
	return w.path(depth), err
}

// at looks for the object of segs on one of its ways.
func (s *Store) at(w way, segs []string) (*spot, error) {
	d, err := s.openWay(w)
	if d == nil || err != nil {
		return nil, err
	}
	defer s.leave(d)
	dir, name := w.path(len(w.segs)), segs[len(segs)-1]
	fi, err := s.lstatIn(d, name)
	if err == nil && fi != nil && fi.IsDir() && w.mark == "" {
		name += "/" + over
		fi, err = s.lstatIn(d, name)
	}
	if err != nil || fi == nil || !fi.Mode().IsRegular() {
		return nil, err
	}
	return &spot{join(dir, name), fi}, nil
}

// find returns where the object is; path is "" if it is nowhere. Most objects are where their key
// says.
func (s *Store) find(segs []string) (path string, fi fs.FileInfo, err error) {
	for _, w := range ways(segs[:len(segs)-1]) {
		switch at, err := s.at(w, segs); {
		case err != nil:
			return "", nil, err
		case at != nil:
			return at.path, at.fi, nil
		}
	}
	return "", nil, nil
}

// findAll returns every place of the object, the one that counts first.
func (s *Store) findAll(segs []string) (spots []spot, err error) {
	for _, w := range ways(segs[:len(segs)-1]) {
		at, err := s.at(w, segs)
		if err != nil {
			return nil, err
		}
		if at != nil {
			spots = append(spots, *at)
		}
	}
	return spots, nil
}

// ends returns the directories that the object of segs would be in, as far as they are there. The
// last of the plain ones may be that of its own name, which has the object over a directory.
func (s *Store) ends(segs []string) (dirs []string, err error) {
	for _, w := range []way{{segs, ""}, {segs[:len(segs)-1], mark}} {
		dir, err := s.deepest(w)
		if err != nil {
			return nil, err
		}
		dirs = append(dirs, dir)
	}
	return dirs, nil
}

// resolves reports whether the kernel finds a path, as it is spelled, in one call.
func (s *Store) resolves() bool { return s.root.fast() && !s.exactCase.Load() }

// lstatIn describes a name in the directory d. It returns nil if nothing is there. It never follows
// a link: a link is no object and no directory to this driver.
func (s *Store) lstatIn(d *handle, name string) (fs.FileInfo, error) {
	fi, err := d.Lstat(name)
	if isGone(err) {
		return nil, nil
	}
	if err == nil && s.exactCase.Load() {
		if ok, err := s.spelled(d, name); err != nil || !ok {
			return nil, err
		}
	}
	return fi, err
}

// lstatForWrite is lstatIn, but a name that differs in case only is an error: what is there is
// another key's.
func (s *Store) lstatForWrite(d *handle, name string) (fs.FileInfo, error) {
	fi, err := s.lstatIn(d, name)
	if err != nil || fi != nil || !s.exactCase.Load() {
		return fi, err
	}
	if _, err := d.Lstat(name); err == nil {
		return nil, driver.Errorf(storage.ErrInvalidKey,
			"another key differs in case or composition only, and the file system does not tell "+
				"them apart")
	}
	return nil, nil
}

// spelled reports whether the name of a path below d is in its directory in exactly this spelling.
// That costs reading the directory; there is no portable call that tells.
func (s *Store) spelled(d *handle, path string) (bool, error) {
	dir, name := parent(path)
	names, err := s.namesIn(d, dir)
	return slices.Contains(names, name), err
}

// names returns the names in a directory; nil if it is not there.
func (s *Store) names(dir string) ([]string, error) { return s.namesIn(s.root, dir) }

// namesIn is names for a directory below d.
func (s *Store) namesIn(d *handle, dir string) (names []string, err error) {
	_, err = s.eachIn(context.Background(), d, dir, func(name string, _ fs.FileMode) bool {
		names = append(names, name)
		return true
	})
	return names, err
}
