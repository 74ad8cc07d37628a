package fault

import (
	"io"
	"sync"
)

// brokenBody gives some bytes of a body and then what end says.
type brokenBody struct {
	io.ReadCloser
	left int64
	end  func() error
}

func (b *brokenBody) Read(p []byte) (int, error) {
	if b.left <= 0 {
		return 0, b.end()
	}
	n, err := b.ReadCloser.Read(p[:min(int64(len(p)), b.left)])
	b.left -= int64(n)
	return n, err
}

// stalledBody is a brokenBody whose end waits for Close.
type stalledBody struct {
	brokenBody
	once   sync.Once
	closed chan struct{}
}

func (b *stalledBody) Close() error {
	b.once.Do(func() { close(b.closed) })
	return b.ReadCloser.Close()
}

// flippedBody is a body with one wrong byte.
type flippedBody struct {
	io.ReadCloser
	at int64 // still to come before the wrong byte; negative behind it
}

func (b *flippedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if b.at >= 0 && b.at < int64(n) {
		p[b.at] ^= 0xff
	}
	b.at -= int64(n)
	return n, err
}
