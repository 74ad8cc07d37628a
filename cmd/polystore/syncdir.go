package main

import (
	"errors"
	"io/fs"
	"os"
	"runtime"
	"syscall"
)

// syncDir puts the names in the directory dir on disk, where the system can be asked for that, as
// DownloadFile does it.
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
