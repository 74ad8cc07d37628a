package gcsfake

import (
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// getXMLObject is GET Object and HEAD Object (xml-api/get-object-download; xml-api/head-object). It knows the generation parameter,
// both generation conditions, ETags and dates.
func (s *Server) getXMLObject(w http.ResponseWriter, q *request) error {
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
	h := w.Header()
	h.Set("ETag", `"`+o.xmlETag()+`"`)
	for k, v := range o.metadata {
		h.Set(metaPrefix+k, v)
	}
	return serveMedia(w, q, o)
}

// putXMLObject is PUT Object: an upload, or with x-goog-copy-source a copy.
//
// xml-api/put-object-upload; xml-api/put-object-copy.
func (s *Server) putXMLObject(w http.ResponseWriter, q *request) error {
	if q.Header.Get("X-Goog-Copy-Source") != "" {
		return s.copyXMLObject(w, q)
	}
	data, err := io.ReadAll(q.Body)
	if err != nil {
		return bodyError(err)
	}
	b, err := s.bucket(q.bucket)
	if err != nil {
		return err
	}
	in, err := xmlInsertion(q)
	if err != nil {
		return err
	}
	if err := checkLengthRange(q.Header.Get("X-Goog-Content-Length-Range"), int64(len(data))); err != nil {
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
	in.conditions, err = headerConditions(q.Header, "X-Goog-")
	return in, err
}

// checkLengthRange holds an upload to MIN,MAX bytes (xml-api/reference-headers#xgoogcontentlengthrange).
func checkLengthRange(v string, size int64) error {
	if v == "" {
		return nil
	}
	from, to, _ := strings.Cut(v, ",")
	smallest, ok1 := parseOffset(strings.TrimSpace(from))
	largest, ok2 := parseOffset(strings.TrimSpace(to))
	switch {
	case !ok1 || !ok2:
		return errInvalid("Invalid value for x-goog-content-length-range: %q", v)
	case size < smallest:
		return errXML(400, "EntityTooSmall", "Your proposed upload is smaller than the minimum size specified.")
	case size > largest:
		return errXML(400, "EntityTooLarge", "Your proposed upload exceeds the maximum size allowed.")
	}
	return nil
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
