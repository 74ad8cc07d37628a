package file

import (
	"context"
	"io/fs"
	"os"
)

// A listing is a directory that is being read.
type listing struct {
	at    *handle
	dir   string   // below at
	d     *os.File // the same, open
	visit func(name string, typ fs.FileMode) bool
}

// eachIn is eachEntry for the directory dir below at.
func (s *Store) eachIn(
	ctx context.Context, at *handle, dir string, visit func(name string, typ fs.FileMode) bool,
) (fs.FileInfo, error) {
	d, err := at.Open(dir)
	if isGone(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer d.Close()
	fi, err := d.Stat()
	if err != nil || !fi.IsDir() {
		return nil, err
	}
	l := &listing{at: at, dir: dir, d: d, visit: visit}
	if err := s.readDir(ctx, l); err != nil && !isGone(err) { // gone: removed meanwhile
		return nil, err
	}
	return fi, nil
}
