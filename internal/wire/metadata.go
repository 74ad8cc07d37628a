package wire

import (
	"fmt"
	"strings"

	"github.com/polystore/storage"
)

// EncodeMetadata gives the entries in the form of headers, nil for none, and ErrInvalid for more than limit bytes of names and
// values, where each entry counts overhead bytes more.
func EncodeMetadata(m map[string]string, overhead, limit int) (map[string]string, error) {
	if len(m) == 0 {
		return nil, nil
	}
	coded, size := make(map[string]string, len(m)), 0
	for name, v := range m {
		v = storage.EncodeMetadataValue(v)
		coded[name] = v
		size += overhead + len(name) + len(v)
	}
	if size > limit {
		return nil, &storage.Error{Kind: storage.ErrInvalid, Err: fmt.Errorf("%d bytes of metadata, at most %d", size, limit)}
	}
	return coded, nil
}

// DecodeMetadata undoes EncodeMetadata; nil where there is none. Other programs may have written names with capitals, and
// net/http writes them so.
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
