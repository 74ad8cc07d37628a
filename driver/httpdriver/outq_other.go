//go:build !linux

package httpdriver

import "syscall"

// unsent is not told by this system.
func unsent(syscall.Conn) (n int, ok bool) { return 0, false }
