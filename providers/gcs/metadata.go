package gcs

import (
	"net/http"
	"strings"

	"github.com/polystore/storage/driver"
)

// metadataPrefix begins the names of metadata in headers, in the form of net/http.
const metadataPrefix = "X-Goog-Meta-"

// encodeMetadata gives the entries in the form of the wire, ErrInvalid where the service takes no
// more. The JSON API would take any text, but the reads are the XML API's, whose headers do not.
func encodeMetadata(m map[string]string) (map[string]string, error) {
	return driver.EncodeMetadata(m, 0, maxMetadata)
}

// headerMetadata reads the metadata of an answer's headers.
func headerMetadata(h http.Header) map[string]string {
	var coded map[string]string
	for name, v := range h {
		if rest, ok := strings.CutPrefix(name, metadataPrefix); ok && len(v) > 0 {
			if coded == nil {
				coded = make(map[string]string)
			}
			coded[rest] = v[0]
		}
	}
	return driver.DecodeMetadata(coded)
}
