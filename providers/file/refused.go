package file

import (
	"errors"
	"io/fs"
	"slices"
	"strings"
	"syscall"

	"github.com/polystore/storage/driver"
)

// What may not be read does not end a list: nobody knows what is missing, but everything else is
// there. The list goes on, and has the error at its end.

// refusal parts the last key of a page, in its token, from the path that could not be read up to
// there. No key has a zero byte.
const refusal = "\x00"

// systemNames are the entries at the root of a volume that are nobody's keys and that only the
// system may read.
var systemNames = []string{
	"lost+found", "System Volume Information", "$RECYCLE.BIN", ".Trashes", ".Spotlight-V100",
	".fseventsd", ".DocumentRevisions-V100", ".TemporaryItems",
}

// refuse keeps err for the end of the list if it says that path may not be read; it returns any
// other error.
func (w *walk) refuse(path string, err error) error {
	if !errors.Is(err, fs.ErrPermission) {
		return err
	}
	var pe *fs.PathError
	if errors.As(err, &pe) && strings.HasPrefix(pe.Path, path+"/") {
		path = pe.Path
	}
	path = strings.TrimSuffix(path, "/"+over) // the object that may be in the directory
	if w.refused == nil && !slices.Contains(systemNames, path) {
		w.refused = refusedPath(path)
	}
	return nil
}

func refusedPath(path string) error {
	return &fs.PathError{Op: "list", Path: path, Err: syscall.EACCES}
}

// token is the page token of a list that goes on behind last.
func (w *walk) token(last string) string {
	var pe *fs.PathError
	if errors.As(w.refused, &pe) {
		last += refusal + pe.Path
	}
	return driver.EncodeToken(last)
}
