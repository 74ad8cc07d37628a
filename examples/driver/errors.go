package driver

import (
	"context"
	"errors"

	"github.com/polystore/storage"
)

// classify gives an error of the table its kind. refused is what a wrong revision means to the caller: ErrExist to one that
// creates, ErrPrecondition to all others.
//
// InDoubt stays false: this table answers at once or not at all. A service behind a network sets it on every write that was
// sent and not answered; that is how Bucket knows that it has to look.
func classify(err, refused error) error {
	e := &storage.Error{Err: err}
	switch {
	case err == nil:
		return nil
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		// Kind stays nil: why the context ended is the caller's affair.
	case errors.Is(err, errNoRow):
		e.Kind = storage.ErrNotExist
	case errors.Is(err, errRevision):
		e.Kind = refused
	default:
		e.Kind = storage.ErrUnavailable
	}
	return e
}

// cannot refuses an option: it is never ignored.
func cannot(what string) error {
	return &storage.Error{Kind: errors.ErrUnsupported, Err: errors.New(what)}
}
