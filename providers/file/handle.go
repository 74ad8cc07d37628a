package file

import (
	"bytes"
	"io/fs"
	"os"
	"syscall"
	"time"
)

// A handle is an open directory of the bucket. Paths are below it. No path, no link and no race
// leads out of it.
//
// It is an os.Root, which opens every directory of a path one after the other. On Linux one call of
// openat2 does the same. It refuses every link, and where it refuses something, the os.Root of the
// bucket decides. So links inside the directory do what an os.Root makes of them.
type handle struct {
	root *os.Root // nil in a handle that the kernel made; the bucket's own handle always has one
	fd   int      // opened with O_PATH; negative: all goes through root
	kept *os.File // of fd, in the bucket's own handle, which nobody may close
	sys  *system
}

// system is what the handles of a Store share. The hooks are for tests.
type system struct {
	called  func(call string) // by every system call of a handle that takes a path
	resolve func() error      // before each openat2, which fails with it
	// after a system call has done its work: its answer is lost, and an error is in its place
	lost func(call string) error
}

func newHandle(root *os.Root) *handle {
	h := &handle{root: root, fd: -1, sys: new(system)}
	h.init()
	return h
}

// refused reports whether err is of a kernel that does not resolve paths, now or at all.
func refused(err error) bool { return isAny(err, syscall.EAGAIN, syscall.ENOSYS, syscall.EPERM) }

// fast reports whether the kernel resolves whole paths.
func (h *handle) fast() bool { return h.fd >= 0 }

// Close closes the directory. Nothing else may use the handle at the time.
func (h *handle) Close() error {
	h.closeFast()
	if h.root == nil {
		return nil
	}
	return h.root.Close()
}

// Lstat describes what is at path, and never what a link at its end leads to.
func (h *handle) Lstat(path string) (fs.FileInfo, error) {
	if fi, ok, err := h.lstatFast(path); ok {
		return fi, err
	}
	return h.root.Lstat(path)
}

// OpenFile is that of os.Root.
func (h *handle) OpenFile(path string, flag int, perm fs.FileMode) (*os.File, error) {
	if f, ok, err := h.openFast(path, flag, perm); ok {
		return f, err
	}
	return h.root.OpenFile(path, flag, perm)
}

// Open opens a file or a directory for reading.
func (h *handle) Open(path string) (*os.File, error) { return h.OpenFile(path, os.O_RDONLY, 0) }

// openObject opens a file for reading, as o. A link, or whatever else is no regular file, may be an
// error or be opened: the caller looks at what it got.
func (h *handle) openObject(path string, o *object) error {
	if ok, err := h.openObjectFast(path, o); ok {
		return err
	}
	f, err := h.root.OpenFile(path, openRead, 0)
	if err != nil {
		return err
	}
	return o.takeFile(f)
}

// sub opens a directory. Something else in its place, links included, is ENOTDIR.
func (h *handle) sub(path string) (*handle, error) {
	if sub, ok, err := h.subFast(path); ok {
		return sub, err
	}
	r, err := openDir(h.root, path)
	if err != nil {
		return nil, err
	}
	return &handle{root: r, fd: -1, sys: h.sys}, nil
}

// Mkdir makes a directory.
func (h *handle) Mkdir(path string, perm fs.FileMode) error {
	if ok, err := h.mkdirFast(path, perm); ok {
		return err
	}
	return h.root.Mkdir(path, perm)
}

// Remove removes a file or an empty directory.
func (h *handle) Remove(path string) error {
	if ok, err := h.removeFast(path); ok {
		return err
	}
	return h.root.Remove(path)
}

// removeDir removes an empty directory and nothing else. Remove would also remove a file, and the
// next moment there may be an object in the directory's place.
func (h *handle) removeDir(path string) error {
	if ok, err := h.removeDirFast(path); ok {
		return err
	}
	return removeDir(h.root, path)
}

// Rename moves the file from to the path to. It replaces a file there.
func (h *handle) Rename(from, to string) error {
	if ok, err := h.renameFast(from, to); ok {
		return err
	}
	return h.root.Rename(from, to)
}

// setTime sets the times of a file that is open, and that is at path.
func (h *handle) setTime(f *os.File, path string, t time.Time) error {
	if setTimeFast(f, t) {
		return nil
	}
	return h.root.Chtimes(path, t, t)
}

// Chmod sets the permissions of a directory.
func (h *handle) Chmod(path string, mode fs.FileMode) error {
	if ok, err := h.chmodFast(path, mode); ok {
		return err
	}
	return h.root.Chmod(path, mode)
}

// RemoveAll is that of os.Root. Only the bucket's own handle has it.
func (h *handle) RemoveAll(path string) error { return h.root.RemoveAll(path) }

// ReadFile is that of os.Root. Only the bucket's own handle has it.
func (h *handle) ReadFile(path string) ([]byte, error) {
	f, err := h.OpenFile(path, openRead, 0)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b := bytes.NewBuffer(make([]byte, 0, 4<<10)) // most files are smaller
	_, err = b.ReadFrom(f)
	return b.Bytes(), err
}
