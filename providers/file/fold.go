package file

import (
	"errors"
	"os"
	"runtime"
	"slices"
	"strings"

	"github.com/polystore/storage"
	"github.com/polystore/storage/driver"
)

// errDropsDots says that the driver's own names cannot be told from keys.
var errDropsDots = errors.New(
	"the file system drops dots at the end of names, which the driver's own names have")

// probeNames finds out what the file system makes of names, by trying: whether it takes two that
// differ in case, or in how Unicode composes them, for one, whether it keeps them in another form,
// and whether it drops dots at their ends. Inode numbers would not tell: network file systems make
// them up. Where the driver's own directory is not there, or may not be written to, what is there
// is asked for in capitals, and before anything is there the operating system's habit is believed.
func (s *Store) probeNames() error {
	if _, err := s.root.Lstat(tempDir); err != nil {
		folds := runtime.GOOS == "windows" || runtime.GOOS == "darwin" || runtime.GOOS == "ios"
		s.exactCase.Store(folds)
		return nil
	}
	// Nobody else has these names.
	base := "é" + newName() + own
	name := join(tempDir, base)
	f, err := s.root.OpenFile(s.kept(name), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		s.exactCase.Store(s.foldsTempDir())
		return nil
	}
	f.Close()
	defer s.root.Remove(s.kept(name))
	there := func(name string) bool {
		if s.sameName != nil {
			name = s.sameName(name)
		}
		_, err := s.root.Lstat(s.kept(name))
		return err == nil
	}
	if mark == "." && there(strings.TrimRight(name, mark)) {
		return errDropsDots
	}
	upper := join(tempDir, strings.ToUpper(base))
	decomposed := join(tempDir, strings.Replace(base, "é", "e\u0301", 1))
	s.exactCase.Store(
		there(upper) || there(decomposed) || there(strings.Replace(name, "é", "É", 1)),
	)
	names, err := s.names(tempDir)
	s.rewrites.Store(err == nil && there(name) && !slices.Contains(names, base))
	return nil
}

// kept is the form in which the file system keeps the last part of a path: for tests.
func (s *Store) kept(path string) string {
	if s.keptName == nil {
		return path
	}
	dir, name := parent(path)
	return join(dir, s.keptName(name))
}

// checkForm refuses a key that would come back in another form: it would not be found again, and
// another key would have its object. HFS+ keeps names decomposed, for example. Which names these
// are is tried, too: the tables are the file system's own.
func (s *Store) checkForm(segs []string) error {
	if !s.rewrites.Load() {
		return nil
	}
	dir := uploadPath(newName()) // where what a killed process leaves is removed
	if err := s.mkdirs(dir); err != nil {
		return classify(err)
	}
	defer s.root.RemoveAll(dir)
	for _, seg := range segs {
		path := s.kept(join(dir, seg))
		f, err := s.root.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
		if err != nil {
			return classify(err)
		}
		f.Close()
		names, err := s.names(dir)
		if err == nil {
			err = s.root.Remove(path)
		}
		if err != nil {
			return classify(err)
		}
		if !slices.Contains(names, seg) {
			return driver.Errorf(storage.ErrInvalidKey,
				"the file system keeps %q in another form, which is another key's", seg)
		}
	}
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
