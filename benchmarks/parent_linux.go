package main

import (
	"os/exec"
	"syscall"
)

// dieWithParent makes the kernel end the command when this process is gone. The signal comes when
// the thread that started it ends, and that is the main one, which main keeps.
func dieWithParent(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
}
