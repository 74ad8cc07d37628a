//go:build !linux

package testenv

import "syscall"

// dieWithParent has no counterpart here: a server outlives a test process that is killed.
func dieWithParent() *syscall.SysProcAttr { return nil }
