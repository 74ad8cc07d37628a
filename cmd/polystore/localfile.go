package main

import (
	"errors"
	"io"
	"os"
	"path/filepath"
)

// isStream reports whether path is there and is neither a file nor a directory: a pipe, a terminal, /dev/null. Such a thing is written
// to; a new file is not to take its place.
func isStream(path string) bool {
	fi, err := os.Stat(path)
	return err == nil && !fi.Mode().IsRegular() && !fi.IsDir()
}

// saveFile writes what r gives to the file at path, which is replaced when all has arrived, as by DownloadFile, and returns its
// size. A plain file is not put into its directory as into a bucket: the driver would leave a directory of its own there.
func saveFile(path string, r io.Reader) (n int64, err error) {
	if isStream(path) {
		err = writeStream(path, func(w io.Writer) error {
			n, err = io.Copy(w, r)
			return err
		})
		return n, err
	}
	mode := os.FileMode(0o644)
	if fi, err := os.Stat(path); err == nil {
		mode = fi.Mode().Perm()
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".polystore-*.part")
	if err != nil {
		return 0, err
	}
	defer os.Remove(f.Name()) // there is no such file any more when it has taken its place
	defer f.Close()
	if n, err = io.Copy(f, r); err != nil {
		return n, err
	}
	if err := errors.Join(f.Chmod(mode), f.Sync(), f.Close()); err != nil {
		return n, err
	}
	return n, os.Rename(f.Name(), path)
}

// writeStream lets write write to what is at path.
func writeStream(path string, write func(io.Writer) error) error {
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	return errors.Join(write(f), f.Close())
}
