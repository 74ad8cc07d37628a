//go:build unix

package file

import (
	"errors"
	"io/fs"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// openRead keeps an open from waiting for the other end of a named pipe that took the place of a
// file.
const openRead = os.O_RDONLY | syscall.O_NONBLOCK

// inode tells files apart that have the same size and time.
func inode(fi fs.FileInfo) uint64 {
	if st, ok := fi.Sys().(*syscall.Stat_t); ok {
		return uint64(st.Ino)
	}
	return 0
}

// unlinked reports whether a directory that was open has no name any more.
func unlinked(fi fs.FileInfo) bool {
	st, ok := fi.Sys().(*syscall.Stat_t)
	return ok && st.Nlink == 0
}

// tryLock takes the lock of an open file; it reports false if another open file has it.
func tryLock(f *os.File, shared bool) (bool, error) {
	how := unix.LOCK_EX
	if shared {
		how = unix.LOCK_SH
	}
	for {
		switch err := unix.Flock(int(f.Fd()), how|unix.LOCK_NB); {
		case err == nil:
			return true, nil
		case errors.Is(err, unix.EWOULDBLOCK):
			return false, nil
		case !errors.Is(err, unix.EINTR):
			return false, &fs.PathError{Op: "flock", Path: f.Name(), Err: err}
		}
	}
}

// setOwner gives a file, which is as fi says, the owner and group of another, or the group alone,
// where the process may.
func setOwner(f *os.File, fi, old fs.FileInfo) {
	st, ok := old.Sys().(*syscall.Stat_t)
	if !ok || sameOwner(fi, old) {
		return
	}
	if f.Chown(int(st.Uid), int(st.Gid)) != nil {
		f.Chown(-1, int(st.Gid))
	}
}

func sameOwner(a, b fs.FileInfo) bool {
	x, ok := a.Sys().(*syscall.Stat_t)
	y, ok2 := b.Sys().(*syscall.Stat_t)
	return !ok || !ok2 || x.Uid == y.Uid && x.Gid == y.Gid
}

// sameFile is os.SameFile for any FileInfo of a file system.
func sameFile(a, b fs.FileInfo) bool {
	x, ok := a.Sys().(*syscall.Stat_t)
	y, ok2 := b.Sys().(*syscall.Stat_t)
	return ok && ok2 && x.Dev == y.Dev && x.Ino == y.Ino
}

// syncDir makes the names in an open directory durable.
func syncDir(d *os.File) error { return d.Sync() }

// removeDir removes an empty directory and nothing else. Root.Remove would also remove a file, and
// the next moment there may be an object in the directory's place.
func removeDir(r *os.Root, path string) error {
	dir, name := parent(path)
	f, err := r.Open(dir)
	if err != nil {
		return err
	}
	defer f.Close()
	return unix.Unlinkat(int(f.Fd()), name, unix.AT_REMOVEDIR)
}
