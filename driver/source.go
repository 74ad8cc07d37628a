package driver

import (
	"io"
	"sync"

	"github.com/polystore/storage"
)

// Source is a body as the caller of a write gave it: exactly size bytes that can be read again.
// Several payloads may read it concurrently. A transport may still read the payload of an attempt
// that has ended while the next attempt begins. A Source is not closed: the body is the caller's.
type Source struct {
	mu  sync.Mutex
	r   io.ReadSeeker
	at  int64 // of r
	err error // of r, or io.ErrUnexpectedEOF
}

// NewSource returns r, which must hold exactly size bytes, as a Source. It finds out by a Seek,
// before a byte is sent: a longer body is ErrInvalid, a shorter one io.ErrUnexpectedEOF.
func NewSource(r io.ReadSeeker, size int64) (*Source, error) {
	end, err := r.Seek(0, io.SeekEnd)
	switch {
	case err != nil:
		return nil, &storage.Error{Err: err}
	case size < 0 || end > size:
		return nil, Invalidf("the body has %d bytes, not %d", end, size)
	case end < size:
		return nil, &storage.Error{Err: io.ErrUnexpectedEOF}
	}
	return &Source{r: r, at: end}, nil
}

// Section returns the bytes from..to, without to, as the body of a request.
func (s *Source) Section(from, to int64) *Payload {
	return &Payload{source: s, start: from, pos: from, end: to}
}

// readAt reads from off, at most up to end, which is behind off.
func (s *Source) readAt(b []byte, off, end int64) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err != nil {
		return 0, s.err
	}
	if s.at != off {
		if s.at, s.err = s.r.Seek(off, io.SeekStart); s.err != nil {
			return 0, s.err
		}
	}
	n, err := s.r.Read(b[:min(int64(len(b)), end-off)])
	s.at += int64(n)
	switch {
	// Errors behind the last byte are of no concern.
	case s.at == end, n > 0 && err == io.EOF:
		return n, nil
	case err == io.EOF: // a file that shrank
		err = io.ErrUnexpectedEOF
	}
	s.err = err
	return n, err
}
