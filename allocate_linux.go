package storage

import (
	"errors"
	"io"
	"os"
	"syscall"
)

// inMemory is what statfs calls tmpfs, where to make room is to write everything once more.
const inMemory = 0x01021994

// allocate makes room for n bytes in a file, so that a disk that is full is found at once, and the
// file is in one piece. Where the system cannot do it, the bytes find their place as they come.
func allocate(w io.WriterAt, n int64) error {
	f, ok := w.(*ownFile)
	if !ok || n <= 0 {
		return nil
	}
	var failed error
	c, err := f.SyscallConn()
	if err == nil {
		err = c.Control(func(fd uintptr) {
			var fs syscall.Statfs_t
			if syscall.Fstatfs(int(fd), &fs) != nil || int64(fs.Type) != inMemory {
				failed = syscall.Fallocate(int(fd), 0, 0, n)
			}
		})
	}
	if err == nil && errors.Is(failed, syscall.ENOSPC) {
		return &Error{Err: &os.PathError{Op: "fallocate", Path: f.Name(), Err: failed}}
	}
	return nil
}
