package file

import (
	"os"
	"runtime"
	"strings"
)

// probeFold finds out whether the file system takes names that differ in case for one, by asking
// for the driver's own directory in capitals. Before that directory is there, it believes the
// operating system's habit.
func (s *Store) probeFold() {
	own, err := s.root.Lstat(tempDir)
	if err != nil {
		folds := runtime.GOOS == "windows" || runtime.GOOS == "darwin" || runtime.GOOS == "ios"
		s.exactCase.Store(folds)
		return
	}
	capitals, err := s.root.Lstat(strings.ToUpper(tempDir))
	s.exactCase.Store(err == nil && os.SameFile(own, capitals))
}
