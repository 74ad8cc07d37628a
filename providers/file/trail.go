package file

import (
	"errors"
	"io/fs"
	"strings"
)

// A trail opens directories by their paths. It keeps the last one, so that going down from one to
// the next costs one open each and not the whole path: the cost of a key grows with its depth and
// not with the square of it.
type trail struct {
	s    *Store
	d    *handle // nil: none is kept
	path string
}

// open returns the directory at path, which is open until the next call.
func (t *trail) open(path string) (*handle, error) {
	if path == "." {
		return t.s.root, nil
	}
	from, rest := t.s.root, path
	if t.d != nil {
		if path == t.path {
			return t.d, nil
		}
		if below, ok := strings.CutPrefix(path, t.path+"/"); ok {
			from, rest = t.d, below
		}
	}
	d, err := from.sub(rest)
	if refused(err) && from != t.s.root {
		d, err = t.s.root.sub(path)
	}
	if err != nil {
		return nil, atPath(err, path)
	}
	t.close()
	t.d, t.path = d, path
	return d, nil
}

// lstat describes the directory at path.
func (t *trail) lstat(path string) (fs.FileInfo, error) {
	d, err := t.open(path)
	if err != nil {
		return nil, err
	}
	return d.Lstat(".")
}

func (t *trail) close() {
	if t.d != nil {
		t.d.Close()
		t.d = nil
	}
}

// atPath is an error of an operation on path by a handle, with the whole path in it.
func atPath(err error, path string) error {
	var pe *fs.PathError
	if !errors.As(err, &pe) {
		return err
	}
	return &fs.PathError{Op: pe.Op, Path: path, Err: pe.Err}
}
