//go:build !linux

package proxy

import (
	"bytes"
	"net"
	"sync"
	"sync/atomic"
)

// lineSize is how many bytes a line holds: more than one with its delay does.
const lineSize = 1 << 20

// belt carries the bytes of a line from one connection to the other, here in buffers.
type belt struct {
	loaded  chan []byte
	held    atomic.Int64
	drained chan struct{} // has an entry after there is room
	gone    chan struct{} // closed when nobody unloads any more
}

var buffers = sync.Pool{New: func() any { return new([chunk]byte) }}

func newBelt() (*belt, error) {
	return &belt{
		loaded: make(chan []byte, depth+2), drained: make(chan struct{}, 1),
		gone: make(chan struct{}),
	}, nil
}

func (b *belt) close() {}

// load waits for bytes of src, and puts at most chunk of them on the belt.
func (b *belt) load(src *net.TCPConn) (int, error) {
	for b.held.Load() >= lineSize {
		select {
		case <-b.drained:
		case <-b.gone:
			return 0, net.ErrClosed
		}
	}
	buf := buffers.Get().(*[chunk]byte)
	n, err := src.Read(buf[:])
	piece := buf[:n]
	if n < chunk/2 { // a small piece does not take a large buffer with it
		piece = bytes.Clone(piece)
		buffers.Put(buf)
	}
	if n == 0 {
		return 0, err
	}
	b.held.Add(int64(n))
	select {
	case b.loaded <- piece:
		return n, nil // the error comes again
	case <-b.gone:
		return 0, net.ErrClosed
	}
}

// unload moves the next n bytes of the belt, which are those of one load, to dst.
func (b *belt) unload(dst *net.TCPConn, n int) error {
	p := <-b.loaded
	_, err := dst.Write(p)
	if cap(p) == chunk {
		buffers.Put((*[chunk]byte)(p[:chunk]))
	}
	b.held.Add(-int64(n))
	select {
	case b.drained <- struct{}{}:
	default:
	}
	return err
}
