package gcsfake

import (
	"encoding/xml"
	"net/http"
	"strconv"
	"time"
)

// The limits of XML multipart uploads (quotas#requests).
const (
	maxPartNumber = 10000
	minPartSize   = 5 << 20 // not of the last part
)

// upload is an XML multipart upload that is neither complete nor aborted. Its bucket's mutex guards
// it.
//
// multipart-uploads.
type upload struct {
	id, key    string
	attributes attributes
	created    time.Time
	parts      map[int]*part
}

// part is never changed: an upload of the same number replaces it.
type part struct {
	number int
	object *object // its bytes and hashes
	stored time.Time
}

// refuseConditions: preconditions "cannot be used in XML API multipart uploads. Attempting to do so
// results in a 400 NotImplemented error" (request-preconditions).
func refuseConditions(h http.Header) error {
	for _, name := range []string{"X-Goog-If-Generation-Match", "X-Goog-If-Metageneration-Match",
		"If-Match", "If-None-Match",
		"If-Modified-Since", "If-Unmodified-Since"} {
		if h.Get(name) != "" {
			return errXML(400, "NotImplemented",
				"A header you provided implies functionality that is not implemented: "+name)
		}
	}
	return nil
}

// initiateUpload is POST Object?uploads: the metadata come now, or never
// (xml-api/post-object-multipart).
func (s *Server) initiateUpload(w http.ResponseWriter, q *request) error {
	if err := refuseConditions(q.Header); err != nil {
		return err
	}
	b, err := s.bucket(q.bucket)
	if err != nil {
		return err
	}
	a, err := headerAttributes(q.Header)
	if err != nil {
		return err
	}
	u := &upload{id: newID(), key: q.object, attributes: a, created: s.now(),
		parts: map[int]*part{}}
	b.mu.Lock()
	b.uploads[u.id] = u
	b.mu.Unlock()
	w.Header().Set("Content-Type", "application/xml; charset=UTF-8")
	writeXMLBody(w, struct {
		XMLName     xml.Name `xml:"InitiateMultipartUploadResult"`
		Bucket, Key string
		UploadID    string `xml:"UploadId"`
	}{Bucket: b.name, Key: u.key, UploadID: u.id})
	return nil
}

// withUpload calls f with the upload that q names, under the bucket's mutex.
func (b *bucket) withUpload(q *request, f func(u *upload) error) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if u := b.uploads[q.query.Get("uploadId")]; u != nil && u.key == q.object {
		return f(u)
	}
	return errXML(404, "NoSuchUpload", "The specified multipart upload does not exist.")
}

// uploadPart is PUT Object?partNumber&uploadId (xml-api/put-object-multipart).
func (s *Server) uploadPart(w http.ResponseWriter, q *request) error {
	data, err := q.data()
	if err != nil {
		return err
	}
	if err := refuseConditions(q.Header); err != nil {
		return err
	}
	if q.Header.Get("X-Goog-Copy-Source") != "" {
		return errXML(400, "NotImplemented", "A part cannot be copied.")
	}
	number, err := strconv.Atoi(q.query.Get("partNumber"))
	if err != nil || number < 1 || number > maxPartNumber {
		return errInvalid("Part number must be an integer between 1 and %d, inclusive.",
			maxPartNumber)
	}
	b, err := s.bucket(q.bucket)
	if err != nil {
		return err
	}
	var want sums
	if err := want.headers(q.Header); err != nil {
		return err
	}
	p := &part{number: number, object: newObject(q.object, data, attributes{}), stored: s.now()}
	if err := want.verify(p.object); err != nil {
		return err
	}
	if err := b.withUpload(q,
		func(u *upload) error { u.parts[number] = p; return nil }); err != nil {
		return err
	}
	h := w.Header()
	h.Set("ETag", p.etag())
	h.Add("X-Goog-Hash", "crc32c="+p.object.base64CRC32C())
	h.Add("X-Goog-Hash", "md5="+p.object.base64MD5())
	h.Set("Content-Length", "0")
	w.WriteHeader(http.StatusOK)
	return nil
}

func (p *part) etag() string { return `"` + p.object.xmlETag() + `"` }

// abortUpload is DELETE Object?uploadId (xml-api/delete-multipart).
func (s *Server) abortUpload(w http.ResponseWriter, q *request) error {
	if err := refuseConditions(q.Header); err != nil {
		return err
	}
	b, err := s.bucket(q.bucket)
	if err != nil {
		return err
	}
	if err := b.withUpload(q,
		func(u *upload) error { delete(b.uploads, u.id); return nil }); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}
