package storage

import (
	"io"
	"sync"
)

// body is what one attempt sends: a section of a source. A read of it counts as movement. It fails
// once the attempt is over, because a transport can read on after the response has arrived.
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

// Len returns the number of bytes left, as that of bytes.Reader does.
func (b *body) Len() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.r == nil {
		return 0
	}
	at, _ := b.r.Seek(0, io.SeekCurrent)
	return int(b.size - at)
}

// finish ends the body and returns err, or the failure of the source if that is the reason for err.
// In that case nothing is in doubt, because the service got less than it was promised.
func (b *body) finish(err error) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.r = nil
	if err != nil && b.failed != nil && b.a.Err() == nil {
		return &Error{Err: b.failed}
	}
	return err
}
