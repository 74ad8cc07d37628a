package storage

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"
)

// sized returns the bytes of a source from its current offset on, if it knows for certain their
// number and how to read them at any offset. Everything else is a stream: a type that embeds one of
// these can read quite differently.
func sized(r io.Reader) (src io.ReaderAt, off, size int64, consumed func(), ok bool) {
	seeker := func(s io.Seeker, total int64) (int64, int64, bool) {
		at, err := s.Seek(0, io.SeekCurrent)
		return at, max(total-at, 0), err == nil
	}
	switch r := r.(type) {
	case *bytes.Reader:
		off, size, ok = seeker(r, r.Size())
		src, consumed = r, func() { r.Seek(0, io.SeekEnd) }
	case *strings.Reader:
		off, size, ok = seeker(r, r.Size())
		src, consumed = r, func() { r.Seek(0, io.SeekEnd) }
	case *io.SectionReader:
		off, size, ok = seeker(r, r.Size())
		src, consumed = r, func() { r.Seek(0, io.SeekEnd) }
	case *bytes.Buffer:
		src, size, ok = bytes.NewReader(r.Bytes()), int64(r.Len()), true
		consumed = r.Reset
	case *os.File:
		// A regular file that says it is empty may be one of /proc.
		if st, err := r.Stat(); err == nil && st.Mode().IsRegular() && st.Size() > 0 {
			off, size, ok = seeker(r, st.Size())
			src, consumed = r, func() { r.Seek(off+size, io.SeekStart) }
		}
	}
	return src, off, size, consumed, ok
}

// caught reads from r and turns a panic into an error, because a transport may read on a goroutine
// of its own.
func caught(r io.Reader, p []byte) (n int, err error) {
	defer func() {
		if v := recover(); v != nil {
			n, err = 0, sourcePanic{value: v}
		}
	}()
	return r.Read(p)
}

// sourcePanic carries the panic of a source, or its runtime.Goexit, to the caller's goroutine.
type sourcePanic struct {
	value any
	exit  bool
}

func (sourcePanic) Error() string { return "the source panicked" }

// raise continues the panic.
func (p sourcePanic) raise() {
	if p.exit {
		runtime.Goexit()
	}
	panic(p.value)
}

// errCount is the error of a Read that says what cannot be.
func errCount(n, size int) error {
	return fmt.Errorf("the source returned %d bytes for a buffer of %d", n, size)
}

// repanic continues a panic of the source after the clean-up.
func repanic(err *error) {
	if *err == nil {
		return
	}
	var p sourcePanic
	if errors.As(*err, &p) {
		p.raise()
	}
}

type onlyReader struct{ io.Reader }

type onlyWriter struct{ io.Writer }

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }
