//go:build !linux

package file

import "os"

// An object is the open file of one, for reading.
type object struct{ *os.File }

func newObject(f *os.File) (*object, error) { return &object{f}, nil }

// attrs returns the extended attribute that the driver keeps, nil if there is none.
func (o *object) attrs([]byte) ([]byte, error) { return getXattr(o.File) }

// file is the same as an os.File, which the caller closes. The object is closed with it.
func (o *object) file() (*os.File, error) { return o.File, nil }
