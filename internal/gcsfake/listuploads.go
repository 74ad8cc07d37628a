package gcsfake

import (
	"cmp"
	"encoding/xml"
	"maps"
	"net/http"
	"slices"
	"strings"
)

// listUploads is GET Bucket?uploads: by key, then by ID (xml-api/get-bucket-uploads).
func (s *Server) listUploads(w http.ResponseWriter, q *request) error {
	b, err := s.bucket(q.bucket)
	if err != nil {
		return err
	}
	limit, err := q.limit("max-uploads")
	if err != nil {
		return err
	}
	prefix, delimiter := q.query.Get("prefix"), q.query.Get("delimiter")
	keyMarker, idMarker := q.query.Get("key-marker"), q.query.Get("upload-id-marker")
	encode, err := q.encoding()
	if err != nil {
		return err
	}

	type item struct {
		Key                     string
		UploadID                string `xml:"UploadId"`
		StorageClass, Initiated string
	}
	type commonPrefix struct{ Prefix string }
	var page struct {
		XMLName                         xml.Name `xml:"ListMultipartUploadsResult"`
		Bucket, KeyMarker               string
		UploadIDMarker                  string `xml:"UploadIdMarker"`
		NextKeyMarker                   string `xml:",omitempty"`
		NextUploadIDMarker              string `xml:"NextUploadIdMarker,omitempty"`
		Prefix, Delimiter, EncodingType string `xml:",omitempty"`
		MaxUploads                      int
		IsTruncated                     bool
		Upload                          []item
		CommonPrefixes                  []commonPrefix
	}
	page.Bucket, page.KeyMarker, page.UploadIDMarker = b.name, encode(keyMarker), idMarker
	page.Prefix, page.Delimiter, page.EncodingType, page.MaxUploads = encode(prefix),
		encode(delimiter), q.query.Get("encoding-type"), limit

	b.mu.Lock()
	uploads := slices.SortedFunc(maps.Values(b.uploads), func(x, y *upload) int {
		return cmp.Or(cmp.Compare(x.key, y.key), cmp.Compare(x.id, y.id))
	})
	b.mu.Unlock()
	lastPrefix := ""
	if delimiter != "" && strings.HasSuffix(keyMarker, delimiter) && idMarker == "" {
		lastPrefix = keyMarker
	}
	for _, u := range uploads {
		common, isPrefix := collapse(u.key, prefix, delimiter)
		switch {
		case !strings.HasPrefix(u.key, prefix),
			u.key < keyMarker, u.key == keyMarker && (idMarker == "" || u.id <= idMarker),
			isPrefix && common == lastPrefix:
			continue
		}
		if len(page.Upload)+len(page.CommonPrefixes) == limit {
			page.IsTruncated = true
			break
		}
		if isPrefix {
			lastPrefix = common
			page.CommonPrefixes = append(page.CommonPrefixes, commonPrefix{encode(common)})
			page.NextKeyMarker, page.NextUploadIDMarker = encode(common), ""
			continue
		}
		page.Upload = append(page.Upload, item{encode(u.key), u.id, or(u.attributes.storageClass,
			b.storageClass), xmlTime(u.created)})
		page.NextKeyMarker, page.NextUploadIDMarker = encode(u.key), u.id
	}
	if !page.IsTruncated {
		page.NextKeyMarker, page.NextUploadIDMarker = "", ""
	}
	w.Header().Set("Content-Type", "application/xml; charset=UTF-8")
	writeXMLBody(w, page)
	return nil
}
