package gcsfake

import (
	"math"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// getXMLObject is GET Object and HEAD Object (xml-api/get-object-download; xml-api/head-object). It
// knows the generation parameter, both generation conditions, ETags and dates.
func (s *Server) getXMLObject(w http.ResponseWriter, q *request) error {
	if q.anonymous() && (q.query.Has("response-content-type") ||
		q.query.Has("response-content-disposition")) {
		return errXML(400, "InvalidRequest",
			"Request specific response headers cannot be used for anonymous GET requests.")
	}
	b, err := s.bucket(q.bucket)
	if err != nil {
		return err
	}
	generation, err := q.generation("generation")
	if err != nil {
		return err
	}
	c, err := headerConditions(q.Header, "X-Goog-")
	if err != nil {
		return err
	}
	o, err := b.get(q.object, generation, c.etags(q.Header).dates(q.Header))
	if err != nil {
		return err
	}
	return serveMedia(w, q, o, `"`+o.xmlETag()+`"`, o.metadata)
}

// putXMLObject is PUT Object (xml-api/put-object-upload).
func (s *Server) putXMLObject(w http.ResponseWriter, q *request) error {
	data, err := q.data()
	if err != nil {
		return err
	}
	b, err := s.bucket(q.bucket)
	if err != nil {
		return err
	}
	in, err := xmlInsertion(q)
	if err != nil {
		return err
	}
	o, err := s.insert(b, in, data)
	if err != nil {
		return err
	}
	return writeWritten(w, o)
}

// xmlInsertion reads the headers of an upload.
func xmlInsertion(q *request) (*insertion, error) {
	in := &insertion{name: q.object}
	var err error
	if in.attributes, err = headerAttributes(q.Header); err != nil {
		return nil, err
	}
	if err := in.headers(q.Header); err != nil {
		return nil, err
	}
	if in.smallest, in.largest,
		err = lengthRange(q.Header.Get("X-Goog-Content-Length-Range")); err != nil {
		return nil, err
	}
	in.conditions, err = headerConditions(q.Header, "X-Goog-")
	return in, err
}

// lengthRange reads the MIN,MAX bytes that an upload may have
// (xml-api/reference-headers#xgoogcontentlengthrange).
func lengthRange(v string) (smallest, largest int64, err error) {
	if v == "" {
		return 0, math.MaxInt64, nil
	}
	from, to, _ := strings.Cut(v, ",")
	smallest, ok1 := parseOffset(strings.TrimSpace(from))
	largest, ok2 := parseOffset(strings.TrimSpace(to))
	if !ok1 || !ok2 {
		return 0, 0, errInvalid("Invalid value for x-goog-content-length-range: %q", v)
	}
	return smallest, largest, nil
}

// writeWritten answers an XML request that has written o.
func writeWritten(w http.ResponseWriter, o *object) error {
	o.describe(w.Header())
	w.Header().Set("ETag", `"`+o.xmlETag()+`"`)
	w.Header().Set("Content-Length", strconv.Itoa(0))
	w.WriteHeader(http.StatusOK)
	return nil
}

// deleteXMLObject is DELETE Object (xml-api/delete-object).
func (s *Server) deleteXMLObject(w http.ResponseWriter, q *request) error {
	c, err := headerConditions(q.Header, "X-Goog-")
	if err != nil {
		return err
	}
	return s.delete(w, q, c)
}

// escapeName escapes a name for a path that keeps its slashes.
func escapeName(name string) string { return strings.ReplaceAll(url.PathEscape(name), "%2F", "/") }
