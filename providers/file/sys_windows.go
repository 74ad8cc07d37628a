package file

import (
	"errors"
	"io/fs"
	"os"

	"golang.org/x/sys/windows"
)

const openRead = os.O_RDONLY

// inode is unknown: FileInfo does not tell.
func inode(fs.FileInfo) uint64 { return 0 }

// unlinked is false: a directory that is open keeps its name.
func unlinked(fs.FileInfo) bool { return false }

// tryLock takes the lock of an open file; it reports false if another open file has it. Locked
// bytes cannot be written on Windows, so it is a byte behind the end of any file.
func tryLock(f *os.File, shared bool) (bool, error) {
	flags := uint32(windows.LOCKFILE_FAIL_IMMEDIATELY)
	if !shared {
		flags |= windows.LOCKFILE_EXCLUSIVE_LOCK
	}
	at := &windows.Overlapped{OffsetHigh: 1 << 30}
	err := windows.LockFileEx(windows.Handle(f.Fd()), flags, 0, 1, 0, at)
	if errors.Is(err, windows.ERROR_LOCK_VIOLATION) || errors.Is(err, windows.ERROR_IO_PENDING) {
		return false, nil
	}
	return err == nil, err
}

// setOwner does nothing: the directory decides.
func setOwner(*os.File, fs.FileInfo, fs.FileInfo) {}

func sameOwner(a, b fs.FileInfo) bool { return true }

func sameFile(a, b fs.FileInfo) bool { return os.SameFile(a, b) }

// syncDir does nothing: Windows has no call for it, and NTFS keeps names in its journal.
func syncDir(*os.File) error { return nil }

// ctime is unknown: FileInfo does not tell.
func ctime(fs.FileInfo) int64 { return 0 }

// removeDir removes an empty directory; the slash keeps Root.Remove from a file.
func removeDir(r *os.Root, path string) error { return r.Remove(path + "/") }
