package file

import (
	"io/fs"
	"os"
	"strings"
	"time"

	"github.com/polystore/storage"
	"github.com/polystore/storage/driver"
)

const bufferSize = 256 << 10

// create opens one of the driver's own files for writing, and makes its directory if that is not
// there.
func (s *Store) create(path string, flag int, mode fs.FileMode) (*os.File, error) {
	f, err := s.root.OpenFile(path, flag, mode)
	if isNotExist(err) {
		dir, _ := parent(path)
		if err := s.mkdirs(dir); err != nil {
			if s.removed() {
				return nil, kind(storage.ErrNoBucket)
			}
			return nil, err
		}
		if err := s.probeNames(); err != nil {
			return nil, driver.Invalidf("%w", err)
		}
		f, err = s.root.OpenFile(path, flag, mode)
	}
	if err == nil && s.fileMode != 0 && mode == s.fileMode {
		s.like(f, nil) // that of another user is right, or beyond our power
	}
	return f, err
}

// A temp is a file that becomes an object when it is renamed. While it is open it is locked, which
// tells it from what a killed process left behind.
type temp struct {
	s    *Store
	f    *os.File
	path string
	old  fs.FileInfo // the file that it is to replace; nil: none

	sealed bool // once, or more often
}

// newTemp makes a file for the object key. It is never open to more than the file that it is to
// replace.
func (s *Store) newTemp(key string) (*temp, error) {
	old, err := s.existing(key)
	if err != nil {
		return nil, err
	}
	path := tempDir + "/" + newName() + own
	f, err := s.create(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, s.tempMode(old))
	if err != nil {
		return nil, err
	}
	t := &temp{s: s, f: f, path: path, old: old}
	if _, err := tryLock(f, false); err != nil {
		t.discard()
		return nil, err
	}
	return t, nil
}

// tempMode is what a file is made with that is to replace old.
func (s *Store) tempMode(old fs.FileInfo) fs.FileMode {
	if old == nil {
		return s.newFileMode()
	}
	return old.Mode().Perm() | 0o600
}

// discard closes the file and removes what has not become an object.
func (t *temp) discard() {
	t.f.Close()
	if t.path != "" {
		t.s.root.Remove(t.path)
	}
}

// deadAfter is how old a file must be before it can be one that a killed process left behind:
// between creating and locking lies a moment.
const deadAfter = time.Minute

// clean removes the temporary files of processes that are no more. Files that cannot be removed
// stay: reading works without.
func (s *Store) clean() {
	for _, e := range s.ownEntries(tempDir) {
		path := tempDir + "/" + e.Name()
		fi, err := e.Info()
		if err != nil || !fi.Mode().IsRegular() || time.Since(fi.ModTime()) < deadAfter {
			continue
		}
		f, err := s.root.OpenFile(path, os.O_RDWR, 0)
		if err != nil {
			continue
		}
		if dead, err := tryLock(f, false); err == nil && dead {
			s.root.Remove(path)
		}
		f.Close()
	}
	s.recoverLocks()
	s.sweepSidecars()
	// An upload is begun by its data file and ended by renaming it: without one it is a rest.
	for _, e := range s.ownEntries(uploadDir) {
		dir := uploadDir + "/" + e.Name()
		if fi, err := e.Info(); err != nil || time.Since(fi.ModTime()) < deadAfter {
			continue
		}
		if _, err := s.root.Lstat(dir + "/" + dataFile); isNotExist(err) {
			s.root.RemoveAll(dir)
		}
	}
}

// ownEntries are the driver's own entries of one of its directories.
func (s *Store) ownEntries(dir string) []fs.DirEntry {
	all := s.entries(dir)
	entries := all[:0]
	for _, e := range all {
		if strings.HasSuffix(e.Name(), own) {
			entries = append(entries, e)
		}
	}
	return entries
}
