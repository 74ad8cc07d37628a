package driver

import (
	"strings"
	"unicode/utf8"

	"github.com/polystore/storage"
)

// EncodeMetadata returns the entries of an object's metadata in a form that headers carry, by
// [storage.EncodeMetadataValue]; nil for none. More than limit bytes of names and encoded values,
// where each entry counts overhead bytes more, are ErrInvalid. So are a name that no header has and
// a value that is not UTF-8.
func EncodeMetadata(m map[string]string, overhead, limit int) (map[string]string, error) {
	if len(m) == 0 {
		return nil, nil
	}
	coded, size := make(map[string]string, len(m)), 0
	for name, v := range m {
		if !token(name) {
			return nil, Invalidf("metadata name %q, which no header can have", name)
		}
		if !utf8.ValidString(v) { // which services keep as another text
			return nil, Invalidf("the value of metadata %q is not UTF-8", name)
		}
		v = storage.EncodeMetadataValue(v)
		coded[name] = v
		size += overhead + len(name) + len(v)
	}
	if size > limit {
		return nil, Invalidf("%d bytes of metadata, at most %d", size, limit)
	}
	return coded, nil
}

// DecodeMetadata undoes [EncodeMetadata]; nil for none. Names come out in lower case: other
// programs may have written them with capitals, and net/http does.
func DecodeMetadata(coded map[string]string) map[string]string {
	if len(coded) == 0 {
		return nil
	}
	m := make(map[string]string, len(coded))
	for name, v := range coded {
		m[strings.ToLower(name)] = storage.DecodeMetadataValue(v)
	}
	return m
}
