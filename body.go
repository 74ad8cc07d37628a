package storage

import (
	"io"
	"sync"
)

// body is what one attempt sends: a section of a source. Reading it counts as movement. It is dead
// once the attempt is over, since a transport can go on reading after its answer came.
type body struct {
	a      *attempt
	size   int64
	mu     sync.Mutex
	r      *io.SectionReader
	failed error // the source's own failure, which no other attempt mends
}

func newBody(a *attempt, src io.ReaderAt, off, size int64) *body {
	return &body{a: a, size: size, r: io.NewSectionReader(src, off, size)}
}

func (b *body) Read(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.r == nil {
		return 0, ErrClosed
	}
	if b.failed != nil {
		return 0, b.failed
	}
	b.a.watch.touch()
	n, err := caught(b.r, p)
	b.a.trace.sentBytes(n)
	switch at, _ := b.r.Seek(0, io.SeekCurrent); {
	case err == io.EOF && at < b.size:
		b.failed = io.ErrUnexpectedEOF
		err = b.failed
	case err != nil && err != io.EOF:
		b.failed = err
	}
	return n, err
}

func (b *body) Seek(offset int64, whence int) (int64, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.r == nil {
		return 0, ErrClosed
	}
	return b.r.Seek(offset, whence)
}

// Len returns the bytes that are left, as bytes.Reader has it.
func (b *body) Len() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.r == nil {
		return 0
	}
	at, _ := b.r.Seek(0, io.SeekCurrent)
	return int(b.size - at)
}

// finish ends the body's life and returns err, or the source's failure where that is the reason for
// it: the service got less than it was promised, so nothing is in doubt.
func (b *body) finish(err error) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.r = nil
	if err != nil && b.failed != nil && b.a.Err() == nil {
		return &Error{Err: b.failed}
	}
	return err
}
