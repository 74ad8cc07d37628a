package fault

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/polystore/storage"
)

// Fault is what happens to one call. The functions of this package make one, and it may be used any
// number of times. The zero value lets the call through.
type Fault struct {
	name    string
	before  Hook
	after   Hook
	delay   time.Duration
	hang    bool  // the service is not asked
	sending int64 // hang, but take this many bytes of the body first
	err     error // the answer; the service is not asked
	twice   bool  // the service is asked twice, and its second answer is given
	lost    bool  // the service is asked, and its success becomes a failure in doubt
	waiting bool  // lost, but only when the context ends
	body    func(*stream) io.ReadCloser

	http   bool                               // the fields below; a Store has none of it
	dial   bool                               // err comes before there is a connection
	late   bool                               // delivered when the context has ended
	behind time.Duration                      // that long after its end
	answer func(Service, Call) *http.Response // in the place of the service's
	asked  bool                               // the service is asked before that
	edit   func(*http.Response)               // of the service's answer
	sent   func(io.ReadCloser) io.ReadCloser  // of the request's body
}

// String returns the name of the fault, such as "Lost" or "Status(503)".
func (f Fault) String() string {
	if f.name == "" {
		return "None"
	}
	return f.name
}

func (f Fault) named(format string, args ...any) Fault {
	f.name = fmt.Sprintf(format, args...)
	return f
}

// The causes that the errors of faults wrap. Test for them with errors.Is.
var (
	ErrUnsent = errors.New("fault: the request was not sent")
	ErrLost   = errors.New("fault: the answer was lost")
	ErrCut    = errors.New("fault: the connection broke")
)

// None lets the call through. It fills a place in a sequence given to [Script.Next], or carries a
// Hook.
func None() Fault { return Fault{} }

// Unsent fails before anything was sent: a connection was refused.
func Unsent() Fault {
	f := Refuse(&storage.Error{Kind: storage.ErrUnavailable, Err: ErrUnsent}).named("Unsent")
	f.dial = true
	return f
}

// Throttle refuses the request because of load. The error asks the caller to wait for after. If
// after is 0, it names no time. Over HTTP it is 503 with Retry-After, in whole seconds.
func Throttle(after time.Duration) Fault {
	f := Refuse(&storage.Error{
		Kind:       storage.ErrThrottled,
		Status:     503,
		Code:       "SlowDown",
		RetryAfter: after,
	}).named("Throttle(%v)", after)
	f.answer = refusal(503, "SlowDown", retryAfter(after)...)
	return f
}

// Refuse returns err without calling the Store. err should be what a driver would return, a
// *storage.Error. A [Transport] returns it as the error of the request.
func Refuse(err error) Fault { return Fault{err: err}.named("Refuse") }

// Doubt fails as Lost does, but the request is not carried out.
func Doubt() Fault {
	err := &storage.Error{Kind: storage.ErrUnavailable, InDoubt: true, Err: ErrLost}
	return Refuse(err).named("Doubt")
}

// Lost carries the request out and, if it succeeds, loses the answer. An error of the Store is
// returned unchanged. Over HTTP every answer is lost.
func Lost() Fault { return Fault{lost: true}.named("Lost") }

// Twice carries the request out twice and returns the second answer. A proxy does this when it
// sends a request again to another server.
func Twice() Fault { return Fault{twice: true}.named("Twice") }

// Hang does nothing until the context ends. Over HTTP the connection is there, and nothing is read
// from it.
func Hang() Fault { return Fault{hang: true}.named("Hang") }

// HangSending takes n bytes of the body of a Put or a PutPart, then does nothing until the context
// ends.
func HangSending(n int64) Fault {
	return Fault{hang: true, sending: n}.named("HangSending(%d)", n)
}

// HangWaiting carries the request out and keeps the answer until the context ends.
func HangWaiting() Fault { return Fault{lost: true, waiting: true}.named("HangWaiting") }

// Late keeps the request until the client has given it up, and delivers it then. The client sees
// nothing but the end of its context. The Wait of the [Store] or the [Transport] waits for what is
// under way.
func Late() Fault { return Fault{late: true}.named("Late") }

// LateBy is Late, and the request is on its way for d more when the client has given it up: it
// arrives among the requests that follow.
func LateBy(d time.Duration) Fault {
	return Fault{late: true, behind: d}.named("LateBy(%v)", d)
}

// Delay waits before the call goes through.
func Delay(d time.Duration) Fault { return Fault{delay: d}.named("Delay(%v)", d) }

// Hook is an event beside a call, such as a write by another program or a cancelled context. It is
// given the wrapped Store, so its own calls are neither recorded nor subject to faults; a
// [Transport] has none and gives nil. If it returns an error, that is the result of the call.
type Hook func(ctx context.Context, inner storage.FullStore, c Call) error

// Before returns a copy of f that calls h first.
func (f Fault) Before(h Hook) Fault {
	f.before = h
	return f
}

// After returns a copy of f that calls h once the service has carried the call out, before the
// answer is returned or lost. If the call is not carried out, h is not called.
func (f Fault) After(h Hook) Fault {
	f.after = h
	return f
}

// Cut breaks the body after n bytes.
func Cut(n int64) Fault {
	return Fault{body: wrong(func(s *stream) {
		s.ends, s.end = n, func(s *stream) error { return s.says.cut }
	})}.named("Cut(%d)", n)
}

// Short ends the body after n bytes as if that were all. Over HTTP the Content-Length says so, too.
func Short(n int64) Fault {
	return Fault{
		body: wrong(func(s *stream) {
			s.ends, s.end = n, func(*stream) error { return io.EOF }
		}),
		edit: func(r *http.Response) {
			if r.ContentLength > n {
				setLength(r, n)
			}
		},
	}.named("Short(%d)", n)
}

// Stall gives n bytes of the body, then nothing until the context ends or the body is closed.
func Stall(n int64) Fault {
	return Fault{body: wrong(func(s *stream) {
		s.ends, s.end = n, func(s *stream) error { return s.wait(nil) }
	})}.named("Stall(%d)", n)
}

// Flip changes the byte at offset n of the body.
func Flip(n int64) Fault {
	return Fault{body: wrong(func(s *stream) { s.flips = n })}.named("Flip(%d)", n)
}

// Drip gives one byte of the body, and waits for d before each.
func Drip(d time.Duration) Fault {
	return Fault{body: wrong(func(s *stream) { s.pause = d })}.named("Drip(%v)", d)
}

// At calls happen when n bytes of the body were read and more are wanted. It is for events in the
// middle of an answer, such as another program that replaces the object.
func At(n int64, happen func()) Fault {
	return Fault{body: wrong(func(s *stream) { s.event, s.happen = n, happen })}.named("At(%d)", n)
}
