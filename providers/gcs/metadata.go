package gcs

import (
	"net/http"
	"strings"
	"unicode"

	"github.com/polystore/storage"
	"github.com/polystore/storage/driver"
)

// metadataPrefix begins the names of metadata in headers, in the form of net/http.
const metadataPrefix = "X-Goog-Meta-"

// encodeMetadata gives the entries in the form of the JSON API, ErrInvalid where the service takes
// no more. It takes any text. What the headers of the XML API's reads would alter is encoded all
// the same: blanks at the ends, say.
func encodeMetadata(m map[string]string) (map[string]string, error) {
	coded, err := driver.EncodeMetadata(m, 0, maxMetadata)
	for name, v := range m {
		if coded != nil && storage.EncodeMetadataValue(asASCII(v)) == asASCII(v) {
			coded[name] = v
		}
	}
	return coded, err
}

// asASCII is v with every other character in the place of one that is none.
func asASCII(v string) string {
	return strings.Map(func(r rune) rune {
		if r > unicode.MaxASCII {
			return 'x'
		}
		return r
	}, v)
}

// headerValue is an entry of encodeMetadata as a header carries it.
func headerValue(v string) string {
	if asASCII(v) == v {
		return v
	}
	return storage.EncodeMetadataValue(v)
}

// checkHeaders refuses header fields that would not come back: JSON carries text only, and reads
// have them in headers.
func checkHeaders(o *storage.PutOptions) error {
	if err := driver.CheckText(o); err != nil {
		return err
	}
	return driver.CheckHeaders(o)
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
