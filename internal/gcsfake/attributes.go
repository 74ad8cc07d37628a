package gcsfake

import (
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"
)

// attributes are what the writer of an object says about it. The metadata of a committed object is
// not changed.
//
// metadata; json_api/v1/objects.
type attributes struct {
	contentType        string // served as application/octet-stream where empty
	contentEncoding    string
	contentDisposition string
	contentLanguage    string
	cacheControl       string
	storageClass       string // empty: the bucket's
	metadata           map[string]string
	contexts           contexts
	customTime         time.Time
	temporaryHold      bool
	eventBasedHold     bool
}

// objectFields are those of an object resource that a client may write; the first three it says of
// the bytes that it sends.
const objectFields = "name crc32c md5Hash contentType contentEncoding contentDisposition " +
	"contentLanguage cacheControl storageClass" +
	" metadata contexts customTime temporaryHold eventBasedHold"

// apply changes a by the writable fields of a JSON object resource: null and "" unset a field,
// metadata and contexts are merged entry by entry.
func (a *attributes) apply(resource map[string]json.RawMessage) error {
	if err := checkFields(resource, objectFields); err != nil {
		return err
	}
	a.metadata = maps.Clone(a.metadata)
	for name, p := range map[string]any{
		"contentType":        &a.contentType,
		"contentEncoding":    &a.contentEncoding,
		"contentDisposition": &a.contentDisposition,
		"contentLanguage":    &a.contentLanguage,
		"cacheControl":       &a.cacheControl,
		"storageClass":       &a.storageClass,
		"temporaryHold":      &a.temporaryHold,
		"eventBasedHold":     &a.eventBasedHold,
	} {
		v, ok := resource[name]
		if !ok {
			continue
		}
		if string(v) == "null" {
			v = []byte(`""`)
			if b, isBool := p.(*bool); isBool {
				*b = false
				continue
			}
		}
		if err := json.Unmarshal(v, p); err != nil {
			return errInvalid("Invalid value for %s: %s", name, v)
		}
	}
	if err := a.applyCustomTime(resource["customTime"]); err != nil {
		return err
	}
	if err := a.applyMetadata(resource["metadata"]); err != nil {
		return err
	}
	var err error
	if a.contexts, err = a.contexts.apply(resource["contexts"]); err != nil {
		return err
	}
	return a.validate()
}

// textField reads a field of a resource, if it is there.
func textField(resource map[string]json.RawMessage, name string, p *string) error {
	v, ok := resource[name]
	if !ok {
		return nil
	}
	if err := json.Unmarshal(v, p); err != nil {
		return errInvalid("Invalid value for %s: %s", name, v)
	}
	return nil
}

// applyCustomTime sets the time, which, once there, can neither be removed nor be set back
// (metadata#custom-time).
func (a *attributes) applyCustomTime(v json.RawMessage) error {
	if v == nil || string(v) == "null" && a.customTime.IsZero() {
		return nil
	}
	var t time.Time
	if err := json.Unmarshal(v, &t); err != nil || t.Before(a.customTime) {
		return errInvalid("Invalid value for customTime: %s", v)
	}
	a.customTime = t
	return nil
}

func (a *attributes) applyMetadata(v json.RawMessage) error {
	if v == nil {
		return nil
	}
	var entries map[string]*string
	if err := json.Unmarshal(v, &entries); err != nil {
		return errInvalid("Invalid value for metadata: %s", v)
	}
	if entries == nil || a.metadata == nil {
		a.metadata = map[string]string{}
	}
	for k, e := range entries {
		if e == nil {
			delete(a.metadata, k)
			continue
		}
		a.metadata[k] = *e
	}
	return nil
}

// metaPrefix begins the headers of the XML API that carry custom metadata, as net/http writes it.
const metaPrefix = "X-Goog-Meta-"

// headerAttributes are those of an object that the XML API writes (xml-api/put-object-upload).
func headerAttributes(h http.Header) (attributes, error) {
	a := attributes{
		contentType:        h.Get("Content-Type"),
		contentEncoding:    h.Get("Content-Encoding"),
		contentDisposition: h.Get("Content-Disposition"),
		contentLanguage:    h.Get("Content-Language"),
		cacheControl:       h.Get("Cache-Control"),
		storageClass:       h.Get("X-Goog-Storage-Class"),
	}
	if v := h.Get("X-Goog-Custom-Time"); v != "" {
		t, err := time.Parse(time.RFC3339, v)
		if err != nil {
			return a, errInvalid("Invalid value for x-goog-custom-time: %q", v)
		}
		a.customTime = t
	}
	for name, values := range h {
		if key, ok := strings.CutPrefix(name, metaPrefix); ok {
			if a.metadata == nil {
				a.metadata = map[string]string{}
			}
			a.metadata[strings.ToLower(key)] = strings.Join(values, ",")
		}
	}
	return a, a.validate()
}

var storageClasses = []string{
	"", "STANDARD", "NEARLINE", "COLDLINE", "ARCHIVE", "MULTI_REGIONAL", "REGIONAL",
	"DURABLE_REDUCED_AVAILABILITY",
}

// maxMetadata bounds the bytes of all keys and values of custom metadata together (quotas#objects).
const maxMetadata = 8 << 10

func (a *attributes) validate() error {
	if !slices.Contains(storageClasses, a.storageClass) {
		return &apiError{status: 400, reason: "invalid", code: "InvalidStorageClass",
			message: "The storage class you specified is not valid: " + a.storageClass}
	}
	size := 0
	for k, v := range a.metadata {
		size += len(k) + len(v)
	}
	if size > maxMetadata {
		return &apiError{status: 400, reason: "invalid", code: "MetadataTooLarge",
			message: "Your metadata headers exceed the maximum allowed metadata size."}
	}
	return a.contexts.validate()
}
