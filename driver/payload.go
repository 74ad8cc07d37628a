package driver

import (
	"context"
	"errors"
	"io"
	"sync"

	"github.com/polystore/storage"
)

// Payload is the body of one request: a section of a [Source]. It notes what became of it, which
// decides whether a write that failed is in doubt. Its methods may be called concurrently, as
// transports do.
type Payload struct {
	source     *Source
	start, end int64

	mu  sync.Mutex
	pos int64 // of the next byte to hand out
	all bool  // the last byte was handed out
}

// NewPayload returns the whole of a [NewSource] as the body of a request.
func NewPayload(r io.ReadSeeker, size int64) (*Payload, error) {
	s, err := NewSource(r, size)
	if err != nil {
		return nil, err
	}
	return s.Section(0, size), nil
}

// Size returns the length of the body in bytes.
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

// Seek moves within the section. It costs nothing: SDKs ask for the length by it again and again.
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

// Whole reports whether the last byte was handed out since the last start. A service never makes
// an object of a part of a body, so a request whose payload is not whole did nothing. An empty
// body, of which nothing is asked for, always is whole.
func (p *Payload) Whole() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.all || p.Size() == 0
}

// Failure returns the source's own error, if it had one: the request failed by it and was never
// complete.
func (p *Payload) Failure() error {
	p.source.mu.Lock()
	defer p.source.mu.Unlock()
	return p.source.err
}

// copyTo hands everything to w, which cannot fail, and rewinds.
func (p *Payload) copyTo(ctx context.Context, w io.Writer, buf []byte) error {
	defer p.Seek(0, io.SeekStart)
	if err := ContextErr(ctx); err != nil {
		return err
	}
	for {
		n, err := p.Read(buf)
		if ended := ContextErr(ctx); ended != nil {
			return ended
		}
		w.Write(buf[:n])
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return &storage.Error{Err: err}
		}
	}
}
