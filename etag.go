package storage

import (
	"errors"
	"strings"
)

// ETagNone is the ETag of an object whose ETag is unknown or has been replaced already. It matches
// nothing, so that `IfMatch: o.ETag` never turns into an unconditional write. It is no HTTP entity
// tag and is never sent.
const ETagNone = "(none)"

// QuoteETag returns etag as an HTTP entity tag, in quotes. Some services leave them out of their
// lists, and some notifications out of their messages. A tag that has its quotes, a weak one (W/),
// ETagNone and the empty string are returned as they are.
func QuoteETag(etag string) string {
	if etag == "" || etag == ETagNone ||
		strings.HasPrefix(etag, `"`) || strings.HasPrefix(etag, "W/") {
		return etag
	}
	return `"` + etag + `"`
}

// condition returns the ETag of an IfMatch or IfNoneMatch as a Store is given it.
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

// readConditions returns the conditions of a read as a Store is given them. An IfNoneMatch that
// matches nothing is no condition.
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

// writeCondition returns the IfMatch of a write as a Store is given it.
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
