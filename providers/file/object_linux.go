package file

import (
	"io"
	"io/fs"
	"os"
	"sync/atomic"

	"golang.org/x/sys/unix"
)

// An object is the open file of one, for reading. It is no os.File, which would try to poll it: an
// os.File costs as much again as the open.
type object struct {
	fd     int
	path   string
	uses   atomic.Int64 // calls that use fd, and one more until Close; at zero it is closed
	closed atomic.Bool
}

// take makes o, which is new, the open file fd.
func (o *object) take(fd int, path string) {
	o.fd, o.path = fd, path
	o.uses.Store(1)
}

// takeFile makes o, which is new, the file f, which is no other's any more.
func (o *object) takeFile(f *os.File) error {
	defer f.Close()
	fd, err := unix.FcntlInt(f.Fd(), unix.F_DUPFD_CLOEXEC, 0)
	if err != nil {
		return &fs.PathError{Op: "fcntl", Path: f.Name(), Err: err}
	}
	o.take(fd, f.Name())
	return nil
}

func (o *object) begin() error {
	for n := o.uses.Load(); n > 0 && !o.closed.Load(); n = o.uses.Load() {
		if o.uses.CompareAndSwap(n, n+1) {
			return nil
		}
	}
	return fs.ErrClosed
}

func (o *object) end() {
	if o.uses.Add(-1) == 0 {
		unix.Close(o.fd)
	}
}

// ReadAt reads as io.ReaderAt does. It may be called while Close is.
func (o *object) ReadAt(p []byte, off int64) (n int, err error) {
	if err := o.begin(); err != nil {
		return 0, err
	}
	defer o.end()
	for n < len(p) {
		m, err := uninterrupted(func() (int, error) {
			return unix.Pread(o.fd, p[n:], off+int64(n))
		})
		if err != nil {
			return n, &fs.PathError{Op: "read", Path: o.path, Err: err}
		}
		if m <= 0 {
			return n, io.EOF
		}
		n += m
	}
	return n, nil
}

// Stat describes the file.
func (o *object) Stat() (fs.FileInfo, error) {
	fi := new(info)
	if err := o.stat(fi); err != nil {
		return nil, err
	}
	return fi, nil
}

// stat is Stat for a description that the caller has.
func (o *object) stat(fi *info) error {
	if err := o.begin(); err != nil {
		return err
	}
	defer o.end()
	for {
		err := unix.Fstat(o.fd, &fi.st)
		if err == nil {
			return nil
		}
		if err != unix.EINTR {
			return &fs.PathError{Op: "fstat", Path: o.path, Err: err}
		}
	}
}

// Close closes the file, once. Reads that are under way keep it open until they end.
func (o *object) Close() error {
	if o.closed.Swap(true) {
		return fs.ErrClosed
	}
	o.end()
	return nil
}

// attrs returns the extended attribute that the driver keeps, nil if there is none.
func (o *object) attrs(buffer []byte) ([]byte, error) {
	if err := o.begin(); err != nil {
		return nil, err
	}
	defer o.end()
	for {
		n, err := uninterrupted(func() (int, error) {
			return unix.Fgetxattr(o.fd, xattrName, buffer)
		})
		switch err {
		case nil:
			return buffer[:n], nil
		case unix.ERANGE:
			buffer = make([]byte, max(2*len(buffer), 1<<12))
		case unix.ENODATA, unix.ENOTSUP, unix.EPERM:
			return nil, nil
		default:
			return nil, &fs.PathError{Op: "fgetxattr", Path: o.path, Err: err}
		}
	}
}

// file is the same as an os.File, for the calls that take one.
func (o *object) file() (*os.File, error) {
	if err := o.begin(); err != nil {
		return nil, err
	}
	defer o.end()
	fd, err := unix.FcntlInt(uintptr(o.fd), unix.F_DUPFD_CLOEXEC, 0)
	if err != nil {
		return nil, &fs.PathError{Op: "fcntl", Path: o.path, Err: err}
	}
	unix.SetNonblock(fd, false) // it was opened so that a pipe would not block
	return os.NewFile(uintptr(fd), o.path), nil
}
