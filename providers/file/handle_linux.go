package file

import (
	"errors"
	"io/fs"
	"os"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// beneath keeps the kernel below the directory that it begins in. It refuses every link on the way,
// inside the directory as well: for this driver a link is no directory.
const beneath = unix.RESOLVE_BENEATH | unix.RESOLVE_NO_SYMLINKS | unix.RESOLVE_NO_MAGICLINKS

// maxAgain bounds how often openat2 is called again. It returns EAGAIN if a rename anywhere keeps
// it from knowing that it is below the directory still.
const maxAgain = 16

// directory opens one to work below it. It takes the right to search and not the right to read.
const directory = unix.O_PATH | unix.O_DIRECTORY | unix.O_CLOEXEC

// init finds out whether the kernel has openat2. It is missing before Linux 5.6, and refused by
// the seccomp rules of some containers.
func (h *handle) init() {
	d, err := h.root.Open(".")
	if err != nil {
		return
	}
	defer d.Close()
	if fd, err := openat2(int(d.Fd()), ".", directory, 0); err == nil {
		h.fd, h.kept = fd, os.NewFile(uintptr(fd), h.root.Name())
	}
}

func (h *handle) closeFast() {
	switch {
	case h.kept != nil:
		h.kept.Close()
	case h.fd >= 0:
		unix.Close(h.fd)
	}
}

func openat2(fd int, path string, flags uint64, perm fs.FileMode) (int, error) {
	how := unix.OpenHow{Flags: flags, Mode: uint64(perm), Resolve: beneath}
	return uninterrupted(func() (int, error) { return unix.Openat2(fd, path, &how) })
}

func uninterrupted(call func() (int, error)) (int, error) {
	for {
		if n, err := call(); err != unix.EINTR {
			return n, err
		}
	}
}

// resolve opens the directory at path.
func (h *handle) resolve(path string) (fd int, err error) {
	if strings.IndexByte(path, '/') < 0 {
		h.count("openat")
		return uninterrupted(func() (int, error) {
			return unix.Openat(h.fd, path, directory|unix.O_NOFOLLOW, 0)
		})
	}
	for range maxAgain {
		h.count("openat2")
		if h.sys.resolve != nil {
			err = h.sys.resolve()
		}
		if err == nil {
			fd, err = openat2(h.fd, path, directory, 0)
		}
		if err != unix.EAGAIN {
			break
		}
	}
	return fd, err
}

func (h *handle) count(call string) {
	if h.sys.called != nil {
		h.sys.called(call)
	}
}

// A place is a name in an open directory.
type place struct {
	fd    int
	name  string
	owned bool // fd is closed with the place
}

func (p place) close() {
	if p.owned {
		unix.Close(p.fd)
	}
}

// at opens the directory of path.
func (h *handle) at(path string) (place, error) {
	dir, name := parent(path)
	if dir == "." {
		return place{h.fd, name, false}, nil
	}
	fd, err := h.resolve(dir)
	return place{fd, name, true}, err
}

// done reports whether err is the answer: root has no other.
func (h *handle) done(err error) bool {
	return h.root == nil || !refused(err) &&
		!isAny(err, unix.ELOOP, unix.EXDEV, unix.EINVAL, unix.E2BIG, unix.ENAMETOOLONG)
}

// on calls f with the place of path. It reports false if root has to do it instead.
func (h *handle) on(op, path string, f func(p place) error) (bool, error) {
	if h.fd < 0 {
		return false, nil
	}
	p, err := h.at(path)
	if err == nil {
		defer p.close()
		h.count(op)
		for err = f(p); err == unix.EINTR; {
			err = f(p)
		}
		if err == nil && h.sys.lost != nil {
			err = h.sys.lost(op)
		}
	}
	if err == nil {
		return true, nil
	}
	if !h.done(err) {
		return false, nil
	}
	if h.root == nil && err == unix.ELOOP {
		err = unix.ENOTDIR
	}
	return true, &fs.PathError{Op: op, Path: path, Err: err}
}

func (h *handle) lstatFast(path string) (_ fs.FileInfo, ok bool, _ error) {
	fi := new(info)
	ok, err := h.on("fstatat", path, func(p place) error { return fi.at(p) })
	if err != nil {
		return nil, ok, err
	}
	return fi, ok, nil
}

// lstatPlain is lstatFast for a description that the caller has, and knows no errors.
func (h *handle) lstatPlain(path string, fi *info) bool {
	ok, err := h.on("fstatat", path, func(p place) error { return fi.at(p) })
	return ok && err == nil
}

func (h *handle) openFast(
	path string, flag int, perm fs.FileMode,
) (f *os.File, ok bool, err error) {
	fd := -1
	ok, err = h.on("openat", path, func(p place) (err error) {
		flag |= unix.O_NOFOLLOW | unix.O_CLOEXEC
		fd, err = unix.Openat(p.fd, p.name, flag, uint32(perm.Perm()))
		return err
	})
	if fd < 0 {
		return nil, ok, err
	}
	return os.NewFile(uintptr(fd), h.name(path)), true, nil
}

// name is the name of an open file, for errors.
func (h *handle) name(path string) string {
	if h.root == nil {
		return path
	}
	return h.root.Name() + "/" + path
}

func (h *handle) openObjectFast(path string, o *object) (bool, error) {
	fd := -1
	ok, err := h.on("openat", path, func(p place) (err error) {
		fd, err = unix.Openat(p.fd, p.name, openRead|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
		if err == unix.ELOOP {
			err = unix.ENOENT // a link is no object
		}
		return err
	})
	if fd < 0 {
		return ok, err
	}
	o.take(fd, path)
	return true, nil
}

func (h *handle) subFast(path string) (*handle, bool, error) {
	if h.fd < 0 {
		return nil, false, nil
	}
	fd, err := h.resolve(path)
	switch {
	case err == nil:
		return &handle{fd: fd, sys: h.sys}, true, nil
	case !h.done(err):
		return nil, false, nil
	case err == unix.ELOOP:
		err = unix.ENOTDIR
	}
	return nil, true, &fs.PathError{Op: "openat2", Path: path, Err: err}
}

// subPlain is subFast for a handle that the caller has, and knows no errors.
func (h *handle) subPlain(path string, sub *handle) bool {
	if h.fd < 0 {
		return false
	}
	fd, err := h.resolve(path)
	if err != nil {
		return false
	}
	sub.fd, sub.sys = fd, h.sys
	return true
}

func (h *handle) mkdirFast(path string, perm fs.FileMode) (bool, error) {
	return h.on("mkdirat", path, func(p place) error {
		return unix.Mkdirat(p.fd, p.name, uint32(perm.Perm()))
	})
}

func (h *handle) removeFast(path string) (bool, error) {
	return h.on("unlinkat", path, func(p place) error {
		err := unix.Unlinkat(p.fd, p.name, 0)
		if err != unix.EISDIR {
			return err
		}
		return unix.Unlinkat(p.fd, p.name, unix.AT_REMOVEDIR)
	})
}

func (h *handle) removeDirFast(path string) (bool, error) {
	return h.on("unlinkat", path, func(p place) error {
		return unix.Unlinkat(p.fd, p.name, unix.AT_REMOVEDIR)
	})
}

func (h *handle) renameFast(from, to string) (bool, error) {
	return h.on("renameat", to, func(p place) error {
		old, err := h.at(from)
		if err != nil {
			return err
		}
		defer old.close()
		return unix.Renameat(old.fd, old.name, p.fd, p.name)
	})
}

// setTimeFast reports whether it has set the times of an open file.
func setTimeFast(f *os.File, t time.Time) bool {
	ts, err := unix.TimeToTimespec(t)
	if err != nil {
		return false
	}
	// Without a path since Linux 5.8.
	times := []unix.Timespec{ts, ts}
	return unix.UtimesNanoAt(int(f.Fd()), "", times, unix.AT_EMPTY_PATH) == nil
}

func (h *handle) chmodFast(path string, mode fs.FileMode) (bool, error) {
	bits := uint32(mode.Perm())
	if mode&fs.ModeSetgid != 0 {
		bits |= unix.S_ISGID
	}
	ok, err := h.on("fchmodat2", path, func(p place) error {
		return unix.Fchmodat(p.fd, p.name, bits, unix.AT_SYMLINK_NOFOLLOW)
	})
	if !errors.Is(err, unix.EOPNOTSUPP) {
		return ok, err
	}
	if h.root != nil { // before Linux 6.6
		return false, nil
	}
	d, err := h.Open(path)
	if err != nil {
		return true, err
	}
	defer d.Close()
	return true, d.Chmod(mode)
}
