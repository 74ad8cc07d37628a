package s3

import (
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/polystore/storage"
)

// noETag is well-formed and the ETag of nothing: it stands for tokens that S3 never gave out where a request must be made
// all the same, since a missing object answers otherwise than one that does not match.
const noETag = `"-"`

// validETag reports whether S3 could have given token out: one quoted string. Anything else could be read as a list, as "*", or,
// without its quotes, as something that some servers match loosely.
func validETag(token string) bool {
	inner, ok := strings.CutPrefix(token, `"`)
	if !ok {
		return false
	}
	inner, ok = strings.CutSuffix(inner, `"`)
	return ok && inner != "" && !strings.Contains(inner, `"`)
}

// readMatch is the If-Match of a read, nil for none.
func readMatch(token string) *string {
	if token != "" && !validETag(token) {
		token = noETag
	}
	return optional(token)
}

// readNoneMatch is the If-None-Match of a read; what matches nothing is no condition.
func readNoneMatch(token string) *string {
	if !validETag(token) {
		return nil
	}
	return &token
}

// checkMatch refuses the If-Match of a write that matches nothing.
func checkMatch(token string) error {
	if token != "" && !validETag(token) {
		return &storage.Error{Kind: storage.ErrPrecondition}
	}
	return nil
}

// checkConditions refuses the conditions of a write that the service would not honour, and those that match nothing.
func (s *Store) checkConditions(o *storage.PutOptions) error {
	if (o.IfAbsent || o.IfMatch != "") && !s.profile.putConditions {
		return s.unconditional("writes")
	}
	return checkMatch(o.IfMatch)
}

// unconditional refuses a condition where it would be ignored, or is not known to be honoured.
func (s *Store) unconditional(what string) error {
	return unsupported("conditional %s on %s, where the condition is not known to hold", what, s.profile.name)
}

// conditions are the headers of a conditional write, and the kinds of its refusal. A missing object is as good as a
// changed one to an If-Match.
func conditions(ifAbsent bool, ifMatch string, a *attempt) (match, noneMatch *string) {
	switch {
	case ifAbsent:
		a.refused = storage.ErrExist
		return nil, aws.String("*")
	case ifMatch != "":
		a.refused, a.missing = storage.ErrPrecondition, storage.ErrPrecondition
		return &ifMatch, nil
	}
	return nil, nil
}

// etagOf is the ETag of an answer: never empty.
func etagOf(etag *string) string {
	if etag == nil || *etag == "" {
		return storage.ETagNone
	}
	return *etag
}

// optional is nil for the zero string: a parameter that is not sent.
func optional(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}
