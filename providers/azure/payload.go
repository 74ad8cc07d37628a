package azure

import (
	"context"
	"errors"
	"io"
	"sync"

	"github.com/polystore/storage"
)

// payload is the body of a request: exactly size bytes of r. It notes what became of them, also while a transport reads on
// after its answer came. It is not closed: the source is the caller's.
type payload struct {
	size int64

	mu  sync.Mutex
	r   io.ReadSeeker
	pos int64 // of the next byte to hand out
	at  int64 // of r
	all bool  // the last byte was handed out
	err error // of r, or io.ErrUnexpectedEOF
}

// newPayload refuses a body that is longer or shorter than size before a byte of it is sent.
func newPayload(r io.ReadSeeker, size int64) (*payload, error) {
	end, err := r.Seek(0, io.SeekEnd)
	switch {
	case err != nil:
		return nil, &storage.Error{Err: err}
	case end < size:
		return nil, &storage.Error{Err: io.ErrUnexpectedEOF}
	case end > size:
		return nil, invalid("the body has %d bytes, not %d", end, size)
	}
	return &payload{size: size, r: r, at: end}, nil
}

func (p *payload) Read(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case p.err != nil:
		return 0, p.err
	case p.pos == p.size:
		p.all = true
		return 0, io.EOF
	}
	if p.at != p.pos {
		if p.at, p.err = p.r.Seek(p.pos, io.SeekStart); p.err != nil {
			return 0, p.err
		}
	}
	if rest := p.size - p.pos; int64(len(b)) > rest {
		b = b[:rest]
	}
	n, err := p.r.Read(b)
	p.pos += int64(n)
	p.at = p.pos
	switch {
	case p.pos == p.size:
		p.all = true
		err = nil // EOF comes by itself
	case err == io.EOF: // a file that shrank
		p.err = io.ErrUnexpectedEOF
		err = p.err
	case err != nil:
		p.err = err
	}
	return n, err
}

// Seek costs nothing: the SDK asks for the length by it again and again.
func (p *payload) Seek(offset int64, whence int) (int64, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch whence {
	case io.SeekCurrent:
		offset += p.pos
	case io.SeekEnd:
		offset += p.size
	}
	if offset < 0 || offset > p.size {
		return 0, errors.New("seek outside the body")
	}
	p.pos = offset
	p.all = p.all && offset > 0 // from the start again
	return offset, nil
}

// Close does nothing: the source is the caller's. The SDK asks for it.
func (p *payload) Close() error { return nil }

// whole reports whether the last byte was handed out since the last start.
func (p *payload) whole() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.all || p.size == 0 // of an empty body nothing is asked for
}

// failure is the source's own, if it had one.
func (p *payload) failure() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.err
}

// copyTo hands everything to w, which cannot fail, and rewinds.
func (p *payload) copyTo(ctx context.Context, w io.Writer, buf []byte) error {
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
