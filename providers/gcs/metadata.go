package gcs

import (
	"net/http"
	"strings"

	"github.com/polystore/storage"
)

// metadataPrefix begins the names of metadata in headers, in the form of net/http.
const metadataPrefix = "X-Goog-Meta-"

// encodeMetadata gives the entries in the form of the wire, ErrInvalid where the service takes no more. The JSON API would take any
// text, but the reads are the XML API's, whose headers do not.
func encodeMetadata(m map[string]string) (map[string]string, error) {
	if len(m) == 0 {
		return nil, nil
	}
	wire, size := make(map[string]string, len(m)), 0
	for name, v := range m {
		v = storage.EncodeMetadataValue(v)
		wire[name] = v
		size += len(name) + len(v)
	}
	if size > maxMetadata {
		return nil, invalid("%d bytes of metadata, at most %d", size, maxMetadata)
	}
	return wire, nil
}

// decodeMetadata undoes encodeMetadata; nil where there is none. Other programs may have written names with capitals.
func decodeMetadata(wire map[string]string) map[string]string {
	if len(wire) == 0 {
		return nil
	}
	m := make(map[string]string, len(wire))
	for name, v := range wire {
		m[strings.ToLower(name)] = storage.DecodeMetadataValue(v)
	}
	return m
}

// headerMetadata is decodeMetadata of an answer's headers.
func headerMetadata(h http.Header) map[string]string {
	var wire map[string]string
	for name, v := range h {
		if rest, ok := strings.CutPrefix(name, metadataPrefix); ok && len(v) > 0 {
			if wire == nil {
				wire = make(map[string]string)
			}
			wire[rest] = v[0]
		}
	}
	return decodeMetadata(wire)
}
