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

// visit calls found for each regular file that holds the object of segs below dir, in order of
// precedence, until it returns false. There is one at most, unless another program made the second:
// our own writers never move an object that exists, they only choose a place for a new one. That is
// why looking in one place after the other cannot miss an object.
func (s *Store) visit(
	dir string, segs []string, found func(path string, fi fs.FileInfo) bool,
) (more bool, err error) {
	seg := segs[0]
	path := join(dir, seg)
	fi, err := s.lstat(path)
	if err != nil {
		return false, err
	}
	if len(segs) == 1 {
		if fi != nil && fi.IsDir() {
			path = join(path, over)
			if fi, err = s.lstat(path); err != nil {
				return false, err
			}
		}
		return fi == nil || !fi.Mode().IsRegular() || found(path, fi), nil
	}
	if fi != nil && fi.IsDir() {
		if more, err = s.visit(path, segs[1:], found); err != nil || !more {
			return more, err
		}
	}
	path += mark
	if fi, err = s.lstat(path); err != nil || fi == nil || !fi.IsDir() {
		return true, err
	}
	return s.visit(path, segs[1:], found)
}

// lstat is Root.Lstat where a path that is not there has no FileInfo. It never follows a link: a
// link is no object and no directory to this driver.
func (s *Store) lstat(path string) (fs.FileInfo, error) {
	fi, err := s.root.Lstat(path)
	if isGone(err) {
		return nil, nil
	}
	if err == nil && s.exactCase.Load() {
		if ok, err := s.spelled(path); err != nil || !ok {
			return nil, err
		}
	}
	return fi, err
}

// find returns where the object is; path is "" if it is nowhere.
func (s *Store) find(segs []string) (path string, fi fs.FileInfo, err error) {
	_, err = s.visit(".", segs, func(p string, i fs.FileInfo) bool {
		path, fi = p, i
		return false
	})
	return path, fi, err
}

// findAll returns every place of the object, the one that counts first.
func (s *Store) findAll(segs []string) (paths []string, err error) {
	_, err = s.visit(".", segs, func(p string, _ fs.FileInfo) bool {
		paths = append(paths, p)
		return true
	})
	return paths, err
}

// place returns where a new object goes, and makes the directories that it needs: children of a
// file a go into a., and an object over a directory a is a/... .
func (s *Store) place(ctx context.Context, segs []string) (string, error) {
	dir := "."
	for _, seg := range segs[:len(segs)-1] {
		below, err := s.descend(ctx, join(dir, seg))
		if err != nil {
			s.prune(join(dir, seg))
			return "", err
		}
		dir = below
	}
	path := join(dir, segs[len(segs)-1])
	fi, err := s.lstatForWrite(path)
	if err != nil {
		return "", err
	}
	if fi != nil && fi.IsDir() {
		path = join(path, over)
	}
	return path, nil
}

// descend returns the directory for the children of path, made if need be.
func (s *Store) descend(ctx context.Context, path string) (string, error) {
	for range maxMoves {
		if err := ctx.Err(); err != nil {
			return "", err
		}
		fi, err := s.lstatForWrite(path)
		switch {
		case err != nil:
			return "", err
		case fi == nil:
			if err := s.root.Mkdir(path, dirMode); err == nil || !errors.Is(err, fs.ErrExist) {
				return path, err
			}
		case fi.IsDir():
			return path, nil
		case strings.HasSuffix(path, mark):
			err := errors.New("another program's file is in the way")
			return "", &fs.PathError{Op: "mkdir", Path: path, Err: err}
		default:
			path += mark
		}
	}
	return "", &fs.PathError{Op: "mkdir", Path: path, Err: errMoved}
}

// prune removes the directories above path that are empty, as far as there are any. A writer that
// needs one of them at this moment finds it gone and makes it again.
func (s *Store) prune(path string) {
	for dir, _ := parent(path); dir != "."; dir, _ = parent(dir) {
		if s.removeDir(dir) != nil {
			return
		}
	}
}

// lstatForWrite is lstat, but a name that differs in case only is an error: what is there is
// another key's.
func (s *Store) lstatForWrite(path string) (fs.FileInfo, error) {
	fi, err := s.lstat(path)
	if err != nil || fi != nil || !s.exactCase.Load() {
		return fi, err
	}
	if _, err := s.root.Lstat(path); err == nil {
		return nil, driver.Errorf(storage.ErrInvalidKey,
			"another key differs in case only, and the file system does not tell them apart")
	}
	return nil, nil
}

// spelled reports whether the name of path is in its directory in exactly this spelling. That costs
// reading the directory; there is no portable call that tells.
func (s *Store) spelled(path string) (bool, error) {
	dir, name := parent(path)
	names, err := s.names(dir)
	return slices.Contains(names, name), err
}

// names returns the names in a directory; nil if it is not there.
func (s *Store) names(dir string) (names []string, err error) {
	_, err = s.eachEntry(context.Background(), dir, func(name string, _ fs.FileMode) bool {
		names = append(names, name)
		return true
	})
	return names, err
}
