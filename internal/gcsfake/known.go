package gcsfake

import (
	"encoding/json"
	"net/http"
	"regexp"
	"slices"
	"strings"
)

// What a request asks for and this server does not have is refused, so that nobody takes it for
// done: what the service can do and this server cannot, and what neither knows, which the service
// ignores.

// errNotImplemented is the refusal. Nothing else here has its status.
func errNotImplemented(what, name string) error {
	return &apiError{status: http.StatusNotImplemented, reason: "notImplemented",
		code:    "NotImplemented",
		message: "This server does not implement the " + what + " " + name + "."}
}

// What all methods know.
const (
	// json_api/v1/parameters
	jsonParams = "alt fields key prettyPrint projection quotaUser userIp $.xgafv"
	signParams = "X-Goog-Algorithm X-Goog-Credential X-Goog-Date X-Goog-Expires" +
		" X-Goog-SignedHeaders X-Goog-Signature"
	commonHeaders = "x-goog-api-client x-goog-user-project x-goog-gcs-idempotency-token " +
		"x-goog-request-reason" +
		" x-goog-date x-goog-content-sha256"
)

var matters = regexp.MustCompile(`^(x-goog-|x-amz-|if-|x-http-method|content-(range|encoding)$)`)

// checkKnown refuses parameters and headers that r does not know. A parameter of the JSON API that
// is empty or false is not asked for: Google's clients write out some of those. Of the headers it
// looks at those that change what a request means.
func (q *request) checkKnown(r *route, isJSON bool) error {
	params := strings.Fields(r.params + " userProject " + signParams)
	if isJSON {
		params = append(params, strings.Fields(jsonParams)...)
		// Data is an alternative form of an object alone.
		if alt := q.query.Get("alt"); alt != "" && alt != "json" && (alt != "media" ||
			q.Method != http.MethodGet || q.object == "") {
			return errInvalid("Invalid value for alt: %q", alt)
		}
	}
	for name := range q.query {
		unasked := isJSON && (q.query.Get(name) == "" || q.query.Get(name) == "false")
		if !unasked && !slices.Contains(params, name) {
			return errNotImplemented("parameter", name)
		}
	}
	if v := q.Header.Get("X-Goog-Content-Sha256"); v != "" && v != unsignedPayload {
		return errNotImplemented("value of x-goog-content-sha256", v)
	}
	headers := strings.Fields(r.headers + " " + commonHeaders)
	for name := range q.Header {
		name = strings.ToLower(name)
		if matters.MatchString(name) && !slices.ContainsFunc(headers, func(known string) bool {
			prefix, isPrefix := strings.CutSuffix(known, "*")
			return name == known || isPrefix && strings.HasPrefix(name, prefix)
		}) {
			return errNotImplemented("header", name)
		}
	}
	return nil
}

// checkFields refuses the fields of a resource that are neither in known nor written by the service
// alone, which ignores them. An empty value asks for nothing.
func checkFields(resource map[string]json.RawMessage, known string) error {
	fields := strings.Fields(known +
		" bucket componentCount etag generation id kind locationType mediaLink metageneration" +
		" owner" +
		" projectNumber selfLink size timeCreated timeDeleted timeFinalized " +
		"timeStorageClassUpdated updated")
	for name, raw := range resource {
		if slices.Contains(fields, name) {
			continue
		}
		var v any
		if err := json.Unmarshal(raw, &v); err != nil || !isEmpty(v) {
			return errNotImplemented("field", name)
		}
	}
	return nil
}

// isEmpty reports whether a value says nothing, as {"rule":[]}, which Google's Go client writes for
// the lifecycle of a bucket that has none.
func isEmpty(v any) bool {
	switch v := v.(type) {
	case map[string]any:
		for _, below := range v {
			if !isEmpty(below) {
				return false
			}
		}
		return true
	case []any:
		return len(v) == 0
	}
	return v == nil || v == false || v == ""
}
