package file

import (
	"cmp"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// makeRoot makes the directory of a new bucket and its parents, durably.
func makeRoot(dir string, mode fs.FileMode) error {
	dir = filepath.Clean(dir)
	var missing []string
	for d := dir; ; d = filepath.Dir(d) {
		if _, err := os.Stat(d); err == nil || !os.IsNotExist(err) {
			break
		}
		missing = append(missing, d)
		if d == filepath.Dir(d) {
			break
		}
	}
	if err := os.MkdirAll(dir, cmp.Or(mode, defaultDirMode)); err != nil {
		return err
	}
	for _, d := range missing {
		if mode == 0 {
			break
		}
		err := setDirMode(mode, func() (fs.FileInfo, error) { return os.Stat(d) },
			func(m fs.FileMode) error { return os.Chmod(d, m) })
		if err != nil {
			return err
		}
	}
	for _, d := range missing {
		if err := syncOutside(filepath.Dir(d)); err != nil {
			return err
		}
	}
	return nil
}

// syncOutside is syncDir for a directory above the root.
func syncOutside(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	if err := syncDir(d); err != nil && !isNoSync(err) {
		return err
	}
	return nil
}

// openDir is Root.OpenRoot, which says in words only that something else has taken the place of
// the directory.
func openDir(d *os.Root, name string) (*os.Root, error) {
	sub, err := d.OpenRoot(name)
	var known syscall.Errno
	if err != nil && !errors.As(err, &known) && !errors.Is(err, os.ErrClosed) {
		err = &fs.PathError{Op: "open", Path: name, Err: syscall.ENOTDIR}
	}
	return sub, err
}
