package driver

import (
	"time"

	"github.com/polystore/storage"
)

// ReadConditions returns the conditions of a Get as those of a Stat, and its VersionID.
func ReadConditions(o *storage.GetOptions) *storage.StatOptions {
	return &storage.StatOptions{
		IfMatch: o.IfMatch, IfNoneMatch: o.IfNoneMatch, IfModifiedSince: o.IfModifiedSince,
		VersionID: o.VersionID,
	}
}

// CheckRead reports whether the conditions of a read hold for the object's current state. It uses
// the ETag and the ModTime of the object. It returns ErrPrecondition, ErrNotModified or nil. It is
// for drivers that check conditions themselves, and for services that check only some of them.
func CheckRead(o *storage.StatOptions, now *storage.Object) error {
	switch {
	case o.IfMatch != "" && o.IfMatch != now.ETag:
		return Errorf(storage.ErrPrecondition, "the object is not the one of IfMatch")
	case o.IfNoneMatch != "" && o.IfNoneMatch == now.ETag:
		return Errorf(storage.ErrNotModified, "the object is the one of IfNoneMatch")
	case NotModified(now.ModTime, o.IfModifiedSince, o.IfNoneMatch):
		return Errorf(storage.ErrNotModified, "the object was not modified since IfModifiedSince")
	}
	return nil
}

// NotModified reports whether IfModifiedSince prevents the read of an object with that modification
// time. Times are compared in whole seconds. A zero modified is unknown, and does not prevent the
// read. IfModifiedSince is ignored if IfNoneMatch is set: RFC 9110, section 13.1.3.
func NotModified(modified, since time.Time, ifNoneMatch string) bool {
	return !since.IsZero() && ifNoneMatch == "" && !modified.IsZero() &&
		!modified.Truncate(time.Second).After(since.Truncate(time.Second))
}

// CheckWrite reports whether the conditions of a write hold for the object's current state. It uses
// the ETag of the object; nil means that there is no object. It returns ErrExist, ErrPrecondition
// or nil. It is for drivers that check conditions themselves. Call it under the lock of the write.
func CheckWrite(ifAbsent bool, ifMatch string, now *storage.Object) error {
	switch {
	case ifAbsent && now != nil:
		return Errorf(storage.ErrExist, "IfAbsent, and there is an object")
	case ifMatch != "" && now == nil:
		return Errorf(storage.ErrPrecondition, "IfMatch, and there is no object")
	case ifMatch != "" && now.ETag != ifMatch:
		return Errorf(storage.ErrPrecondition, "the object is not the one of IfMatch")
	}
	return nil
}
