package gcsfake

import (
	"bytes"
	"encoding/json"
	"io"
	"math"
	"mime"
	"mime/multipart"
	"net/http"
)

// insertion is an upload in one request or a session, less its data.
type insertion struct {
	name string
	attributes
	sums
	conditions        *conditions
	smallest, largest int64 // bytes
}

// insertObject is Objects: insert, in one request or as the beginning of a session.
//
// json_api/v1/objects/insert.
func (s *Server) insertObject(w http.ResponseWriter, q *request) error {
	var in *insertion
	var data []byte
	var err error
	switch q.query.Get("uploadType") {
	case "media":
		in, data, err = simpleUpload(q)
	case "multipart":
		in, data, err = multipartUpload(q)
	case "resumable":
		return s.startSession(w, q)
	default:
		err = errInvalid("Invalid upload type: %q", q.query.Get("uploadType"))
	}
	if err != nil {
		return err
	}
	b, err := s.bucket(q.bucket)
	if err != nil {
		return err
	}
	o, err := s.insert(b, in, data)
	if err != nil {
		return err
	}
	return writeObject(w, q, o)
}

// insert checks everything, and commits.
func (s *Server) insert(b *bucket, in *insertion, data []byte) (*object, error) {
	switch size := int64(len(data)); {
	case size < in.smallest:
		return nil, errXML(400, "EntityTooSmall",
			"Your proposed upload is smaller than the minimum size specified.")
	case size > in.largest:
		return nil, errXML(400, "EntityTooLarge",
			"Your proposed upload exceeds the maximum size allowed.")
	}
	o := newObject(in.name, data, in.attributes)
	if err := in.verify(o); err != nil {
		return nil, err
	}
	return o, s.commit(b, o, in.conditions)
}

// newInsertion reads the parameters and the metadata of an upload. Without a body there is no
// metadata.
func newInsertion(q *request, metadata []byte) (*insertion, error) {
	in := &insertion{name: q.query.Get("name"), largest: math.MaxInt64}
	resource := map[string]json.RawMessage{}
	if len(bytes.TrimSpace(metadata)) > 0 {
		if err := json.Unmarshal(metadata, &resource); err != nil {
			return nil, &apiError{status: 400, reason: "parseError", code: "InvalidArgument",
				message: "Parse Error"}
		}
	}
	if in.name != "" {
		delete(resource, "name") // the parameter has precedence
	}
	for field, p := range map[string]*string{"name": &in.name, "crc32c": &in.crc32c,
		"md5Hash": &in.md5} {
		if err := textField(resource, field, p); err != nil {
			return nil, err
		}
	}
	if err := checkName(in.name); err != nil {
		return nil, err
	}
	if err := in.apply(resource); err != nil {
		return nil, err
	}
	if v := q.query.Get("contentEncoding"); v != "" {
		in.contentEncoding = v
	}
	if err := in.headers(q.Header); err != nil {
		return nil, err
	}
	var err error
	in.conditions, err = queryConditions(q.query, "")
	return in, err
}

// simpleUpload is data without metadata, other than its type.
func simpleUpload(q *request) (*insertion, []byte, error) {
	data, err := q.data()
	if err != nil {
		return nil, nil, err
	}
	in, err := newInsertion(q, nil)
	if err != nil {
		return nil, nil, err
	}
	in.contentType = q.Header.Get("Content-Type")
	return in, data, nil
}

// multipartUpload is metadata and data in the two parts of a multipart/related body
// (uploading-objects#multipart). All of it is read before anything is refused: who sends does not
// listen before the end.
func multipartUpload(q *request) (*insertion, []byte, error) {
	mediaType, params, err := mime.ParseMediaType(q.Header.Get("Content-Type"))
	if err != nil || mediaType != "multipart/related" || params["boundary"] == "" {
		return nil, nil, errInvalid("Invalid multipart request: content type %q",
			q.Header.Get("Content-Type"))
	}
	data, err := q.data()
	if err != nil {
		return nil, nil, err
	}
	r := multipart.NewReader(bytes.NewReader(data), params["boundary"])
	var parts [2][]byte
	var contentType string
	for i := range parts {
		p, err := r.NextRawPart()
		if err != nil {
			return nil, nil, bodyError()
		}
		if parts[i], err = io.ReadAll(p); err != nil {
			return nil, nil, bodyError()
		}
		contentType = p.Header.Get("Content-Type")
	}
	if _, err := r.NextRawPart(); err != io.EOF {
		return nil, nil, errInvalid("Invalid multipart request: there must be two parts")
	}
	in, err := newInsertion(q, parts[0])
	if err != nil {
		return nil, nil, err
	}
	if in.contentType == "" {
		in.contentType = contentType
	}
	return in, parts[1], nil
}
