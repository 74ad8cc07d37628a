package httpdriver

import (
	"syscall"
	"unsafe"
)

// unsent is how many bytes of c the system holds that the other side has not acknowledged:
// SIOCOUTQ of tcp(7), which is TIOCOUTQ.
func unsent(c syscall.Conn) (n int, ok bool) {
	raw, err := c.SyscallConn()
	if err != nil {
		return 0, false
	}
	var held int32
	err = raw.Control(func(fd uintptr) {
		_, _, errno := syscall.Syscall(
			syscall.SYS_IOCTL, fd, syscall.TIOCOUTQ, uintptr(unsafe.Pointer(&held)),
		)
		ok = errno == 0
	})
	return int(held), ok && err == nil
}
