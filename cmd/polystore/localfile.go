package main

import (
	"context"
	"crypto/rand"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/polystore/storage"
)

// saveFile writes what r gives to the file at path, as DownloadFile does it, and returns its size.
// A plain file is not put into its directory as into a bucket: the driver would leave a directory
// of its own there.
func saveFile(
	ctx context.Context, path string, r io.Reader, syncDir func(dir string) error,
) (n int64, err error) {
	old, err := os.Stat(path)
	switch {
	case err != nil:
		old = nil
	case !old.Mode().IsRegular() && !old.IsDir():
		return writeInto(ctx, path, r)
	default:
		if path, err = filepath.EvalSymlinks(path); err != nil {
			return 0, err
		}
	}
	mode := fs.FileMode(0o666) // less the umask
	if old != nil {
		mode = old.Mode().Perm() | 0o600
	}
	name := filepath.Join(filepath.Dir(path), ".polystore-"+rand.Text()+".part")
	f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		return 0, err
	}
	defer os.Remove(name) // there is no such file any more when it has taken its place
	defer f.Close()
	if n, err = io.Copy(f, r); err != nil {
		return n, err
	}
	if old != nil {
		err = f.Chmod(old.Mode().Perm())
	}
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return n, err
	}
	if err := os.Rename(name, path); err != nil {
		return n, err
	}
	return n, syncDir(filepath.Dir(path))
}

// counted reports what is read of r.
type counted struct {
	r      io.Reader
	report func(storage.Progress) // nil: nobody looks
	done   int64
}

func (c *counted) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.done += int64(n)
	if c.report != nil {
		c.report(storage.Progress{Done: c.done, Total: -1})
	}
	return n, err
}
