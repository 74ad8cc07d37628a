//go:build !linux

package proxy

import (
	"net"
	"sync"
)

// belt carries the bytes of a line from one connection to the other, here in buffers.
type belt struct {
	loaded chan []byte
	gone   chan struct{} // closed when nobody unloads any more
}

var buffers = sync.Pool{New: func() any { return new([chunk]byte) }}

func newBelt() (*belt, error) {
	return &belt{loaded: make(chan []byte, depth+2), gone: make(chan struct{})}, nil
}

func (b *belt) close() {}

// load waits for bytes of src, and puts at most chunk of them on the belt.
func (b *belt) load(src *net.TCPConn) (int, error) {
	buf := buffers.Get().(*[chunk]byte)
	n, err := src.Read(buf[:])
	if n == 0 {
		buffers.Put(buf)
		return 0, err
	}
	select {
	case b.loaded <- buf[:n]:
		return n, nil // the error comes again
	case <-b.gone:
		return 0, net.ErrClosed
	}
}

// unload moves the next n bytes of the belt, which are those of one load, to dst.
func (b *belt) unload(dst *net.TCPConn, _ int) error {
	p := <-b.loaded
	_, err := dst.Write(p)
	buffers.Put((*[chunk]byte)(p[:chunk]))
	return err
}
