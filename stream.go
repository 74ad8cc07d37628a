package storage

import (
	"context"
	"io"
)

// stream writes an object of unknown length. It collects the bytes of a part, in buffers that grow
// from 64 KiB on. An upload begins only when another byte follows what one request can carry. A
// stream belongs to one goroutine.
type stream struct {
	w      *write
	ctx    context.Context // its life
	cancel context.CancelFunc
	limits PartLimits
	buf    chunks
	limit  int64 // of buf
	size   int64 // bytes taken so far
	sums   *verifier
	parts  *partWriter // nil while everything fits the buffer
	err    error       // the first failure, which every later call repeats
}

// stream begins a write. commit or abort ends it.
func (w *write) stream(ctx context.Context) *stream {
	s := &stream{w: w, limits: w.limits(), sums: newVerifier(w.opts.Checksums, true, nil)}
	s.limit = w.partSize
	s.ctx, s.cancel = context.WithCancel(ctx)
	return s
}

// copyFrom writes what r gives until its io.EOF.
func (w *write) copyFrom(ctx context.Context, r io.Reader) (*Object, error) {
	s := w.stream(ctx)
	defer s.abort() // also when r panics
	if _, err := s.readFrom(r); err != nil {
		return nil, err
	}
	return s.commit()
}

// write takes p.
func (s *stream) write(p []byte) (int, error) {
	n := 0
	for len(p) > 0 {
		if err := s.room(); err != nil {
			return n, err
		}
		k := copy(s.space(), p)
		s.grew(p[:k])
		n, p = n+k, p[k:]
	}
	return n, s.alive()
}

// readFrom takes what r gives until its io.EOF.
func (s *stream) readFrom(r io.Reader) (int64, error) {
	before := s.size
	var helper *aside
	if !s.w.e.off.aside && !isDirect(r) {
		helper = newAside(r.Read)
		defer helper.stop()
	}
	for idle := 0; ; {
		if err := s.alive(); err != nil {
			return s.size - before, err
		}
		var peek [1]byte
		space := peek[:] // a full buffer is a part of its own only if something follows
		if !s.full() {
			if err := s.room(); err != nil {
				return s.size - before, err
			}
			space = s.space()
		}
		n, err := s.next(r, helper, space)
		if n < 0 || n > len(space) {
			return s.size - before, s.fail(&Error{Err: errCount(n, len(space))})
		}
		if n > 0 {
			idle = 0
			if s.full() {
				if err := s.room(); err != nil {
					return s.size - before, err
				}
				copy(s.space(), peek[:])
			}
			s.grew(space[:n])
		}
		if err == nil && n == 0 {
			if idle++; idle == 100 {
				err = io.ErrNoProgress
			}
		}
		if err == io.EOF {
			return s.size - before, nil
		}
		if err != nil {
			return s.size - before, s.fail(&Error{Err: err})
		}
	}
}

// next reads from r, on its helper where it has one. If that does not come back when the call has
// ended, the stream is over.
func (s *stream) next(r io.Reader, helper *aside, p []byte) (int, error) {
	if helper == nil {
		return r.Read(p)
	}
	e := s.w.e
	a, ok := helper.read(s.ctx, e.closing.Done(), e.grace(), p)
	if !ok {
		s.buf = chunks{} // the source may still write into it
		return 0, s.alive()
	}
	if broken, ok := a.err.(sourcePanic); ok {
		broken.raise()
	}
	return a.n, a.err
}

// space returns where the next bytes go. There is room for them.
func (s *stream) space() []byte { return s.buf.room(&s.w.e.buffers, s.limit-s.buf.size) }

// grew counts p, which stands in space.
func (s *stream) grew(p []byte) {
	s.sums.Write(p)
	s.buf.grew(len(p))
	s.size += int64(len(p))
}

// full reports whether the buffer has room for nothing more.
func (s *stream) full() bool { return s.buf.size == s.limit }

// room makes room in the buffer: if it is full, a part is sent.
func (s *stream) room() error {
	if err := s.alive(); err != nil {
		return err
	}
	if !s.full() {
		return nil
	}
	return s.wholeParts()
}

// wholeParts sends the parts that are full.
func (s *stream) wholeParts() error {
	if s.parts == nil {
		s.parts = newPartWriter(s.ctx, s.w, s.limits)
		s.limit = s.parts.unit
	}
	for s.buf.size >= s.limit {
		if err := s.parts.add(s.buf.cut(s.limit), false); err != nil {
			return s.fail(err)
		}
	}
	s.buf.large = true
	return nil
}

// alive reports why the stream cannot go on.
func (s *stream) alive() error {
	if s.err != nil {
		return s.err
	}
	if err := s.w.ready(s.ctx); err != nil {
		return s.fail(err)
	}
	if s.parts != nil {
		if err := s.parts.failed(); err != nil {
			return s.fail(err)
		}
	}
	return nil
}

func (s *stream) fail(err error) error {
	if s.err == nil {
		s.err = err
	}
	return s.err
}

// commit writes the object.
func (s *stream) commit() (*Object, error) {
	if err := s.alive(); err != nil {
		return nil, err
	}
	if err := s.sums.check(); err != nil {
		return nil, err
	}
	if s.parts == nil {
		o, err := s.w.once(s.ctx, &s.buf, 0, s.size)
		if err == nil {
			s.buf.recycle(&s.w.e.buffers)
		}
		return o, err
	}
	return s.parts.commit(&s.buf)
}

// abort drops what was not committed and lets go of everything. It may be called again.
func (s *stream) abort() {
	s.cancel()
	s.buf = chunks{}
	if s.parts != nil {
		s.parts.abort()
	}
}
