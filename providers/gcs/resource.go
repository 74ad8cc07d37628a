package gcs

import (
	"net/http"
	"strings"
	"time"

	"github.com/polystore/storage"
	"github.com/polystore/storage/driver"
	"github.com/polystore/storage/driver/httpdriver"
)

// attributes are what a write says of an object, in the JSON API's form:
// https://cloud.google.com/storage/docs/json_api/v1/objects.
type attributes struct {
	Name               string            `json:"name,omitempty"`
	ContentType        string            `json:"contentType,omitempty"`
	ContentEncoding    string            `json:"contentEncoding,omitempty"`
	ContentDisposition string            `json:"contentDisposition,omitempty"`
	ContentLanguage    string            `json:"contentLanguage,omitempty"`
	CacheControl       string            `json:"cacheControl,omitempty"`
	Metadata           map[string]string `json:"metadata,omitempty"`
	StorageClass       string            `json:"storageClass,omitempty"`
	Contexts           *contexts         `json:"contexts,omitempty"`
	CRC32C             string            `json:"crc32c,omitempty"`
	MD5                string            `json:"md5Hash,omitempty"`
}

// defaultType is what the service calls an object that was given no type.
const defaultType = "application/octet-stream"

// attributesOf are those of a write under key.
func (s *Store) attributesOf(key string, o *storage.PutOptions) (*attributes, error) {
	tags, err := s.contextsOf(o.Tags)
	if err != nil {
		return nil, err
	}
	metadata, err := encodeMetadata(o.Metadata)
	if err != nil {
		return nil, err
	}
	if err := checkHeaders(o); err != nil {
		return nil, err
	}
	a := &attributes{
		Name:               key,
		ContentType:        o.ContentType,
		ContentEncoding:    o.ContentEncoding,
		ContentDisposition: o.ContentDisposition,
		ContentLanguage:    o.ContentLanguage,
		CacheControl:       o.CacheControl,
		Metadata:           metadata,
		StorageClass:       o.StorageClass,
		Contexts:           tags,
	}
	if a.ContentType == "" {
		a.ContentType = defaultType
	}
	return a, nil
}

// header is a as the XML API has it, which is without Contexts.
func (a *attributes) header() http.Header {
	h := make(http.Header, 6+len(a.Metadata))
	for _, f := range [...]struct{ name, value string }{
		{"Content-Type", a.ContentType},
		{"Content-Encoding", a.ContentEncoding},
		{"Content-Disposition", a.ContentDisposition},
		{"Content-Language", a.ContentLanguage},
		{"Cache-Control", a.CacheControl},
		{"X-Goog-Storage-Class", a.StorageClass},
	} {
		if f.value != "" {
			h.Set(f.name, f.value)
		}
	}
	for name, v := range a.Metadata {
		h.Set(metadataPrefix+name, headerValue(v))
	}
	return h
}

// resource is an object as the JSON API describes it.
type resource struct {
	attributes
	Size           int64  `json:"size,string"`
	Generation     string `json:"generation"`
	Metageneration string `json:"metageneration"`
	Updated        stamp  `json:"updated"`
}

// isNone reports whether r was read from a document that describes no object, such as an error that
// came with success.
func (r *resource) isNone() bool { return r.Name == "" && r.Generation == "" }

// noObject is what such an answer is.
const noObject = "a document that describes no object"

// stamp is a time; zero where it is told in a form that nobody knows, which is not worth failing
// for.
type stamp struct{ time.Time }

func (t *stamp) UnmarshalJSON(b []byte) error {
	t.Time = httpdriver.ParseTime(strings.Trim(string(b), `"`))
	return nil
}

// object is all that r says.
func (r *resource) object(key string) *storage.Object {
	o := r.written(key)
	o.ContentType = r.ContentType
	o.ContentEncoding = r.ContentEncoding
	o.ContentDisposition = r.ContentDisposition
	o.ContentLanguage = r.ContentLanguage
	o.CacheControl = r.CacheControl
	o.Metadata = driver.DecodeMetadata(r.Metadata)
	o.StorageClass = r.StorageClass
	o.TagCount = len(r.Contexts.tags())
	return o
}

// written is what the answer to a write is told for.
func (r *resource) written(key string) *storage.Object {
	return &storage.Object{
		Key:       key,
		Size:      r.Size,
		ETag:      etagOf(r.Generation),
		VersionID: r.Generation,
		ModTime:   r.Updated.Truncate(time.Second), // as in Last-Modified
		Checksums: storage.Checksums{
			CRC32C: httpdriver.DecodeSum(r.CRC32C, 4), MD5: httpdriver.DecodeSum(r.MD5, 16),
		},
	}
}
