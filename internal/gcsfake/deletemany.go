package gcsfake

import (
	"encoding/xml"
	"net/http"
	"strconv"
)

// maxDelete is how many objects one request may name.
const maxDelete = 1000

// deleteMany is POST Bucket?delete: every object is deleted, or answered with an error, for itself.
// As in the API that this method is compatible with, an object that is not there counts as deleted.
//
// xml-api/post-bucket.
func (s *Server) deleteMany(w http.ResponseWriter, q *request) error {
	b, err := s.bucket(q.bucket)
	if err != nil {
		return err
	}
	type element struct{ XMLName xml.Name }
	type target struct {
		Key       string
		VersionID string    `xml:"VersionId,omitempty"`
		Unknown   []element `xml:",any"`
	}
	var body struct {
		XMLName xml.Name `xml:"Delete"`
		Quiet   bool
		Object  []target
	}
	data, err := q.data()
	if err != nil {
		return err
	}
	if err := xml.Unmarshal(data, &body); err != nil || len(body.Object) == 0 ||
		len(body.Object) > maxDelete {
		return errXML(400, "MalformedXML",
			"The XML you provided was not well-formed or did not validate against our published "+
				"schema.")
	}
	for _, t := range body.Object {
		if len(t.Unknown) > 0 {
			return errNotImplemented("element", t.Unknown[0].XMLName.Local)
		}
	}
	type failed struct {
		target
		Code, Message string
	}
	var result struct {
		XMLName xml.Name `xml:"DeleteResult"`
		Deleted []target
		Error   []failed
	}
	for _, t := range body.Object {
		if err := s.deleteOne(b, t.Key, t.VersionID); err != nil {
			if e := asAPIError(err); e.status != http.StatusNotFound {
				result.Error = append(result.Error, failed{t, e.code, e.message})
				continue
			}
		}
		if !body.Quiet {
			result.Deleted = append(result.Deleted, t)
		}
	}
	w.Header().Set("Content-Type", "application/xml; charset=UTF-8")
	writeXMLBody(w, result)
	return nil
}

func (s *Server) deleteOne(b *bucket, name, version string) error {
	if err := checkName(name); err != nil {
		return err
	}
	var generation int64
	if version != "" {
		var err error
		if generation, err = strconv.ParseInt(version, 10, 64); err != nil || generation <= 0 {
			return errInvalid("Invalid version id: %q", version)
		}
	}
	return s.remove(b, name, generation, &conditions{})
}
