package file

import (
	"io/fs"
	"os"
	"strconv"
	"strings"

	"github.com/polystore/storage"
	"github.com/polystore/storage/driver"
)

// Without Options the umask decides, as with os.Create and os.Mkdir.
const (
	defaultFileMode fs.FileMode = 0o666
	defaultDirMode  fs.FileMode = 0o777
)

// checkModes refuses what would lock the driver out of its own files.
func checkModes(o *Options) error {
	for _, m := range [...]struct {
		name       string
		mode, need fs.FileMode
	}{{"FileMode", o.FileMode, 0o600}, {"DirMode", o.DirMode, 0o700}} {
		if m.mode != 0 && (m.mode&^fs.ModePerm != 0 || m.mode&m.need != m.need) {
			return driver.Invalidf("%s %#o: want permissions with %#o among them",
				m.name, uint32(m.mode), uint32(m.need))
		}
	}
	return nil
}

// setMode takes a mode in octal from a parameter of a URL, if it is there.
func setMode(mode *fs.FileMode, params *storage.Params, name string) error {
	v := params.String(name)
	if v == "" {
		return nil
	}
	n, err := strconv.ParseUint(v, 8, 32)
	if err != nil || n > uint64(fs.ModePerm) || n == 0 {
		return driver.Invalidf("%s=%q: want permissions in octal, such as 640", name, v)
	}
	*mode = fs.FileMode(n)
	return nil
}

// newFileMode is what a file of the driver is made with.
func (s *Store) newFileMode() fs.FileMode {
	if s.fileMode != 0 {
		return s.fileMode
	}
	return defaultFileMode
}

// mkdir makes the directory name in d.
func (s *Store) mkdir(d *handle, name string) error {
	if s.dirMode == 0 {
		return d.Mkdir(name, defaultDirMode)
	}
	err := d.Mkdir(name, s.dirMode)
	if err == nil {
		err = setDirMode(s.dirMode, func() (fs.FileInfo, error) { return d.Lstat(name) },
			func(m fs.FileMode) error { return d.Chmod(name, m) })
	}
	return err
}

// setDirMode gives a new directory exactly this mode, whatever the umask, and leaves it a group
// that its own entries inherit.
func setDirMode(
	mode fs.FileMode, stat func() (fs.FileInfo, error), chmod func(fs.FileMode) error,
) error {
	fi, err := stat()
	if err != nil || fi.Mode().Perm() == mode {
		return err
	}
	return chmod(mode | fi.Mode()&fs.ModeSetgid)
}

// mkdirs makes one of the driver's own directories, and those above it.
func (s *Store) mkdirs(dir string) error {
	for i := range len(dir) + 1 {
		if i < len(dir) && dir[i] != '/' {
			continue
		}
		if err := s.mkdir(s.root, dir[:i]); err != nil && !os.IsExist(err) {
			return err
		}
	}
	return nil
}

// like gives a new file the permissions of the one that it replaces, or belongs to, and its owner
// as far as the process may: it is no failure where it may not. Without one, Options decide, and
// otherwise the umask has.
func (s *Store) like(f *os.File, old fs.FileInfo) error {
	if old == nil && s.fileMode == 0 {
		return nil
	}
	fi, err := f.Stat()
	if err != nil {
		return err
	}
	mode := s.fileMode
	if old != nil {
		mode = old.Mode().Perm()
		setOwner(f, fi, old) // before the mode, which it may take from
		if fi, err = f.Stat(); err != nil {
			return err
		}
	}
	if mode == 0 || mode == fi.Mode().Perm() {
		return nil
	}
	return f.Chmod(mode)
}

// sameAccess reports whether two files, either of which may be missing, have the same permissions
// and owner.
func sameAccess(a, b fs.FileInfo) bool {
	if a == nil || b == nil {
		return a == b
	}
	return a.Mode().Perm() == b.Mode().Perm() && sameOwner(a, b)
}

// existing returns the file of the object of key, nil if there is none.
func (s *Store) existing(key string) (fs.FileInfo, error) {
	_, fi, err := s.find(strings.Split(key, "/"))
	return fi, err
}
