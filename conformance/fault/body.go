package fault

import (
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"sync"
	"syscall"
	"time"

	"github.com/polystore/storage"
)

// says is how bodies fail where they are read.
type says struct {
	cut, reset, closed error
	ended              func(error) error // the end of a context
}

var ofStore = &says{
	cut:    &storage.Error{Kind: storage.ErrUnavailable, Err: ErrCut},
	reset:  &storage.Error{Kind: storage.ErrUnavailable, Err: ErrCut},
	closed: &storage.Error{Kind: storage.ErrClosed},
	ended:  func(err error) error { return &storage.Error{Err: err} },
}

var ofHTTP = &says{
	cut:    errors.Join(ErrCut, io.ErrUnexpectedEOF),
	reset:  connection("read", errors.Join(ErrCut, os.NewSyscallError("read", syscall.ECONNRESET))),
	closed: http.ErrBodyReadAfterClose,
	ended:  func(err error) error { return err },
}

// stream is the body of an answer, and the faults in it, which act in the order of their offsets.
type stream struct {
	io.ReadCloser
	ctx  context.Context
	says *says
	at   int64 // of the next byte

	ends   int64               // the offset where end is asked; negative: nowhere
	end    func(*stream) error // io.EOF: as if that were all
	flips  int64               // the offset of a wrong byte; negative: none
	more   int64               // bytes that follow the last one
	pause  time.Duration       // before each byte
	event  int64               // the offset at which happen is called; negative: none
	happen func()

	once   sync.Once
	closed chan struct{}
}

// wrong returns a body with the faults that set adds.
func wrong(set func(*stream)) func(*stream) io.ReadCloser {
	return func(s *stream) io.ReadCloser {
		s.ends, s.flips, s.event, s.closed = -1, -1, -1, make(chan struct{})
		set(s)
		return s
	}
}

func (s *stream) Read(p []byte) (int, error) {
	if s.ends >= 0 && s.at >= s.ends {
		return 0, s.end(s)
	}
	if s.event >= 0 && s.at >= s.event {
		s.event = -1
		s.happen()
	}
	if s.pause > 0 && len(p) > 0 {
		if err := s.wait(time.After(s.pause)); err != nil {
			return 0, err
		}
		p = p[:1]
	}
	for _, stop := range []int64{s.ends, s.event} {
		if stop > s.at {
			p = p[:min(int64(len(p)), stop-s.at)]
		}
	}
	n, err := s.ReadCloser.Read(p)
	if err == io.EOF && s.more > 0 && n < len(p) {
		added := min(int64(len(p)-n), s.more)
		clear(p[n : n+int(added)])
		s.more -= added
		n += int(added)
		if err = nil; s.more == 0 {
			err = io.EOF
		}
	}
	if i := s.flips - s.at; s.flips >= 0 && i >= 0 && i < int64(n) {
		p[i] ^= 0xff
	}
	s.at += int64(n)
	return n, err
}

// wait waits for a time, the end of the context or Close.
func (s *stream) wait(until <-chan time.Time) error {
	select {
	case <-until:
		return nil
	case <-s.ctx.Done():
		return s.says.ended(s.ctx.Err())
	case <-s.closed:
		return s.says.closed
	}
}

func (s *stream) Close() error {
	s.once.Do(func() { close(s.closed) })
	return s.ReadCloser.Close()
}
