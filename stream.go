package storage

import (
	"bytes"
	"context"
	"fmt"
	"io"
)

// stream writes an object of unknown length. It collects bytes in one buffer, which grows from 64
// KiB to the size of a part. An upload begins only when another byte follows a full part. A stream
// belongs to one goroutine.
type stream struct {
	w      *write
	ctx    context.Context // its life
	cancel context.CancelFunc
	limits PartLimits
	buf    []byte
	size   int64 // bytes taken so far
	sums   *verifier
	parts  *partWriter // nil while everything fits the buffer
	err    error       // the first failure, which every later call repeats
}

// stream begins a write. commit or abort ends it.
func (w *write) stream(ctx context.Context) *stream {
	s := &stream{w: w, limits: w.limits(), sums: newVerifier(w.opts.Checksums, true)}
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
		k := min(len(p), cap(s.buf)-len(s.buf))
		s.append(p[:k])
		n, p = n+k, p[k:]
	}
	return n, s.alive()
}

// readFrom takes what r gives until its io.EOF.
func (s *stream) readFrom(r io.Reader) (int64, error) {
	before := s.size
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
			space = s.buf[len(s.buf):cap(s.buf)]
		}
		n, err := r.Read(space)
		if n < 0 || n > len(space) {
			err := fmt.Errorf("the source returned %d bytes for a buffer of %d", n, len(space))
			return s.size - before, s.fail(&Error{Err: err})
		}
		if n > 0 {
			idle = 0
			if err := s.room(); err != nil { // does nothing unless the buffer is full
				return s.size - before, err
			}
			s.append(space[:n])
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

// append adds bytes for which there is room; they may stand there already.
func (s *stream) append(p []byte) {
	s.sums.Write(p)
	s.buf = append(s.buf, p...)
	s.size += int64(len(p))
}

// full reports whether the buffer is a whole part.
func (s *stream) full() bool {
	return len(s.buf) == cap(s.buf) && int64(cap(s.buf)) >= s.w.partSize
}

// room makes room in the buffer: it grows to a part's size, and then it is sent.
func (s *stream) room() error {
	if err := s.alive(); err != nil {
		return err
	}
	if len(s.buf) < cap(s.buf) {
		return nil
	}
	if have := int64(cap(s.buf)); have < s.w.partSize {
		grown := s.w.buffer(min(max(8*have, firstBuffer), s.w.partSize))
		s.buf = append(grown, s.buf...)
		return nil
	}
	if s.parts == nil {
		s.parts = newPartWriter(s.ctx, s.w, s.limits)
	}
	buf, err := s.parts.add(s.buf, false)
	if err != nil {
		return s.fail(err)
	}
	s.buf = buf
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
		return s.w.once(s.ctx, bytes.NewReader(s.buf), 0, s.size)
	}
	return s.parts.commit(s.buf)
}

// abort drops what was not committed and lets go of everything. It may be called again.
func (s *stream) abort() {
	s.cancel()
	s.buf = nil
	if s.parts != nil {
		s.parts.abort()
	}
}
