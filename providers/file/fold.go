package file

import (
	"errors"
	"os"
	"runtime"
	"slices"
	"strings"
)

// errDropsDots says that the driver's own names cannot be told from keys.
var errDropsDots = errors.New(
	"the file system drops dots at the end of names, which the driver's own names have")

// probeNames finds out what the file system makes of names, by trying: whether it takes two that
// differ in case, or in how Unicode composes them, for one, and whether it drops dots at their
// ends. Inode numbers would not tell: network file systems make them up. Where the driver's own
// directory is not there, or may not be written to, what is there is asked for in capitals, and
// before anything is there the operating system's habit is believed.
func (s *Store) probeNames() error {
	if _, err := s.root.Lstat(tempDir); err != nil {
		folds := runtime.GOOS == "windows" || runtime.GOOS == "darwin" || runtime.GOOS == "ios"
		s.exactCase.Store(folds)
		return nil
	}
	// Nobody else has these names.
	name := tempDir + "/" + "é" + newName() + own
	f, err := s.root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		s.exactCase.Store(s.foldsTempDir())
		return nil
	}
	f.Close()
	defer s.root.Remove(name)
	there := func(name string) bool {
		if s.sameName != nil {
			name = s.sameName(name)
		}
		_, err := s.root.Lstat(name)
		return err == nil
	}
	if mark == "." && there(strings.TrimRight(name, mark)) {
		return errDropsDots
	}
	base := strings.TrimPrefix(name, tempDir+"/")
	upper := tempDir + "/" + strings.ToUpper(base)
	decomposed := tempDir + "/" + strings.Replace(base, "é", "e\u0301", 1)
	s.exactCase.Store(there(upper) || there(decomposed) || there(strings.Replace(name, "é", "É", 1)))
	return nil
}

// foldsTempDir reports whether the driver's own directory answers to its name in capitals although
// nobody has made one with that name.
func (s *Store) foldsTempDir() bool {
	capitals := strings.ToUpper(tempDir)
	if _, err := s.root.Lstat(capitals); err != nil {
		return false
	}
	names, err := s.names(".")
	return err == nil && !slices.Contains(names, capitals)
}
