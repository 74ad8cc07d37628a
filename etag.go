package storage

import (
	"errors"
	"strings"
)

// ETagNone is the ETag of an object whose ETag is unknown or has already been replaced. It matches
// nothing, so `IfMatch: o.ETag` never becomes an unconditional write. It is not an HTTP entity tag
// and is never sent.
const ETagNone = "(none)"

// QuoteETag returns etag as an HTTP entity tag, in quotes. Some services omit the quotes in their
// lists, and some notifications in their messages. A tag with quotes, a weak tag (W/), ETagNone and
// the empty string are returned unchanged.
func QuoteETag(etag string) string {
	if etag == "" || etag == ETagNone ||
		strings.HasPrefix(etag, `"`) || strings.HasPrefix(etag, "W/") {
		return etag
	}
	return `"` + etag + `"`
}

// condition returns the ETag of an IfMatch or IfNoneMatch in the form that a Store gets.
func condition(name, etag string) (string, error) {
	if etag == "" || etag == ETagNone {
		return etag, nil
	}
	quoted := QuoteETag(etag)
	inner, ok := strings.CutPrefix(strings.TrimPrefix(quoted, "W/"), `"`)
	inner, closed := strings.CutSuffix(inner, `"`)
	if !ok || !closed || inner == "" || inner == "*" ||
		strings.Contains(inner, `"`) || !headerSafe(inner) {
		return "", invalid("%s %q is not an ETag", name, etag)
	}
	return quoted, nil
}

// readConditions returns the conditions of a read in the form that a Store gets. IfNoneMatch with
// ETagNone is no condition.
func readConditions(ifMatch, ifNoneMatch string) (match, noneMatch string, err error) {
	if match, err = condition("IfMatch", ifMatch); err != nil {
		return "", "", err
	}
	if noneMatch, err = condition("IfNoneMatch", ifNoneMatch); err != nil {
		return "", "", err
	}
	if match == ETagNone {
		return "", "", matchesNothing("IfMatch")
	}
	if noneMatch == ETagNone {
		noneMatch = ""
	}
	return match, noneMatch, nil
}

// heldTo refuses o, which answers a read, if it is another version than the IfMatch of the read
// names: some services ignore it.
func heldTo(match string, o *Object) error {
	if match == "" || o.ETag == match || o.ETag == ETagNone {
		return nil
	}
	err := errors.New("the service returned another version than that of IfMatch")
	return &Error{Kind: ErrPrecondition, Err: err}
}

// writeCondition returns the IfMatch of a write in the form that a Store gets.
func writeCondition(ifAbsent bool, ifMatch string) (string, error) {
	if ifAbsent && ifMatch != "" {
		return "", invalid("IfAbsent and IfMatch exclude each other")
	}
	match, err := condition("IfMatch", ifMatch)
	if match == ETagNone {
		return "", matchesNothing("IfMatch")
	}
	return match, err
}

func matchesNothing(name string) *Error {
	err := errors.New(name + " is ETagNone, which matches nothing")
	return &Error{Kind: ErrPrecondition, Err: err}
}

// errNoETag refuses what has to hold on to a version.
func errNoETag() *Error {
	return &Error{Kind: errors.ErrUnsupported, Err: errors.New("the object has no ETag to pin")}
}
