package gcsfake

import (
	"encoding/xml"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// copyXMLObject is PUT Object with x-goog-copy-source: /bucket/object, all of it in one call.
//
// xml-api/put-object-copy.
func (s *Server) copyXMLObject(w http.ResponseWriter, q *request) error {
	path, err := url.PathUnescape(q.Header.Get("X-Goog-Copy-Source"))
	bucket, name, ok := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	if err != nil || !ok {
		return errInvalid("Invalid value for x-goog-copy-source: %q", path)
	}
	p := &preparedCopy{name: q.object}
	if p.from, err = s.bucket(bucket); err != nil {
		return err
	}
	if p.to, err = s.bucket(q.bucket); err != nil {
		return err
	}
	var generation int64
	if v := q.Header.Get("X-Goog-Copy-Source-Generation"); v != "" {
		if generation, err = parseGeneration("x-goog-copy-source-generation", v); err != nil {
			return err
		}
	}
	ofSource, err := copySourceConditions(q.Header)
	if err != nil {
		return err
	}
	if p.conditions, err = headerConditions(q.Header, "X-Goog-"); err != nil {
		return err
	}
	if p.source, err = p.from.get(name, generation, ofSource); err != nil {
		return err
	}
	if p.attributes, err = copiedAttributes(p.source, nil, nil); err != nil {
		return err
	}
	class := q.Header.Get("X-Goog-Storage-Class")
	switch directive := strings.ToUpper(q.Header.Get("X-Goog-Metadata-Directive")); directive {
	case "", "COPY":
	case "REPLACE":
		inherited := p.attributes.contexts // no header brings others
		if p.attributes, err = headerAttributes(q.Header); err != nil {
			return err
		}
		p.attributes.contexts = inherited
	default:
		return errInvalid("Invalid value for x-goog-metadata-directive: %q", directive)
	}
	p.attributes.storageClass = class
	if err := p.attributes.validate(); err != nil {
		return err
	}
	o, err := s.finishCopy(p)
	if err != nil {
		return err
	}
	o.describe(w.Header())
	w.Header().Set("Content-Type", "application/xml; charset=UTF-8")
	writeXMLBody(w, struct {
		XMLName      xml.Name `xml:"CopyObjectResult"`
		ETag         string
		LastModified string
	}{ETag: `"` + o.xmlETag() + `"`, LastModified: xmlTime(o.updated)})
	return nil
}

// copySourceConditions are those of xml-api/reference-headers#xgoogcopysourceifgenerationmatch and
// its neighbours. What a copy's source does not satisfy is 412, also where a read would be told
// 304.
func copySourceConditions(h http.Header) (*conditions, error) {
	c, err := headerConditions(h, "X-Goog-Copy-Source-")
	if err != nil {
		return nil, err
	}
	of := http.Header{}
	for _, name := range []string{"If-Match", "If-None-Match", "If-Modified-Since",
		"If-Unmodified-Since"} {
		if v := h.Get("X-Goog-Copy-Source-" + name); v != "" {
			of.Set(name, v)
		}
	}
	c.etags(of).dates(of).refuse = true
	return c, nil
}

func xmlTime(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }
