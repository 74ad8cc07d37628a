package memory

import (
	"context"
	"time"

	"github.com/polystore/storage"
)

// writable tells whether the conditions of a write hold on the current version, which is nil for a missing object.
func writable(now *version, ifAbsent bool, ifMatch string) error {
	switch {
	case ifAbsent && now != nil:
		return fail(storage.ErrExist, "the object exists")
	case ifMatch != "" && now == nil:
		return fail(storage.ErrPrecondition, "IfMatch: no such object")
	case ifMatch != "" && now.object.ETag != ifMatch:
		return fail(storage.ErrPrecondition, "IfMatch: the object is another")
	}
	return nil
}

// readable tells whether the conditions of a read hold.
func readable(v *version, opts *storage.StatOptions) error {
	switch {
	case opts.IfMatch != "" && v.object.ETag != opts.IfMatch:
		return fail(storage.ErrPrecondition, "IfMatch: the object is another")
	case opts.IfNoneMatch != "" && v.object.ETag == opts.IfNoneMatch:
		return fail(storage.ErrNotModified, "IfNoneMatch: the object is the same")
	case opts.IfNoneMatch != "" || opts.IfModifiedSince.IsZero():
		return nil // RFC 9110 §13.1.3: If-None-Match makes If-Modified-Since void
	case !v.object.ModTime.Truncate(time.Second).After(opts.IfModifiedSince.Truncate(time.Second)):
		return fail(storage.ErrNotModified, "not modified since %v", opts.IfModifiedSince)
	}
	return nil
}

// alive is the error of a context that has ended.
func alive(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return &storage.Error{Err: err}
	}
	return nil
}
