package gcsfake

import (
	"encoding/xml"
	"math"
	"net/http"
	"strings"
)

// listXMLObjects is GET Bucket, in its first version with a marker and in the second with a token;
// and HEAD Bucket, which is its headers.
//
// xml-api/get-bucket-list; xml-api/head-bucket.
func (s *Server) listXMLObjects(w http.ResponseWriter, q *request) error {
	b, err := s.bucket(q.bucket)
	if err != nil {
		return err
	}
	encode, err := q.encoding()
	if err != nil {
		return err
	}
	l := &listing{prefix: q.query.Get("prefix"), delimiter: q.query.Get("delimiter")}
	if l.limit, err = q.limit("max-keys"); err != nil {
		return err
	}
	version := q.query.Get("list-type")
	if version != "" && version != "2" {
		return errInvalid("Invalid value for list-type: %q", version)
	}
	v2 := version == "2"
	marker := q.query.Get("marker")
	if v2 {
		marker = q.query.Get("start-after")
	}
	if marker != "" {
		// Exclusive; a prefix is after all that is rolled up into it.
		l.after = cursor{Name: marker, Generation: math.MaxInt64, Prefix: l.delimiter != "" &&
			strings.HasSuffix(marker, l.delimiter)}
	}
	if token := q.query.Get("continuation-token"); v2 && token != "" {
		if l.after, err = parseToken(token); err != nil {
			return err
		}
	}
	e := b.list(l)

	type item struct {
		Key                        string
		Generation, MetaGeneration int64
		LastModified, ETag         string
		Size                       int
		StorageClass               string
	}
	type commonPrefix struct{ Prefix string }
	var page struct {
		XMLName                                  xml.Name `xml:"ListBucketResult"`
		Name                                     string
		Prefix, Delimiter, Marker, NextMarker    string `xml:",omitempty"`
		ContinuationToken, NextContinuationToken string `xml:",omitempty"`
		EncodingType                             string `xml:",omitempty"`
		KeyCount                                 *int   `xml:",omitempty"` // of the second version
		MaxKeys                                  int
		IsTruncated                              bool
		Contents                                 []item
		CommonPrefixes                           []commonPrefix
	}
	page.Name, page.Prefix, page.Delimiter, page.MaxKeys = b.name, encode(l.prefix),
		encode(l.delimiter), l.limit
	page.EncodingType, page.IsTruncated = q.query.Get("encoding-type"), e.next != nil
	if v2 {
		page.KeyCount = new(len(e.objects) + len(e.prefixes))
		page.ContinuationToken, page.NextContinuationToken = q.query.Get("continuation-token"),
			e.next.token()
	} else if page.Marker = encode(marker); e.next != nil {
		page.NextMarker = encode(e.next.Name)
	}
	for _, o := range e.objects {
		page.Contents = append(page.Contents, item{encode(o.name), o.generation, o.metageneration,
			xmlTime(o.updated),
			`"` + o.xmlETag() + `"`, len(o.data), o.storageClass})
	}
	for _, p := range e.prefixes {
		page.CommonPrefixes = append(page.CommonPrefixes, commonPrefix{encode(p)})
	}
	w.Header().Set("Content-Type", "application/xml; charset=UTF-8")
	if q.Method != http.MethodHead {
		writeXMLBody(w, page)
	}
	return nil
}
