package storage

import (
	"bytes"
	"errors"
	"io"
	"os"
	"strings"
	"sync"
)

// body is what one attempt sends: a section of a source. Reading it counts as movement, and it is dead once the attempt
// is over, since a transport can go on reading after its answer came.
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
	n, err := b.read(p)
	switch at, _ := b.r.Seek(0, io.SeekCurrent); {
	case err == io.EOF && at < b.size:
		b.failed = io.ErrUnexpectedEOF
		err = b.failed
	case err != nil && err != io.EOF:
		b.failed = err
	}
	return n, err
}

// read turns a panic of the source into an error: the transport may be reading on a goroutine of its own.
func (b *body) read(p []byte) (n int, err error) {
	defer func() {
		if v := recover(); v != nil {
			n, err = 0, sourcePanic{v}
		}
	}()
	return b.r.Read(p)
}

// sourcePanic carries a panic of a source to the caller's goroutine.
type sourcePanic struct{ value any }

func (sourcePanic) Error() string { return "the source panicked" }

// repanic goes on with a panic of the source, after everything is cleaned up.
func repanic(err *error) {
	var p sourcePanic
	if errors.As(*err, &p) {
		panic(p.value)
	}
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

// finish ends the body's life and returns err, or the source's failure where that is the reason for it: the service got less
// than it was promised, so nothing is in doubt.
func (b *body) finish(err error) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.r = nil
	if err != nil && b.failed != nil && b.a.Err() == nil {
		return &Error{Err: b.failed}
	}
	return err
}

// sized looks into the sources whose size and bytes at any offset it knows for certain, from their current offset on. Everything else
// is a stream: a type that embeds one of these may read quite differently.
func sized(r io.Reader) (src io.ReaderAt, off, size int64, consumed func(), ok bool) {
	seeker := func(s io.Seeker, total int64) (int64, int64, bool) {
		at, err := s.Seek(0, io.SeekCurrent)
		return at, max(total-at, 0), err == nil
	}
	switch r := r.(type) {
	case *bytes.Reader:
		off, size, ok = seeker(r, r.Size())
		src, consumed = r, func() { r.Seek(0, io.SeekEnd) }
	case *strings.Reader:
		off, size, ok = seeker(r, r.Size())
		src, consumed = r, func() { r.Seek(0, io.SeekEnd) }
	case *io.SectionReader:
		off, size, ok = seeker(r, r.Size())
		src, consumed = r, func() { r.Seek(0, io.SeekEnd) }
	case *bytes.Buffer:
		src, size, ok = bytes.NewReader(r.Bytes()), int64(r.Len()), true
		consumed = r.Reset
	case *os.File:
		// A regular file that says it is empty may be one of /proc.
		if st, err := r.Stat(); err == nil && st.Mode().IsRegular() && st.Size() > 0 {
			off, size, ok = seeker(r, st.Size())
			src, consumed = r, func() { r.Seek(off+size, io.SeekStart) }
		}
	}
	return src, off, size, consumed, ok
}
