package gcsfake

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// objectResource is an object in the JSON API; numbers are text there
// (json_api/v1/objects#resource).
type objectResource struct {
	Kind                    string            `json:"kind"`
	ID                      string            `json:"id"`
	SelfLink                string            `json:"selfLink"`
	MediaLink               string            `json:"mediaLink"`
	Name                    string            `json:"name"`
	Bucket                  string            `json:"bucket"`
	Generation              int64             `json:"generation,string"`
	Metageneration          int64             `json:"metageneration,string"`
	ContentType             string            `json:"contentType,omitempty"`
	ContentEncoding         string            `json:"contentEncoding,omitempty"`
	ContentDisposition      string            `json:"contentDisposition,omitempty"`
	ContentLanguage         string            `json:"contentLanguage,omitempty"`
	CacheControl            string            `json:"cacheControl,omitempty"`
	StorageClass            string            `json:"storageClass"`
	Size                    int               `json:"size,string"`
	MD5Hash                 string            `json:"md5Hash,omitempty"`
	CRC32C                  string            `json:"crc32c"`
	ETag                    string            `json:"etag"`
	ComponentCount          int64             `json:"componentCount,omitempty"`
	Metadata                map[string]string `json:"metadata,omitempty"`
	Contexts                *contextsResource `json:"contexts,omitempty"`
	TemporaryHold           bool              `json:"temporaryHold,omitempty"`
	EventBasedHold          bool              `json:"eventBasedHold,omitempty"`
	CustomTime              *time.Time        `json:"customTime,omitempty"`
	TimeCreated             time.Time         `json:"timeCreated"`
	Updated                 time.Time         `json:"updated"`
	TimeStorageClassUpdated time.Time         `json:"timeStorageClassUpdated"`
	TimeFinalized           time.Time         `json:"timeFinalized"`
	TimeDeleted             *time.Time        `json:"timeDeleted,omitempty"`
}

// resource describes o; base is the scheme and host that links begin with.
func (o *object) resource(base string) *objectResource {
	path := "/storage/v1/b/" + o.bucket + "/o/" + url.PathEscape(o.name)
	generation := strconv.FormatInt(o.generation, 10)
	return &objectResource{
		Kind:     "storage#object",
		ID:       o.bucket + "/" + o.name + "/" + generation,
		SelfLink: base + path,
		MediaLink: base + "/download" + path + "?generation=" + generation +
			"&alt=media",
		Name:                    o.name,
		Bucket:                  o.bucket,
		Generation:              o.generation,
		Metageneration:          o.metageneration,
		ContentType:             o.contentType,
		ContentEncoding:         o.contentEncoding,
		ContentDisposition:      o.contentDisposition,
		ContentLanguage:         o.contentLanguage,
		CacheControl:            o.cacheControl,
		StorageClass:            o.storageClass,
		Size:                    len(o.data),
		MD5Hash:                 o.base64MD5(),
		CRC32C:                  o.base64CRC32C(),
		ETag:                    o.etag(),
		ComponentCount:          o.components,
		Metadata:                o.metadata,
		Contexts:                o.contexts.resource(),
		TemporaryHold:           o.temporaryHold,
		EventBasedHold:          o.eventBasedHold,
		CustomTime:              timeOrNil(o.customTime),
		TimeCreated:             o.created,
		Updated:                 o.updated,
		TimeStorageClassUpdated: o.classUpdated,
		TimeFinalized:           o.created,
		TimeDeleted:             timeOrNil(o.deleted),
	}
}

func timeOrNil(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

// writeJSON answers 200 with v, less what the fields parameter does not ask for.
func writeJSON(w http.ResponseWriter, q *request, v any) error {
	b, err := json.Marshal(v)
	if err != nil {
		return err
	}
	if q.fields != nil {
		if b, err = selectFields(b, q.fields); err != nil {
			return err
		}
	}
	w.Header().Set("Content-Type", "application/json; charset=UTF-8")
	w.Header().Set("Cache-Control", "no-cache, no-store, max-age=0, must-revalidate")
	w.Write(b) // fails only where nobody listens
	return nil
}

// writeObject answers with the resource of o.
func writeObject(w http.ResponseWriter, q *request, o *object) error {
	w.Header().Set("ETag", o.etag())
	return writeJSON(w, q, o.resource(q.base()))
}
