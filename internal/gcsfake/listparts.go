package gcsfake

import (
	"encoding/xml"
	"maps"
	"net/http"
	"slices"
	"strconv"
)

// listParts is GET Object?uploadId (xml-api/get-object-multipart).
func (s *Server) listParts(w http.ResponseWriter, q *request) error {
	b, err := s.bucket(q.bucket)
	if err != nil {
		return err
	}
	limit, err := q.limit("max-parts")
	if err != nil {
		return err
	}
	marker := 0
	if v := q.query.Get("part-number-marker"); v != "" {
		if marker, err = strconv.Atoi(v); err != nil {
			return errInvalid("Invalid value for part-number-marker: %q", v)
		}
	}
	var now upload
	err = b.withUpload(q, func(u *upload) error {
		now = *u
		now.parts = maps.Clone(u.parts)
		return nil
	})
	if err != nil {
		return err
	}
	type item struct {
		PartNumber         int
		LastModified, ETag string
		Size               int
	}
	var page struct {
		XMLName              xml.Name `xml:"ListPartsResult"`
		Bucket, Key          string
		UploadID             string `xml:"UploadId"`
		StorageClass         string
		PartNumberMarker     int
		NextPartNumberMarker int `xml:",omitempty"`
		MaxParts             int
		IsTruncated          bool
		Part                 []item
	}
	page.Bucket, page.Key, page.UploadID = b.name, now.key, now.id
	page.StorageClass, page.PartNumberMarker, page.MaxParts = or(now.attributes.storageClass,
		b.storageClass), marker, limit
	for _, number := range slices.Sorted(maps.Keys(now.parts)) {
		if number <= marker {
			continue
		}
		if len(page.Part) == limit {
			page.IsTruncated = true
			page.NextPartNumberMarker = page.Part[limit-1].PartNumber
			break
		}
		p := now.parts[number]
		page.Part = append(page.Part, item{number, xmlTime(p.stored), p.etag(), len(p.object.data)})
	}
	w.Header().Set("Content-Type", "application/xml; charset=UTF-8")
	writeXMLBody(w, page)
	return nil
}
