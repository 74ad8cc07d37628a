package gcs

import (
	"context"
	"io"
	"sync"

	"github.com/polystore/storage"
)

// source is a body as the caller gave it. It may be read by several payloads, also while a transport reads on after its answer came. It
// is not closed: it is the caller's.
type source struct {
	mu  sync.Mutex
	r   io.ReadSeeker
	at  int64 // of r
	err error // of r, or io.ErrUnexpectedEOF
}

// newSource refuses a body that is longer or shorter than size before a byte of it is sent.
func newSource(r io.ReadSeeker, size int64) (*source, error) {
	end, err := r.Seek(0, io.SeekEnd)
	switch {
	case err != nil:
		return nil, &storage.Error{Err: err}
	case end < size:
		return nil, &storage.Error{Err: io.ErrUnexpectedEOF}
	case end > size:
		return nil, invalid("the body has %d bytes, not %d", end, size)
	}
	return &source{r: r, at: end}, nil
}

// readAt reads from off, at most len(b) bytes and at least one.
func (s *source) readAt(b []byte, off int64) (int, error) {
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
	n, err := s.r.Read(b)
	s.at += int64(n)
	switch {
	case n > 0 && (err == nil || err == io.EOF):
		return n, nil
	case err == io.EOF: // a file that shrank
		s.err = io.ErrUnexpectedEOF
	default:
		s.err = err
	}
	return n, s.err
}

// failure is the caller's own, if there was one.
func (s *source) failure() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.err
}

// section is bytes [from, to) of the source as the body of a request.
func (s *source) section(from, to int64) *payload {
	return &payload{src: s, pos: from, end: to, all: from == to}
}

// payload is the body of one request. It notes what became of it.
type payload struct {
	src *source

	mu       sync.Mutex
	pos, end int64
	all      bool // the last byte was handed out
}

func (p *payload) Read(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.pos == p.end {
		p.all = true
		return 0, io.EOF
	}
	if len(b) == 0 {
		return 0, nil
	}
	if rest := p.end - p.pos; int64(len(b)) > rest {
		b = b[:rest]
	}
	n, err := p.src.readAt(b, p.pos)
	p.pos += int64(n)
	p.all = p.pos == p.end
	return n, err
}

// whole reports whether the last byte was handed out.
func (p *payload) whole() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.all
}

// copyTo hands everything to w, which cannot fail.
func (p *payload) copyTo(ctx context.Context, w io.Writer, buf []byte) error {
	for {
		if err := ctx.Err(); err != nil {
			return &storage.Error{Err: err}
		}
		n, err := p.Read(buf)
		w.Write(buf[:n])
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return &storage.Error{Err: err}
		}
	}
}
