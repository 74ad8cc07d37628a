package gcsfake

import (
	"net/http"
	"strings"
)

// anonymous reports whether nothing in the request says who sent it.
func (q *request) anonymous() bool { return !q.signed && q.Header.Get("Authorization") == "" }

// authorize lets a request in, or returns why not.
//
// authentication; json_api/v1/status-codes#401-unauthorized; xml-api/reference-status.
func (s *Server) authorize(q *request, isJSON bool) error {
	if isSigned(q) {
		q.signed = true
		return s.verifySignature(q, isJSON)
	}
	// A session's URI is itself the permission to go on with it (resumable-uploads#session-uris).
	if len(s.options.Tokens) == 0 || s.knowsSession(q.query.Get("upload_id")) {
		return nil
	}
	header := q.Header.Get("Authorization")
	token, ok := strings.CutPrefix(header, "Bearer ")
	switch allowed, known := s.options.Tokens[token]; {
	case ok && known && allowed:
		return nil
	case ok && known:
		return &apiError{status: 403, reason: "forbidden", code: "AccessDenied",
			message: "Access denied.",
			details: "The caller does not have the permission, or the resource may not exist."}
	case header != "":
		return unauthorized("authError", "AuthenticationRequired", "Invalid Credentials")
	case isJSON:
		return unauthorized("required", "AuthenticationRequired",
			"Anonymous caller does not have access to the Google Cloud Storage object.")
	default:
		// The XML API takes nobody for somebody who may not.
		return &apiError{status: 403, code: "AccessDenied", message: "Access denied.",
			details: "Anonymous caller does not have access to the Google Cloud Storage object."}
	}
}

func unauthorized(reason, code, message string) error {
	return &apiError{status: 401, reason: reason, code: code, message: message,
		location: "Authorization",
		header:   http.Header{"Www-Authenticate": {`Bearer realm="https://accounts.google.com/"`}}}
}
