//go:build !linux

package storage

import "io"

// allocate does nothing: the standard library has no call for it.
func allocate(io.WriterAt, int64) error { return nil }
