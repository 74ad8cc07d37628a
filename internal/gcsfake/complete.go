package gcsfake

import (
	"bytes"
	"encoding/xml"
	"net/http"
	"strings"
)

// listedPart is a part in the body of a completion.
type listedPart struct {
	PartNumber int
	ETag       string
}

// completeUpload is POST Object?uploadId: the parts that the body lists become the object, which
// has no MD5 (xml-api/post-object-complete).
func (s *Server) completeUpload(w http.ResponseWriter, q *request) error {
	var body struct {
		XMLName xml.Name     `xml:"CompleteMultipartUpload"`
		Parts   []listedPart `xml:"Part"`
	}
	data, err := q.data()
	if err != nil {
		return err
	}
	if err := xml.Unmarshal(data, &body); err != nil || len(body.Parts) == 0 {
		return errXML(400, "MalformedCompleteMultipartUploadRequest",
			"The XML you provided was not well-formed or did not validate.")
	}
	if err := refuseConditions(q.Header); err != nil {
		return err
	}
	b, err := s.bucket(q.bucket)
	if err != nil {
		return err
	}
	// Whoever finds the upload gone finds the object there.
	b.completing.Lock()
	defer b.completing.Unlock()
	var taken *upload
	var parts []*part
	err = b.withUpload(q, func(u *upload) (err error) {
		taken = u
		if parts, err = u.choose(body.Parts); err == nil {
			delete(b.uploads, u.id)
		}
		return err
	})
	if err != nil {
		return err
	}
	o := taken.join(parts)
	if err := s.commit(b, o, &conditions{}); err != nil { // what is there is held
		b.mu.Lock()
		defer b.mu.Unlock()
		b.uploads[taken.id] = taken
		return err
	}
	o.describe(w.Header())
	w.Header().Set("Content-Type", "application/xml; charset=UTF-8")
	writeXMLBody(w, struct {
		XMLName                     xml.Name `xml:"CompleteMultipartUploadResult"`
		Location, Bucket, Key, ETag string
	}{Location: q.base() + "/" + b.name + "/" + escapeName(o.name), Bucket: b.name, Key: o.name,
		ETag: `"` + o.xmlETag() + `"`})
	return nil
}

// choose returns the parts that are listed, in ascending order. The caller holds the bucket's
// mutex.
func (u *upload) choose(list []listedPart) ([]*part, error) {
	for i := range list[1:] {
		if list[i+1].PartNumber <= list[i].PartNumber {
			return nil, errXML(400, "InvalidPartOrder",
				"The list of parts was not in ascending order. Parts must be ordered by part "+
					"number.")
		}
	}
	var parts []*part
	for _, v := range list {
		p := u.parts[v.PartNumber]
		if p == nil || strings.Trim(v.ETag, `"`) != p.object.xmlETag() {
			return nil, errXML(400, "InvalidPart",
				"One or more of the specified parts could not be found. "+
					"The part may not have been uploaded, or the specified entity tag may not "+
					"match the part's entity tag.")
		}
		parts = append(parts, p)
	}
	for _, p := range parts[:len(parts)-1] {
		if len(p.object.data) < minPartSize {
			return nil, errXML(400, "EntityTooSmall",
				"Your proposed upload is smaller than the minimum object size.")
		}
	}
	return parts, nil
}

// join makes an object of the parts.
func (u *upload) join(parts []*part) *object {
	var data bytes.Buffer
	for _, p := range parts {
		data.Write(p.object.data)
	}
	return newComposite(u.key, data.Bytes(), u.attributes)
}
