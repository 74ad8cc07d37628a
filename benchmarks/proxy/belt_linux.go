package proxy

import (
	"io"
	"net"
	"time"

	"golang.org/x/sys/unix"
)

// pipeSize is what a pipe holds, where the system allows it: more than a line with its delay does.
const pipeSize = 1 << 20

// belt carries the bytes of a line from one connection to the other, here in a pipe of the kernel,
// so that they are not copied.
type belt struct {
	r, w    int
	drained chan struct{} // has an entry after the pipe has got room
	gone    chan struct{} // closed when nobody unloads any more
}

func newBelt() (*belt, error) {
	var fds [2]int
	if err := unix.Pipe2(fds[:], unix.O_NONBLOCK|unix.O_CLOEXEC); err != nil {
		return nil, err
	}
	// A pipe that stays small is slower, and works.
	unix.FcntlInt(uintptr(fds[1]), unix.F_SETPIPE_SZ, pipeSize)
	return &belt{
		r: fds[0], w: fds[1], drained: make(chan struct{}, 1), gone: make(chan struct{}),
	}, nil
}

// close frees the pipe. Nobody may be in load or unload.
func (b *belt) close() {
	unix.Close(b.r)
	unix.Close(b.w)
}

const flags = unix.SPLICE_F_MOVE | unix.SPLICE_F_NONBLOCK

// load waits for bytes of src, and puts at most chunk of them on the belt.
func (b *belt) load(src *net.TCPConn) (n int, err error) {
	raw, err := src.SyscallConn()
	if err != nil {
		return 0, err
	}
	for {
		full := false
		var failed error
		err := raw.Read(func(fd uintptr) bool {
			moved, err := unix.Splice(int(fd), nil, b.w, nil, chunk, flags)
			switch {
			case err == unix.EINTR:
				full = true // once more
				b.signal()
				return true
			case err == unix.EAGAIN && !readable(int(fd)):
				return false
			case err == unix.EAGAIN:
				full = true
				return true
			}
			n, failed = int(moved), err
			return true
		})
		switch {
		case err != nil:
			return 0, err
		case failed != nil:
			return 0, failed
		case !full && n == 0:
			return 0, io.EOF
		case !full:
			return n, nil
		}
		// The pipe may not be full after all, where the bytes came between the two calls. Then
		// nothing drains it.
		select {
		case <-b.drained:
		case <-time.After(time.Millisecond):
		case <-b.gone:
			return 0, net.ErrClosed
		}
	}
}

// readable tells whether a read would not wait, that is, whether it is the pipe that is full.
func readable(fd int) bool {
	fds := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}
	n, err := unix.Poll(fds, 0)
	return err == nil && n > 0
}

func (b *belt) signal() {
	select {
	case b.drained <- struct{}{}:
	default:
	}
}

// unload moves the next n bytes of the belt to dst.
func (b *belt) unload(dst *net.TCPConn, n int) error {
	raw, err := dst.SyscallConn()
	if err != nil {
		return err
	}
	var failed error
	err = raw.Write(func(fd uintptr) bool {
		for n > 0 {
			moved, err := unix.Splice(b.r, nil, int(fd), nil, n, flags)
			switch err {
			case nil:
				n -= int(moved)
				b.signal()
			case unix.EINTR:
			case unix.EAGAIN:
				return false
			default:
				failed = err
				return true
			}
		}
		return true
	})
	if err == nil {
		err = failed
	}
	return err
}
