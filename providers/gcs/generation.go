package gcs

import (
	"net/url"
	"strconv"
	"strings"

	"github.com/polystore/storage"
)

// generationHeader is the XML API's condition on a generation.
const generationHeader = "X-Goog-If-Generation-Match"

// validGeneration reports whether the service could have given token out as a generation: a
// positive decimal. Anything else matches nothing, 0 in particular, which would ask for a missing
// object.
func validGeneration(token string) bool {
	n, err := strconv.ParseInt(token, 10, 64)
	return err == nil && n > 0 && token[0] != '+' && token[0] != '0'
}

// etagOf returns the ETag of a generation: the generation in quotes.
func etagOf(generation string) string {
	if generation == "" {
		return storage.ETagNone
	}
	return `"` + generation + `"`
}

// generationOf returns the generation that an ETag is made of, "" for an ETag of no object here.
func generationOf(etag string) string {
	g, ok := strings.CutPrefix(etag, `"`)
	g, closed := strings.CutSuffix(g, `"`)
	if !ok || !closed || !validGeneration(g) {
		return ""
	}
	return g
}

// checkMatch refuses the IfMatch of a write that matches nothing.
func checkMatch(etag string) error {
	if etag != "" && generationOf(etag) == "" {
		return &storage.Error{Kind: storage.ErrPrecondition}
	}
	return nil
}

// ifGeneration is the parameter of the JSON API's condition on a generation.
const ifGeneration = "ifGenerationMatch"

// condition returns the value of ifGeneration for a write, "" for none, and puts the kind of its
// refusal into a. A missing object is as good as a changed one to IfMatch.
func condition(ifAbsent bool, ifMatch string, a *attempt) string {
	switch {
	case ifAbsent:
		a.Refused = storage.ErrExist
		return "0"
	case ifMatch != "":
		a.Refused = storage.ErrPrecondition
		return generationOf(ifMatch)
	}
	return ""
}

// setVersion puts a VersionID into q, under the name that it has there.
func setVersion(q url.Values, name, version string) error {
	if version == "" {
		return nil
	}
	if !validGeneration(version) {
		return &storage.Error{Kind: storage.ErrNotExist}
	}
	q.Set(name, version)
	return nil
}
