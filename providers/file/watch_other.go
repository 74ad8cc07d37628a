//go:build !linux

package file

import "io/fs"

// There are no watches.
type watch struct{}

func (*watch) add(*handle) int { return 0 }

func (*watch) remove(int) {}

func (*watch) read(func(int, string, fs.FileMode), func(int)) bool { return true }

func (*watch) close() {}
