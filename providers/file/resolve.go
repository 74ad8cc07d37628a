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

// A search looks for the files that hold one object. There is one at most, unless another program
// made the second: our own writers never move an object that exists, they only choose a place for a
// new one. That is why looking in one place after the other cannot miss an object.
//
// It goes down from directory to directory by open handles, so that its cost grows with the depth
// of a key and not with the square of it.
type search struct {
	s     *Store
	plain bool     // look in the plain place only
	ends  []string // the deepest directories that the object could be in, where it is not
}

// in returns the spots of segs below d, which is the directory at path, the one that counts first.
// It closes d.
func (w *search) in(d *handle, path string, segs []string) (spots []spot, err error) {
	defer func() {
		if d != w.s.root {
			d.Close()
		}
	}()
	var beside [][]spot // found in a., where there is a directory a, too
	for len(segs) > 1 {
		sub, n, err := w.block(d, path, segs, &beside)
		if err != nil {
			return nil, err
		}
		if sub != nil {
			if d != w.s.root {
				d.Close()
			}
			d, path, segs = sub, join(path, pathOf(segs[:n])), segs[n:]
			continue
		}
		fi, err := w.s.lstatIn(d, path, segs[0])
		if err != nil {
			return nil, err
		}
		next := ""
		if fi != nil && fi.IsDir() {
			next = segs[0]
		}
		if !w.plain {
			twin := segs[0] + mark
			fi, err := w.s.lstatIn(d, path, twin)
			switch {
			case err != nil:
				return nil, err
			case fi == nil || !fi.IsDir():
			case next == "":
				next = twin
			default:
				found, err := w.below(d, path, twin, segs[1:])
				if err != nil {
					return nil, err
				}
				beside = append(beside, found)
			}
		}
		if next != "" {
			if sub, err = d.sub(next); err != nil && !isGone(err) {
				return nil, err
			}
		}
		if sub == nil {
			w.ends = append(w.ends, path)
			segs = nil
			break
		}
		if d != w.s.root {
			d.Close()
		}
		d, path, segs = sub, join(path, next), segs[1:]
	}
	if segs != nil {
		if spots, err = w.last(d, path, segs[0]); err != nil {
			return nil, err
		}
	}
	for _, found := range slices.Backward(beside) {
		spots = append(spots, found...)
	}
	return spots, nil
}

// maxBlock is how many directories one system call goes down while each of them is looked at.
const maxBlock = 16

// block goes down several directories at once, if they are there. It returns nil if they are not,
// or where that does not save anything.
func (w *search) block(
	d *handle, path string, segs []string, beside *[][]spot,
) (_ *handle, n int, _ error) {
	n = min(len(segs)-1, maxBlock)
	if n < 2 || !d.fast() || w.s.exactCase.Load() {
		return nil, 0, nil
	}
	// Not by an os.Root, which would follow a link inside the directory.
	sub, ok, err := d.subFast(pathOf(segs[:n]))
	if !ok || isGone(err) || refused(err) {
		return nil, 0, nil
	}
	if err != nil {
		return nil, 0, err
	}
	twins, ok, err := d.twins(segs[:n])
	if !ok || err != nil {
		sub.Close()
		return nil, 0, err
	}
	for _, i := range twins {
		twin := pathOf(segs[:i+1]) + mark
		at, err := d.sub(twin)
		if isGone(err) {
			continue
		}
		var found []spot
		if err == nil {
			found, err = w.in(at, join(path, twin), segs[i+1:])
		}
		if err != nil {
			sub.Close()
			return nil, 0, err
		}
		*beside = append(*beside, found)
	}
	return sub, n, nil
}

func pathOf(segs []string) string { return strings.Join(segs, "/") }

// below is in for the directory name in d.
func (w *search) below(d *handle, path, name string, segs []string) ([]spot, error) {
	sub, err := d.sub(name)
	if isGone(err) {
		w.ends = append(w.ends, path)
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return w.in(sub, join(path, name), segs)
}

// last looks for the object seg in d.
func (w *search) last(d *handle, path, seg string) ([]spot, error) {
	fi, err := w.s.lstatIn(d, path, seg)
	at := join(path, seg)
	if err == nil && fi != nil && fi.IsDir() {
		fi, err = w.s.lstatIn(d, path, seg+"/"+over)
		path, at = at, join(at, over)
	}
	switch {
	case err != nil:
		return nil, err
	case fi != nil && fi.Mode().IsRegular():
		return []spot{{at, fi}}, nil
	}
	w.ends = append(w.ends, path)
	return nil, nil
}

// lstatIn describes a name in the directory d, which is at path. It returns nil if nothing is
// there. It never follows a link: a link is no object and no directory to this driver.
func (s *Store) lstatIn(d *handle, path, name string) (fs.FileInfo, error) {
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

// find returns where the object is; path is "" if it is nowhere.
func (s *Store) find(segs []string) (path string, fi fs.FileInfo, err error) {
	// Most objects are in the plain place.
	if s.resolves() {
		if path, fi := s.plain(segs); fi != nil {
			return path, fi, nil
		}
		return first(s.findAll(segs))
	}
	spots, err := (&search{s: s, plain: true}).in(s.root, ".", segs)
	if err == nil && len(spots) == 0 {
		spots, err = s.findAll(segs)
	}
	return first(spots, err)
}

// resolves reports whether the kernel finds a path, as it is spelled, in one call.
func (s *Store) resolves() bool { return s.root.fast() && !s.exactCase.Load() }

func first(spots []spot, err error) (string, fs.FileInfo, error) {
	if err != nil || len(spots) == 0 {
		return "", nil, err
	}
	return spots[0].path, spots[0].fi, nil
}

// plain looks in the plain place with no more than two system calls, whatever the depth is. It
// returns nothing for everything that is not simply there.
func (s *Store) plain(segs []string) (path string, fi fs.FileInfo) {
	path = pathOf(segs)
	fi, ok, err := s.root.lstatFast(path)
	if ok && err == nil && fi.IsDir() {
		path = join(path, over)
		fi, ok, err = s.root.lstatFast(path)
	}
	if !ok || err != nil || !fi.Mode().IsRegular() {
		return "", nil
	}
	return path, fi
}

// findAll returns every place of the object, the one that counts first.
func (s *Store) findAll(segs []string) ([]spot, error) {
	return (&search{s: s}).in(s.root, ".", segs)
}

// ends returns the directories that the object of segs would be in, as far as they are there.
func (s *Store) ends(segs []string) ([]string, error) {
	w := &search{s: s}
	_, err := w.in(s.root, ".", segs)
	return w.ends, err
}

// lstatForWrite is lstatIn, but a name that differs in case only is an error: what is there is
// another key's.
func (s *Store) lstatForWrite(d *handle, path, name string) (fs.FileInfo, error) {
	fi, err := s.lstatIn(d, path, name)
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
