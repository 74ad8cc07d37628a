//go:build !linux

package file

import (
	"io/fs"
	"os"
)

// An object is the open file of one, for reading.
type object struct{ *os.File }

// takeFile makes o, which is new, the file f.
func (o *object) takeFile(f *os.File) error {
	o.File = f
	return nil
}

// An info describes a file.
type info struct{ fs.FileInfo }

// stat is Stat for a description that the caller has.
func (o *object) stat(fi *info) (err error) {
	fi.FileInfo, err = o.File.Stat()
	return err
}

// attrs returns the extended attribute that the driver keeps, nil if there is none.
func (o *object) attrs([]byte) ([]byte, error) { return getXattr(o.File) }

// file is the same as an os.File, which the caller closes. The object is closed with it.
func (o *object) file() (*os.File, error) { return o.File, nil }
