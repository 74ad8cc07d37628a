package gcsfake

import (
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
)

// apiError is a refusal in both dialects.
//
// json_api/v1/status-codes; xml-api/reference-status.
type apiError struct {
	status   int
	reason   string // JSON
	code     string // XML
	message  string
	location string // JSON: the parameter or header at fault, where Google names it
	details  string // XML
	header   http.Header
}

func (e *apiError) Error() string { return fmt.Sprintf("%d %s: %s", e.status, e.code, e.message) }

// errInvalid is the answer to what cannot be understood or is out of bounds.
func errInvalid(format string, args ...any) *apiError {
	return &apiError{status: 400, reason: "invalid", code: "InvalidArgument",
		message: fmt.Sprintf(format, args...)}
}

// errXML is an error that only the XML API knows.
func errXML(status int, code, message string) *apiError {
	return &apiError{status: status, reason: "invalid", code: code, message: message}
}

func errNoBucket() *apiError {
	return &apiError{status: 404, reason: "notFound", code: "NoSuchBucket",
		message: "The specified bucket does not exist."}
}

func errNoObject(bucket, name string) *apiError {
	message := "No such object: " + bucket + "/" + name
	return &apiError{status: 404, reason: "notFound", code: "NoSuchKey", message: message,
		details: message}
}

func errNotFound() *apiError {
	return &apiError{status: 404, reason: "notFound", code: "NoSuchKey", message: "Not Found"}
}

func errPrecondition() *apiError {
	return &apiError{status: 412, reason: "conditionNotMet", code: "PreconditionFailed",
		location: "If-Match",
		message:  "At least one of the pre-conditions you specified did not hold."}
}

// errNotModified has no body in either dialect: HTTP allows none.
func errNotModified() *apiError { return &apiError{status: 304} }

func errRange(size int) *apiError {
	return &apiError{status: 416, reason: "requestedRangeNotSatisfiable", code: "InvalidRange",
		location: "Range",
		message:  "The requested range cannot be satisfied.",
		header:   http.Header{"Content-Range": {"bytes */" + strconv.Itoa(size)}}}
}

func errMethod() *apiError {
	return &apiError{status: 405, reason: "methodNotAllowed", code: "MethodNotAllowed",
		message: "The specified method is not allowed against this resource."}
}

// bodyError is the answer to a body that ended too early or could not be read. Who sent it is
// usually gone.
func bodyError() *apiError {
	return &apiError{status: 400, reason: "invalid", code: "IncompleteBody",
		message: "You did not provide the number of bytes specified by the Content-Length HTTP " +
			"header."}
}

func asAPIError(err error) *apiError {
	if e, ok := errors.AsType[*apiError](err); ok {
		return e
	}
	return &apiError{status: 500, reason: "internalError", code: "InternalError",
		message: err.Error()}
}

func (e *apiError) writeHeader(w http.ResponseWriter, contentType string) {
	for name, values := range e.header {
		w.Header()[name] = values
	}
	if e.status == http.StatusNotModified {
		w.WriteHeader(e.status)
		return
	}
	w.Header().Set("Content-Type", contentType)
	w.Header().Set("Cache-Control", "private, max-age=0")
	w.WriteHeader(e.status)
}

// writeJSON answers with the error resource of the JSON API.
func (e *apiError) writeJSON(w http.ResponseWriter) {
	e.writeHeader(w, "application/json; charset=UTF-8")
	if e.status == http.StatusNotModified {
		return
	}
	type item struct {
		Message      string `json:"message"`
		Domain       string `json:"domain"`
		Reason       string `json:"reason"`
		LocationType string `json:"locationType,omitempty"`
		Location     string `json:"location,omitempty"`
	}
	it := item{Message: e.message, Domain: "global", Reason: e.reason, Location: e.location}
	if e.location != "" {
		it.LocationType = "header"
	}
	var body struct {
		Error struct {
			Code    int    `json:"code"`
			Message string `json:"message"`
			Errors  []item `json:"errors"`
		} `json:"error"`
	}
	body.Error.Code, body.Error.Message, body.Error.Errors = e.status, e.message, []item{it}
	json.NewEncoder(w).Encode(body) // fails only where nobody listens
}

// writeXML answers with the error document of the XML API.
func (e *apiError) writeXML(w http.ResponseWriter) {
	e.writeHeader(w, "application/xml; charset=UTF-8")
	if e.status == http.StatusNotModified {
		return
	}
	writeXMLBody(w, struct {
		XMLName xml.Name `xml:"Error"`
		Code    string
		Message string
		Details string `xml:",omitempty"`
	}{Code: e.code, Message: e.message, Details: e.details})
}

// writeXMLBody writes a document; as with writeJSON, an error means that nobody listens.
func writeXMLBody(w io.Writer, v any) {
	io.WriteString(w, `<?xml version='1.0' encoding='UTF-8'?>`)
	xml.NewEncoder(w).Encode(v)
}
