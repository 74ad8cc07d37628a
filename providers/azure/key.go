package azure

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf16"

	"github.com/polystore/storage"
)

const (
	maxKeyUnits = 1024 // UTF-16 code units
	maxSegments = 254
)

// checkKey refuses the keys that the service or what is in front of it would take for another:
// Azure makes a slash of a backslash, drops dots and slashes at the end, and resolves "." and "..".
// https://learn.microsoft.com/rest/api/storageservices/naming-and-referencing-containers--blobs--and-metadata#blob-names
func checkKey(key string) error {
	reason := ""
	segments := strings.Split(key, "/")
	switch {
	case len(key) > maxKeyUnits && len(utf16.Encode([]rune(key))) > maxKeyUnits:
		reason = "longer than 1024 UTF-16 code units"
	case len(segments) > maxSegments:
		reason = "more than 254 segments"
	case strings.HasSuffix(key, "/"):
		reason = "slash at the end"
	case strings.ContainsFunc(key, unfit):
		reason = "backslash, control character or noncharacter"
	}
	for _, s := range segments {
		if strings.HasSuffix(s, ".") {
			reason = "segment that ends in a dot"
		}
	}
	if reason == "" {
		return nil
	}
	return &storage.Error{
		Key: key, Kind: storage.ErrInvalidKey, Err: fmt.Errorf("%s on Azure", reason),
	}
}

// unfit reports what cannot be in a URL's path of the service or in the XML of its lists.
func unfit(r rune) bool {
	return r == '\\' || unicode.IsControl(r) || r == 0xFFFE || r == 0xFFFF
}

// CheckKey refuses the keys that a write would.
func (s *Store) CheckKey(key string) error { return checkKey(key) }
