package httpdriver

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"

	"github.com/polystore/storage"
	"github.com/polystore/storage/driver"
)

// Attempt is one request, and what it needs to be judged by when it fails. Its fields are set
// before [Begin]. A driver that notes more of a request embeds it.
type Attempt struct {
	Write   bool            // failing, it may have been carried out all the same
	Refused error           // the kind of a refused condition; nil: what the status says
	Missing error           // the kind of a missing object; nil: what the status says
	Body    *driver.Payload // nil: a small one or none

	// Stream says that a success is the bytes of an object, of any size. Any other answer breaks
	// off with ErrForeign behind MaxDocument bytes: an endpoint may send without an end.
	Stream bool

	sent      atomic.Bool // the request was handed to a transport
	connected atomic.Bool // bytes of it may have been sent
}

// Carrier is an *Attempt, or a pointer to a struct that embeds an Attempt.
type Carrier interface{ attempt() *Attempt }

func (a *Attempt) attempt() *Attempt { return a }

type attemptKey struct{}

// Begin returns the context for the request of an attempt. [Transport] and [Client] find the
// attempt by it.
func Begin(ctx context.Context, c Carrier) context.Context {
	return context.WithValue(ctx, attemptKey{}, c)
}

// FromContext returns what [Begin] was given, if it is a T; else the zero T. A driver that embeds
// an Attempt asks for its own type.
func FromContext[T Carrier](ctx context.Context) T {
	c, _ := ctx.Value(attemptKey{}).(T)
	return c
}

// Sent reports whether the request was handed to a transport. If it was not, an SDK refused to make
// it, or there were no credentials for it.
func (a *Attempt) Sent() bool { return a.sent.Load() }

// InDoubt reports whether the request may have been carried out, given that there was no definite
// answer: it is a write, it had a connection, and the last byte of its body was handed out. A
// service never makes an object of a part of a body. That of [CopyBody] is handed out as a whole
// when the request is made. InDoubt is what a driver puts into [storage.Error.InDoubt] after a
// broken connection, an ended context, a status 5xx or 408.
func (a *Attempt) InDoubt() bool {
	return a.Write && a.connected.Load() && (a.Body == nil || a.Body.Whole())
}

// Failure returns the error of the body's own source, nil where there is none: whatever else is
// known of the request, it never had its whole body.
func (a *Attempt) Failure() *storage.Error {
	if a.Body == nil {
		return nil
	}
	if err := a.Body.Failure(); err != nil {
		return &storage.Error{Err: err}
	}
	return nil
}

// Fail classifies the error of a request whose answer is missing or broke off. It is, in this
// order, the error of the body's source, the end of ctx, the Kind of [NoCredentials], ErrInvalid if
// the request was never sent, or else ErrUnavailable. The text has no URL in it. A [*driver.Cause]
// keeps its own text.
func (a *Attempt) Fail(ctx context.Context, err error) *storage.Error {
	if own := a.Failure(); own != nil {
		return own
	}
	var none *NoCredentials
	switch {
	case ctx.Err() != nil:
		return &storage.Error{Err: ctx.Err(), InDoubt: a.InDoubt()}
	case errors.As(err, &none):
		return &storage.Error{Kind: none.Kind, Err: driver.NewCause(none.Error(), err)}
	case !a.Sent():
		return &storage.Error{Kind: storage.ErrInvalid, Err: driver.Plain(err)}
	}
	return &storage.Error{
		Kind:    storage.ErrUnavailable,
		InDoubt: a.InDoubt(),
		Err:     driver.Plain(err),
	}
}

// Foreign is the error of a success that lacks what the service always sends, because a proxy made
// it up or cut it. It is ErrUnavailable, and in doubt if the request is a write.
func (a *Attempt) Foreign(format string, args ...any) *storage.Error {
	e := driver.Errorf(storage.ErrUnavailable, "%w: %w", ErrForeign, fmt.Errorf(format, args...))
	e.InDoubt = a.Write
	return e
}

// leaves notes that the request is handed to a transport, and returns whether it may have been sent
// before. Bytes of a write may have been sent once it has a connection, and from the start where a
// transport tells nothing of its connections. What was true stays so.
func (a *Attempt) leaves(ctx context.Context) (before bool) {
	a.sent.Store(true)
	before = a.connected.Load()
	a.connected.Store(before || a.Write && ctx.Err() == nil)
	return before
}
