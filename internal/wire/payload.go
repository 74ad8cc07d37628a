package wire

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/polystore/storage"
)

// Source is a body as the caller gave it. It may be read by several payloads, also while a transport reads on after its answer
// came. It is not closed: it is the caller's.
type Source struct {
	mu  sync.Mutex
	r   io.ReadSeeker
	at  int64 // of r
	err error // of r, or io.ErrUnexpectedEOF
}

// NewSource refuses a body that is longer or shorter than size before a byte of it is sent: ErrInvalid, io.ErrUnexpectedEOF.
func NewSource(r io.ReadSeeker, size int64) (*Source, error) {
	end, err := r.Seek(0, io.SeekEnd)
	switch {
	case err != nil:
		return nil, &storage.Error{Err: err}
	case end < size:
		return nil, &storage.Error{Err: io.ErrUnexpectedEOF}
	case end > size:
		return nil, &storage.Error{Kind: storage.ErrInvalid, Err: fmt.Errorf("the body has %d bytes, not %d", end, size)}
	}
	return &Source{r: r, at: end}, nil
}

// Section is bytes [from, to) as the body of a request.
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
	case s.at == end, n > 0 && err == io.EOF: // what is wrong behind the last byte is nobody's concern
		return n, nil
	case err == io.EOF: // a file that shrank
		err = io.ErrUnexpectedEOF
	}
	s.err = err
	return n, err
}

// Payload is the body of a request, a section of a source. It notes what became of it.
type Payload struct {
	source     *Source
	start, end int64

	mu  sync.Mutex
	pos int64 // of the next byte to hand out
	all bool  // the last byte was handed out
}

// NewPayload is the whole of [NewSource] as the body of a request.
func NewPayload(r io.ReadSeeker, size int64) (*Payload, error) {
	s, err := NewSource(r, size)
	if err != nil {
		return nil, err
	}
	return s.Section(0, size), nil
}

// Size is the length of the body in bytes.
func (p *Payload) Size() int64 { return p.end - p.start }

func (p *Payload) Read(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case p.pos == p.end:
		return 0, io.EOF
	case len(b) == 0:
		return 0, nil
	}
	n, err := p.source.readAt(b, p.pos, p.end)
	p.pos += int64(n)
	p.all = p.all || p.pos == p.end
	return n, err
}

// Seek costs nothing: SDKs ask for the length by it again and again.
func (p *Payload) Seek(offset int64, whence int) (int64, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch whence {
	case io.SeekStart:
		offset += p.start
	case io.SeekCurrent:
		offset += p.pos
	case io.SeekEnd:
		offset += p.end
	}
	if offset < p.start || offset > p.end {
		return 0, errors.New("seek outside the body")
	}
	p.pos = offset
	p.all = p.all && offset > p.start // from the start again
	return offset - p.start, nil
}

// Close does nothing: the source is the caller's. SDKs and transports ask for it.
func (p *Payload) Close() error { return nil }

// Whole reports whether the last byte was handed out since the last start. Of an empty body nothing is asked for: it always was.
func (p *Payload) Whole() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.all || p.Size() == 0
}

// Failure is the source's own, if it had one.
func (p *Payload) Failure() error {
	p.source.mu.Lock()
	defer p.source.mu.Unlock()
	return p.source.err
}

// copyTo hands everything to w, which cannot fail, and rewinds.
func (p *Payload) copyTo(ctx context.Context, w io.Writer, buf []byte) error {
	defer p.Seek(0, io.SeekStart)
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
