package storage

import (
	"crypto/rand"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// ownFile is a file that nobody else writes to, beside the one whose place it is to take. It may be
// given its size before the bytes come.
type ownFile struct{ *os.File }

// createBeside makes a temporary file in the directory of path, open to no more than old, which it
// is to replace; without one the umask decides. os.CreateTemp would leave a file to its owner, and
// nobody can ask for the umask without setting it, for all goroutines.
func createBeside(path string, old fs.FileInfo) (*ownFile, error) {
	mode := fs.FileMode(0o666)
	if old != nil {
		mode = old.Mode().Perm() | 0o600
	}
	// Not path's own name, which may be as long as names can be.
	name := filepath.Join(filepath.Dir(path), ".storage-"+rand.Text()+".part")
	f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		return nil, &Error{Err: err}
	}
	return &ownFile{f}, nil
}

// replace puts f on disk and in the place of old, which is at path. Until syncDir has put the name
// on disk, a power cut can bring the temporary one back: whoever has a state for it keeps it so
// long.
func (f *ownFile) replace(
	path string, old fs.FileInfo, syncDir func(dir string) error,
) (err error) {
	if old != nil {
		err = f.Chmod(old.Mode().Perm())
	}
	if err = errors.Join(err, f.Sync(), f.Close()); err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err == nil {
		err = syncDir(filepath.Dir(path))
	}
	if err != nil {
		return &Error{Err: err}
	}
	return nil
}
