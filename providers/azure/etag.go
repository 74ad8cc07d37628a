package azure

import (
	"net/http"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blob"

	"github.com/polystore/storage"
	"github.com/polystore/storage/driver"
	"github.com/polystore/storage/driver/httpdriver"
)

// noETag is well-formed and the ETag of nothing: it stands for tokens that Azure never gave out
// where a request must be made all the same, since a missing object answers otherwise than one that
// does not match.
const noETag = `"0x0"`

// match is the If-Match of a token.
func match(token string) string {
	if !driver.ValidETag(token) {
		return noETag
	}
	return token
}

// sourceMatch is the If-Match of a copy's source, nil for none.
func sourceMatch(token string) *azcore.ETag {
	if token == "" {
		return nil
	}
	return new(azcore.ETag(match(token)))
}

const (
	ifMatchField     = "If-Match"
	ifNoneMatchField = "If-None-Match"
)

// readCondition is the field of a conditional read, whose value is empty where there is none. The
// service takes one of them at a time; driver.CheckRead sees to the others. A token that matches
// nothing is no If-None-Match.
func readCondition(o *storage.GetOptions) (name, value string) {
	switch {
	case o.IfMatch != "":
		return ifMatchField, match(o.IfMatch)
	case driver.ValidETag(o.IfNoneMatch):
		return ifNoneMatchField, o.IfNoneMatch
	case o.IfNoneMatch == "" && !o.IfModifiedSince.IsZero():
		return "If-Modified-Since", o.IfModifiedSince.UTC().Format(http.TimeFormat)
	}
	return "", ""
}

// writeCondition is the field of a conditional write, whose value is empty where there is none. It
// tells the attempt the kinds of a refusal. A missing object is as good as a changed one to an
// If-Match.
func writeCondition(
	ifAbsent bool, ifMatch string, a *httpdriver.Attempt,
) (name, value string) {
	switch {
	case ifAbsent:
		a.Refused = storage.ErrExist
		return ifNoneMatchField, string(azcore.ETagAny)
	case ifMatch != "":
		a.Refused, a.Missing = storage.ErrPrecondition, storage.ErrPrecondition
		return ifMatchField, match(ifMatch)
	}
	return "", ""
}

// writeConditions is writeCondition for the SDK.
func writeConditions(ifAbsent bool, ifMatch string, a *attempt) *blob.AccessConditions {
	m := new(blob.ModifiedAccessConditions)
	switch name, value := writeCondition(ifAbsent, ifMatch, &a.Attempt); name {
	case ifNoneMatchField:
		m.IfNoneMatch = new(azcore.ETag(value))
	case ifMatchField:
		m.IfMatch = new(azcore.ETag(value))
	default:
		return nil
	}
	return &blob.AccessConditions{ModifiedAccessConditions: m}
}

// etagOf is the ETag of an answer, never empty, and in the quotes that lists leave out.
func etagOf(etag *azcore.ETag) string { return quoted(string(value(etag))) }

// quoted is etagOf for the text of an ETag.
func quoted(etag string) string {
	switch {
	case etag == "":
		return storage.ETagNone
	case !strings.HasPrefix(etag, `"`):
		return `"` + etag + `"`
	}
	return etag
}
