package azure

import (
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blob"

	"github.com/polystore/storage"
	"github.com/polystore/storage/driver"
)

// noETag is well-formed and the ETag of nothing: it stands for tokens that Azure never gave out
// where a request must be made all the same, since a missing object answers otherwise than one that
// does not match.
const noETag = `"0x0"`

// match is the If-Match of a read or of a copy's source, nil for none.
func match(token string) *azcore.ETag {
	switch {
	case token == "":
		return nil
	case !driver.ValidETag(token):
		token = noETag
	}
	return new(azcore.ETag(token))
}

// readConditions are the headers of a conditional read. The service takes one of them at a time;
// driver.CheckRead sees to the others. A token that matches nothing is no If-None-Match.
func readConditions(o *storage.GetOptions) *blob.AccessConditions {
	m := new(blob.ModifiedAccessConditions)
	switch {
	case o.IfMatch != "":
		m.IfMatch = match(o.IfMatch)
	case driver.ValidETag(o.IfNoneMatch):
		m.IfNoneMatch = match(o.IfNoneMatch)
	case o.IfNoneMatch == "" && !o.IfModifiedSince.IsZero():
		m.IfModifiedSince = &o.IfModifiedSince
	default:
		return nil
	}
	return &blob.AccessConditions{ModifiedAccessConditions: m}
}

// writeConditions are the headers of a conditional write, and the kinds of its refusal. A missing
// object is as good as a changed one to an If-Match.
func writeConditions(ifAbsent bool, ifMatch string, a *attempt) *blob.AccessConditions {
	m := new(blob.ModifiedAccessConditions)
	switch {
	case ifAbsent:
		a.Refused = storage.ErrExist
		m.IfNoneMatch = new(azcore.ETagAny)
	case ifMatch != "":
		a.Refused, a.Missing = storage.ErrPrecondition, storage.ErrPrecondition
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
