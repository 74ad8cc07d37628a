package wire

import (
	"strings"
	"time"

	"github.com/polystore/storage"
)

// ValidETag reports whether a service whose ETags are quoted strings could have given token out. Anything else could be read as
// a list, as "*", or, without its quotes, as something that some servers match loosely.
func ValidETag(token string) bool {
	inner, ok := strings.CutPrefix(token, `"`)
	if !ok {
		return false
	}
	inner, ok = strings.CutSuffix(inner, `"`)
	return ok && inner != "" && !strings.Contains(inner, `"`)
}

// CheckMatch refuses the IfMatch of a write that matches nothing, by [ValidETag]: ErrPrecondition.
func CheckMatch(token string) error {
	if token != "" && !ValidETag(token) {
		return &storage.Error{Kind: storage.ErrPrecondition}
	}
	return nil
}

// Held holds the conditions of a read against the object as it is: ErrPrecondition, ErrNotModified.
func Held(o *storage.StatOptions, now *storage.Object) error {
	switch {
	case o.IfMatch != "" && o.IfMatch != now.ETag:
		return &storage.Error{Kind: storage.ErrPrecondition}
	case o.IfNoneMatch != "" && o.IfNoneMatch == now.ETag, NotModified(now.ModTime, o.IfModifiedSince, o.IfNoneMatch):
		return &storage.Error{Kind: storage.ErrNotModified}
	}
	return nil
}

// NotModified decides IfModifiedSince to the second. A zero modified is unknown: the read goes on. An If-None-Match makes
// If-Modified-Since void: RFC 9110, section 13.1.3.
func NotModified(modified, since time.Time, noneMatch string) bool {
	return !since.IsZero() && noneMatch == "" && !modified.IsZero() &&
		!modified.Truncate(time.Second).After(since.Truncate(time.Second))
}
