package storage

import (
	"io"
	"sync"
)

// body is what one attempt sends: a section of a source. A read of it counts as movement. It fails
// once the attempt is over, because a transport can read on after the response has arrived.
//
// A source that may block is read aside, into a buffer of its own: the transport takes back the one
// that it gave, and pools it.
type body struct {
	a      *attempt
	e      *engine
	size   int64
	aside  bool // the source may block
	mu     sync.Mutex
	r      *io.SectionReader // nil once the body is over
	helper *aside            // nil before the first Read
	buf    []byte            // the helper's
	failed error             // the source's own failure, which no other attempt mends
	told   int64             // bytes that the trace knows of
	source stopwatch         // runs while the source is waited for
}

func (e *engine) newBody(a *attempt, src io.ReaderAt, off, size int64) *body {
	b := new(body)
	b.init(e, a, src, off, size)
	return b
}

func (b *body) init(e *engine, a *attempt, src io.ReaderAt, off, size int64) {
	b.a, b.e, b.size, b.aside = a, e, size, !e.off.aside && !isDirectAt(src)
	b.r = io.NewSectionReader(src, off, size)
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
	b.source.start()
	n, err := b.read(p)
	b.source.stop()
	if b.r == nil {
		return 0, err
	}
	at, _ := b.r.Seek(0, io.SeekCurrent)
	if at > b.told { // and not read again, by a driver that makes a sum before it sends
		b.a.trace.sentBytes(int(at - b.told))
		b.told = at
	}
	switch {
	case err == io.EOF && at < b.size:
		b.failed = io.ErrUnexpectedEOF
		err = b.failed
	case err != nil && err != io.EOF:
		b.failed = err
	}
	return n, err
}

// asideBuffer is how much is read at once of a source that may block.
const asideBuffer = 64 << 10

// read reads from the source. It drops the source if it was abandoned.
func (b *body) read(p []byte) (int, error) {
	if !b.aside || len(p) == 0 {
		return caught(b.r, p)
	}
	if b.helper == nil {
		b.helper = newAside(b.r.Read)
		b.buf = make([]byte, min(asideBuffer, max(b.size, 1)))
	}
	a, ok := b.helper.read(b.a, nil, b.e.grace(), b.buf[:min(len(p), len(b.buf))])
	if !ok {
		b.r, b.buf = nil, nil
		return 0, b.a.Err()
	}
	if a.n < 0 || a.n > len(b.buf) {
		return 0, errCount(a.n, len(b.buf))
	}
	return copy(p, b.buf[:a.n]), a.err
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
	if b.helper != nil {
		b.helper.stop()
	}
	if err != nil && b.failed != nil && b.a.Err() == nil {
		return &Error{Err: b.failed}
	}
	return err
}
