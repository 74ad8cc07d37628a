package gocdk

import (
	"context"
	"errors"

	"github.com/polystore/storage"
	"gocloud.dev/gcerrors"
)

func (b *bucket) ErrorAs(err error, i any) bool {
	p, ok := i.(**storage.Error)
	return ok && errors.As(err, p)
}

// ErrorCode gives the kinds of package storage their codes. What became of a write with
// storage.ErrUnknownOutcome is just that: Unknown.
func (b *bucket) ErrorCode(err error) gcerrors.ErrorCode {
	for _, k := range codes {
		if errors.Is(err, k.kind) {
			return k.code
		}
	}
	return gcerrors.Unknown
}

var codes = []struct {
	kind error
	code gcerrors.ErrorCode
}{
	{storage.ErrNotExist, gcerrors.NotFound},
	{storage.ErrNoBucket, gcerrors.NotFound},
	{storage.ErrExist, gcerrors.FailedPrecondition}, // as its own drivers answer IfNotExist
	{storage.ErrPrecondition, gcerrors.FailedPrecondition},
	{storage.ErrNotModified, gcerrors.FailedPrecondition},
	{storage.ErrChanged, gcerrors.FailedPrecondition},
	{storage.ErrClosed, gcerrors.FailedPrecondition},
	{storage.ErrPermission, gcerrors.PermissionDenied},
	{storage.ErrInvalid, gcerrors.InvalidArgument},
	{storage.ErrRange, gcerrors.InvalidArgument},
	{storage.ErrIntegrity, gcerrors.FailedPrecondition},
	{storage.ErrThrottled, gcerrors.ResourceExhausted},
	{storage.ErrUnavailable, gcerrors.Internal}, // "… or possibly the underlying service"
	{errors.ErrUnsupported, gcerrors.Unimplemented},
	{context.Canceled, gcerrors.Canceled},
	{context.DeadlineExceeded, gcerrors.DeadlineExceeded},
}
