//go:build unix

package storage

import (
	"errors"
	"syscall"
)

// openNonblock makes the open of a named pipe that nobody reads fail instead of wait.
const openNonblock = syscall.O_NONBLOCK

// isUnread reports whether an open failed because nobody reads the pipe yet.
func isUnread(err error) bool { return errors.Is(err, syscall.ENXIO) }
