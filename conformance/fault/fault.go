package fault

import (
	"context"
	"errors"
	"io"
	"time"

	"github.com/polystore/storage"
)

// Fault is what happens to one call. The zero value is none: the call goes through. It is made by
// the functions of this package and may be used any number of times.
type Fault struct {
	before  Hook
	after   Hook
	delay   time.Duration
	hang    bool  // the Store is not asked
	sending int64 // hang, but take this many bytes of the body first
	err     error // the answer; the Store is not asked
	twice   bool  // the Store is asked twice, and its second answer is given
	lost    bool  // the Store is asked, and its success becomes a failure in doubt
	waiting bool  // lost, but only when the context ends
	body    func(ctx context.Context, inner io.ReadCloser) io.ReadCloser
}

// The errors that faults give as the cause, for errors.Is.
var (
	ErrUnsent = errors.New("fault: the request was not sent")
	ErrLost   = errors.New("fault: the answer was lost")
	ErrCut    = errors.New("fault: the connection broke")
)

// None lets the call through: a place in a row of Next, or something to hang a Hook on.
func None() Fault { return Fault{} }

// Unsent fails before anything was sent.
func Unsent() Fault {
	return Refuse(&storage.Error{Kind: storage.ErrUnavailable, Err: ErrUnsent})
}

// Throttle refuses for reasons of load; after is what the service asks to wait, 0: it does not say.
func Throttle(after time.Duration) Fault {
	return Refuse(&storage.Error{Kind: storage.ErrThrottled, Status: 503, Code: "SlowDown", RetryAfter: after})
}

// Refuse answers with err without asking the Store. err is what a driver would return: an
// *storage.Error.
func Refuse(err error) Fault { return Fault{err: err} }

// Doubt fails as Lost does, but the request is not carried out.
func Doubt() Fault {
	return Refuse(&storage.Error{Kind: storage.ErrUnavailable, InDoubt: true, Err: ErrLost})
}

// Lost carries the request out and loses the answer, if it is a success; a refusal comes through.
func Lost() Fault { return Fault{lost: true} }

// Twice carries the request out twice, as a proxy does that sends it again to the next server, and
// gives the second answer.
func Twice() Fault { return Fault{twice: true} }

// Hang does nothing until the context ends.
func Hang() Fault { return Fault{hang: true} }

// HangSending takes n bytes of the body of a Put or a PutPart, then does nothing until the context
// ends.
func HangSending(n int64) Fault { return Fault{hang: true, sending: n} }

// HangWaiting carries the request out and keeps the answer until the context ends.
func HangWaiting() Fault { return Fault{lost: true, waiting: true} }

// Delay waits before the call goes through.
func Delay(d time.Duration) Fault { return Fault{delay: d} }

// Hook is something else that happens: another program's write, a cancel. It is given the Store
// behind this one, so that what it does there is neither counted nor faulty. Its error is the
// call's answer.
type Hook func(ctx context.Context, inner storage.FullStore, c Call) error

// Before is f with h in front of it.
func (f Fault) Before(h Hook) Fault {
	f.before = h
	return f
}

// After is f with h as soon as the Store behind has carried the call out, before the answer is kept
// or lost. Where it is not carried out, h is not called.
func (f Fault) After(h Hook) Fault {
	f.after = h
	return f
}

// Cut breaks the body after n bytes.
func Cut(n int64) Fault {
	return Fault{body: func(_ context.Context, b io.ReadCloser) io.ReadCloser {
		return &brokenBody{ReadCloser: b, left: n, end: func() error {
			return &storage.Error{Kind: storage.ErrUnavailable, Err: ErrCut}
		}}
	}}
}

// Short ends the body after n bytes as if that were all.
func Short(n int64) Fault {
	return Fault{body: func(_ context.Context, b io.ReadCloser) io.ReadCloser {
		return &brokenBody{ReadCloser: b, left: n, end: func() error { return io.EOF }}
	}}
}

// Stall gives n bytes of the body, then nothing until the context ends or the body is closed.
func Stall(n int64) Fault {
	return Fault{body: func(ctx context.Context, b io.ReadCloser) io.ReadCloser {
		s := &stalledBody{brokenBody: brokenBody{ReadCloser: b, left: n}, closed: make(chan struct{})}
		s.end = func() error {
			select {
			case <-ctx.Done():
				return &storage.Error{Err: ctx.Err()}
			case <-s.closed:
				return &storage.Error{Kind: storage.ErrClosed}
			}
		}
		return s
	}}
}

// Flip changes the byte at offset n of the body.
func Flip(n int64) Fault {
	return Fault{body: func(_ context.Context, b io.ReadCloser) io.ReadCloser {
		return &flippedBody{ReadCloser: b, at: n}
	}}
}
