package main

import (
	"context"
	"io"
)

// interruptible reads from r until ctx ends, also while r waits. It ends at once: a Bucket gives a
// source that blocks a second more, and a local file waits for it without end. A write from
// standard input is to clean up behind itself at the first signal.
type interruptible struct {
	ctx  context.Context
	r    io.Reader
	buf  []byte
	rest []byte      // read and not yet given
	came chan answer // nil before the first Read
	busy bool        // a read of r is under way, into buf
}

type answer struct {
	n   int
	err error
}

// Read gives what r gives, or ctx's error.
func (s *interruptible) Read(p []byte) (int, error) {
	if len(s.rest) > 0 {
		n := copy(p, s.rest)
		s.rest = s.rest[n:]
		return n, nil
	}
	if len(p) == 0 {
		return 0, s.ctx.Err()
	}
	if s.came == nil {
		s.buf, s.came = make([]byte, 256<<10), make(chan answer, 1)
	}
	if !s.busy {
		s.busy = true
		go func() {
			n, err := s.r.Read(s.buf)
			s.came <- answer{n, err}
		}()
	}
	select {
	case a := <-s.came:
		s.busy = false
		n := copy(p, s.buf[:a.n])
		if n < a.n { // the error comes again
			s.rest = s.buf[n:a.n]
			return n, nil
		}
		return n, a.err
	case <-s.ctx.Done():
		return 0, s.ctx.Err()
	}
}
