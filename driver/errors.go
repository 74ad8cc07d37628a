package driver

import (
	"context"
	"errors"
	"fmt"

	"github.com/polystore/storage"
)

// Errorf returns an error of a kind, one of the sentinels of package storage or
// [errors.ErrUnsupported], with a cause that [fmt.Errorf] makes: %w wraps. It is not in doubt.
func Errorf(kind error, format string, args ...any) *storage.Error {
	return &storage.Error{Kind: kind, Err: fmt.Errorf(format, args...)}
}

// Invalidf returns an ErrInvalid: an argument that no attempt would make right.
func Invalidf(format string, args ...any) *storage.Error {
	return Errorf(storage.ErrInvalid, format, args...)
}

// Unsupportedf returns an [errors.ErrUnsupported], for operations that the service or the driver
// cannot do. For an option that it cannot honour, use [Refuse].
func Unsupportedf(format string, args ...any) *storage.Error {
	return Errorf(errors.ErrUnsupported, format, args...)
}

// Refuse refuses an option that is set and that the driver cannot honour, since an option is never
// ignored. The option is named as its field is, and the error reads "StorageClass is not
// supported".
//
//	if err := driver.Refuse("StorageClass", opts.StorageClass != ""); err != nil {
//		return nil, err
//	}
func Refuse(option string, set bool) error {
	if !set {
		return nil
	}
	return Unsupportedf("%s is not supported", option)
}

// ContextErr returns the error of a context that has ended, as a driver returns it: a
// [*storage.Error] without a Kind. It is nil while the context lives. A method that begins with it
// does nothing under a context that has ended on entry.
func ContextErr(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return &storage.Error{Err: err}
	}
	return nil
}
