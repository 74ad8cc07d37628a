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

// CheckRead holds the conditions of a read against the object as it is, of which ETag and ModTime
// are looked at. It returns ErrPrecondition, ErrNotModified or nil. It is for drivers that hold
// conditions themselves, and for services that hold only some of them.
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

// NotModified reports whether an IfModifiedSince spares the read of an object of that modification
// time. Whole seconds count. A zero modified is unknown: the read goes on. An IfNoneMatch makes
// IfModifiedSince void, as RFC 9110, section 13.1.3, has it.
func NotModified(modified, since time.Time, ifNoneMatch string) bool {
	return !since.IsZero() && ifNoneMatch == "" && !modified.IsZero() &&
		!modified.Truncate(time.Second).After(since.Truncate(time.Second))
}

// CheckWrite holds the conditions of a write against the object as it is, of which the ETag is
// looked at; nil is no object. It returns ErrExist, ErrPrecondition or nil. It is for drivers that
// hold conditions themselves: call it under the lock that the write happens under.
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
