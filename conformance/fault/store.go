package fault

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"io"
	"time"

	"github.com/polystore/storage"
)

// Store wraps another Store and applies faults to its calls. Make one with [New]. All methods,
// including those that change the script, may be called concurrently.
type Store struct {
	storage.Unsupported
	Script
	lateness
	inner storage.FullStore
}

var _ storage.FullStore = (*Store)(nil)

// New returns a Store that wraps inner. Close closes inner. Without a script every call goes
// through.
func New(inner storage.Store) *Store { return &Store{inner: storage.Full(inner)} }

// Unwrap returns the wrapped Store.
func (s *Store) Unwrap() storage.Store { return s.inner }

// do makes one call, or what the script makes of it.
func do[T any](
	ctx context.Context, s *Store, c Call, body io.ReadSeeker,
	fn func(context.Context, io.ReadSeeker, Fault) (T, error),
) (T, error) {
	var none T
	f := s.next(c)
	if f.http {
		panic("fault: " + f.String() + " is a fault of HTTP, and a Store has none")
	}
	if f.before != nil {
		if err := f.before(ctx, s.inner, c); err != nil {
			return none, err
		}
	}
	if f.delay > 0 {
		if err := wait(ctx, time.After(f.delay)); err != nil {
			return none, err
		}
	}
	switch {
	case f.hang:
		if body != nil && f.sending > 0 {
			if _, err := io.CopyN(io.Discard, body, f.sending); err != nil &&
				!errors.Is(err, io.EOF) {
				return none, &storage.Error{Err: err}
			}
		}
		return none, wait(ctx, nil)
	case f.late:
		return none, late(ctx, s, body, f, func(ctx context.Context, body io.ReadSeeker) {
			if v, err := fn(ctx, body, Fault{}); err == nil {
				drop(v)
			}
		})
	case f.err != nil:
		return none, f.err
	}
	v, err := fn(ctx, body, f)
	if f.twice {
		if body != nil {
			if _, err := body.Seek(0, io.SeekStart); err != nil {
				return none, &storage.Error{Err: err, InDoubt: true} // the first was sent
			}
		}
		if v, err = fn(ctx, body, f); err != nil && (ctx.Err() != nil || ended(err)) {
			return none, &storage.Error{Err: cmp.Or(ctx.Err(), err), InDoubt: true}
		}
	}
	if f.after != nil {
		if err := f.after(ctx, s.inner, c); err != nil {
			return none, err
		}
	}
	if err != nil || !f.lost {
		return v, err
	}
	if f.waiting {
		<-ctx.Done()
		return none, &storage.Error{Err: ctx.Err(), InDoubt: true}
	}
	return none, &storage.Error{Kind: storage.ErrUnavailable, InDoubt: true, Err: ErrLost}
}

// ended reports whether err is the end of a context. A body can have one above that of its call,
// which ends a moment before it.
func ended(err error) bool {
	return errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled)
}

// late keeps a call with its body until the context ends, and makes it then.
func late(
	ctx context.Context, s *Store, body io.ReadSeeker, f Fault,
	call func(context.Context, io.ReadSeeker),
) error {
	if body != nil {
		data, err := io.ReadAll(body)
		if err != nil {
			return &storage.Error{Err: err}
		}
		body = bytes.NewReader(data)
	}
	s.keeping(1)
	<-ctx.Done()
	s.deliver(ctx, f.behind, func(ctx context.Context) { call(ctx, body) })
	return &storage.Error{Err: ctx.Err(), InDoubt: true}
}

// drop closes the body of a Get that nobody gets.
func drop(v any) {
	if r, ok := v.(*storage.GetResult); ok {
		r.Body.Close()
	}
}

// wait waits for the time or for the end of ctx.
func wait(ctx context.Context, until <-chan time.Time) error {
	select {
	case <-until:
		return nil
	case <-ctx.Done():
		return &storage.Error{Err: ctx.Err()}
	}
}

// alone runs a method that only has an error.
func alone(ctx context.Context, s *Store, c Call, fn func(context.Context) error) error {
	_, err := do(ctx, s, c, nil, func(
		ctx context.Context, _ io.ReadSeeker, _ Fault,
	) (struct{}, error) {
		return struct{}{}, fn(ctx)
	})
	return err
}

// Close closes the wrapped Store. It is not a request, so no fault applies to it.
func (s *Store) Close() error { return s.inner.Close() }

// Capabilities returns those of the wrapped Store.
func (s *Store) Capabilities() storage.Capabilities { return s.inner.Capabilities() }

// CheckKey calls CheckKey of the wrapped Store.
func (s *Store) CheckKey(key string) error { return s.inner.CheckKey(key) }
