package storage

import (
	"errors"
	"io/fs"
	"os"
	"runtime"
	"syscall"
)

// syncDir puts the names in the directory dir on disk. Where that cannot be asked for, how durable
// names are is up to the system: Windows has no call for it, some file systems (SMB, some of FUSE)
// refuse it, and a directory that may be written may still be one that must not be opened.
func syncDir(dir string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	d, err := os.Open(dir)
	if err == nil {
		err = errors.Join(d.Sync(), d.Close())
	}
	if errors.Is(err, fs.ErrPermission) || errors.Is(err, errors.ErrUnsupported) ||
		errors.Is(err, syscall.EINVAL) {
		return nil
	}
	return err
}
