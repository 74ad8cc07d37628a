package storage

import (
	"bytes"
	"context"
	"io"
	"os"
	"strings"
	"time"
)

// aside reads a source of the caller's on one goroutine of its own. A Read that blocks can be
// abandoned there, and then does not hold the call that it was for.
//
// This is the exception to "on the caller's goroutine". It has a price: a buffer that was abandoned
// may be written to at any time, and the caller must not use the source before its Read has
// returned.
type aside struct {
	todo chan []byte
	came chan answer
	gone bool // abandoned, or its goroutine has ended
}

// answer is what a Read returned, or how it did not.
type answer struct {
	n   int
	err error // a sourcePanic where the source panicked
}

// newAside begins to read by read. stop ends it.
func newAside(read func(p []byte) (int, error)) *aside {
	s := &aside{todo: make(chan []byte), came: make(chan answer, 1)}
	go func() {
		over := false
		defer func() {
			if !over { // runtime.Goexit
				s.came <- answer{err: sourcePanic{exit: true}}
			}
		}()
		for p := range s.todo {
			n, err := caught(readerFunc(read), p)
			s.came <- answer{n, err}
		}
		over = true
	}()
	return s
}

// read reads into p. It returns false if the Read was abandoned, and with it p: grace after ctx has
// ended or closing is closed.
func (s *aside) read(
	ctx context.Context, closing <-chan struct{}, grace time.Duration, p []byte,
) (answer, bool) {
	if s.gone {
		return answer{}, false
	}
	s.todo <- p
	var a answer
	select {
	case a = <-s.came:
		return s.answered(a)
	case <-ctx.Done():
	case <-closing:
	}
	t := time.NewTimer(grace) // most sources end with the context, too
	defer t.Stop()
	select {
	case a = <-s.came:
		return s.answered(a)
	case <-t.C:
		s.stop()
		return answer{}, false
	}
}

func (s *aside) answered(a answer) (answer, bool) {
	if p, ok := a.err.(sourcePanic); ok && p.exit {
		s.gone = true
	}
	return a, true
}

// stop ends the goroutine when its Read has returned.
func (s *aside) stop() {
	if !s.gone {
		close(s.todo)
	}
	s.gone = true
}

// grace is how long a source may take to come back after the end of its context.
func (e *engine) grace() time.Duration { return e.opts.AbortTimeout / 4 }

// direct is a source of our own that is read as those of the standard library are.
type direct interface{ direct() }

// isDirect reports whether a Read of r does not block, or ends with the call: it is made on the
// caller's goroutine.
func isDirect(r io.Reader) bool {
	switch r := r.(type) {
	case *bytes.Reader, *strings.Reader, *bytes.Buffer, direct:
		return true
	case *io.SectionReader:
		at, _, _ := r.Outer()
		return isDirectAt(at)
	case *os.File:
		st, err := r.Stat() // files of /proc say that they are empty, and can block
		return err == nil && st.Mode().IsRegular() && st.Size() > 0
	}
	return false
}

// isDirectAt is isDirect for a source of known size.
func isDirectAt(src io.ReaderAt) bool {
	switch src := src.(type) {
	case *bytes.Reader, *strings.Reader, *os.File, direct:
		return true
	case *io.SectionReader:
		at, _, _ := src.Outer()
		return isDirectAt(at)
	}
	return false
}
