package driver

import (
	"context"
	"errors"

	"github.com/polystore/storage"
)

// classify gives an error of the table its kind; ifAbsent decides that of a wrong revision.
func classify(err error, ifAbsent bool) error {
	e := &storage.Error{Err: err}
	switch {
	case err == nil:
		return nil
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		// Kind stays nil: the caller knows why the context ended.
	case errors.Is(err, errNoRow):
		e.Kind = storage.ErrNotExist
	case errors.Is(err, errRevision) && ifAbsent:
		e.Kind = storage.ErrExist
	case errors.Is(err, errRevision):
		e.Kind = storage.ErrPrecondition
	default:
		e.Kind = storage.ErrUnavailable
	}
	// This table answers at once or not at all, so InDoubt stays false. For a service behind a
	// network it is true for every write that was sent and got no definite answer.
	return e
}
