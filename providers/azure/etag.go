package azure

import (
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blob"

	"github.com/polystore/storage"
)

// noETag is well-formed and the ETag of nothing: it stands for tokens that Azure never gave out where a request must be made
// all the same, since a missing object answers otherwise than one that does not match.
const noETag = `"0x0"`

// validETag reports whether Azure could have given token out: one quoted string. Anything else could be read as a list or as "*".
func validETag(token string) bool {
	inner, ok := strings.CutPrefix(token, `"`)
	if !ok {
		return false
	}
	inner, ok = strings.CutSuffix(inner, `"`)
	return ok && inner != "" && !strings.Contains(inner, `"`)
}

// match is the If-Match of a read or of a copy's source, nil for none.
func match(token string) *azcore.ETag {
	switch {
	case token == "":
		return nil
	case !validETag(token):
		token = noETag
	}
	return new(azcore.ETag(token))
}

// readConditions are the headers of a conditional read. The service takes one of them at a time; held sees to the others. A token that
// matches nothing is no If-None-Match.
func readConditions(o *storage.GetOptions) *blob.AccessConditions {
	m := new(blob.ModifiedAccessConditions)
	switch {
	case o.IfMatch != "":
		m.IfMatch = match(o.IfMatch)
	case validETag(o.IfNoneMatch):
		m.IfNoneMatch = match(o.IfNoneMatch)
	case o.IfNoneMatch == "" && !o.IfModifiedSince.IsZero():
		m.IfModifiedSince = &o.IfModifiedSince
	default:
		return nil
	}
	return &blob.AccessConditions{ModifiedAccessConditions: m}
}

// held tells whether the conditions of a read hold for the object as it is.
func held(o *storage.StatOptions, now *storage.Object) error {
	switch {
	case o.IfMatch != "" && o.IfMatch != now.ETag:
		return &storage.Error{Kind: storage.ErrPrecondition}
	case o.IfNoneMatch != "" && o.IfNoneMatch == now.ETag:
		return &storage.Error{Kind: storage.ErrNotModified}
	case o.IfNoneMatch != "" || o.IfModifiedSince.IsZero():
		return nil // RFC 9110 §13.1.3: If-None-Match makes If-Modified-Since void
	case !now.ModTime.Truncate(time.Second).After(o.IfModifiedSince.Truncate(time.Second)):
		return &storage.Error{Kind: storage.ErrNotModified}
	}
	return nil
}

// checkMatch refuses the If-Match of a write that matches nothing.
func checkMatch(token string) error {
	if token != "" && !validETag(token) {
		return &storage.Error{Kind: storage.ErrPrecondition}
	}
	return nil
}

// writeConditions are the headers of a conditional write, and the kinds of its refusal. A missing object is as good as a
// changed one to an If-Match.
func writeConditions(ifAbsent bool, ifMatch string, a *attempt) *blob.AccessConditions {
	m := new(blob.ModifiedAccessConditions)
	switch {
	case ifAbsent:
		a.refused = storage.ErrExist
		m.IfNoneMatch = new(azcore.ETagAny)
	case ifMatch != "":
		a.refused, a.missing = storage.ErrPrecondition, storage.ErrPrecondition
		m.IfMatch = match(ifMatch)
	default:
		return nil
	}
	return &blob.AccessConditions{ModifiedAccessConditions: m}
}

// etagOf is the ETag of an answer, never empty, and in the quotes that lists leave out.
func etagOf(etag *azcore.ETag) string {
	switch {
	case etag == nil || *etag == "":
		return storage.ETagNone
	case !strings.HasPrefix(string(*etag), `"`):
		return `"` + string(*etag) + `"`
	}
	return string(*etag)
}
