package storage

import (
	"encoding/base64"
	"encoding/binary"
	"hash/crc32"
	"maps"
	"strings"
	"unicode"
	"unicode/utf8"
)

// encodedPrefix begins a metadata value that EncodeMetadataValue has encoded. Other programs can
// write it, too: the checksum behind the text tells whose it is.
const encodedPrefix = "utf8b64:"

// EncodeMetadataValue returns v in a form that survives an HTTP header: v itself if possible,
// otherwise "utf8b64:" followed by the unpadded base64url of v and of the four bytes of its CRC32C.
// It is for drivers that send metadata in headers. [DecodeMetadataValue] is its inverse.
//
// Percent-encoding would triple the size of text. S3 itself decodes and re-encodes RFC 2047, and
// loses leading and trailing spaces.
func EncodeMetadataValue(v string) string {
	if headerSafe(v) && v != "" && !strings.HasPrefix(v, encodedPrefix) &&
		!strings.HasPrefix(v, "=?") && !strings.Contains(v, "  ") {
		return v
	}
	sum := crc32.Checksum([]byte(v), crc32.MakeTable(crc32.Castagnoli))
	sealed := binary.BigEndian.AppendUint32([]byte(v), sum)
	return encodedPrefix + base64.RawURLEncoding.EncodeToString(sealed)
}

// DecodeMetadataValue is the inverse of [EncodeMetadataValue]. Values that other programs wrote,
// also such as only look encoded, are returned unchanged.
func DecodeMetadataValue(v string) string {
	rest, ok := strings.CutPrefix(v, encodedPrefix)
	if !ok {
		return v
	}
	sealed, err := base64.RawURLEncoding.DecodeString(rest)
	if err != nil || len(sealed) < 4 {
		return v
	}
	if text := string(sealed[:len(sealed)-4]); utf8.ValidString(text) &&
		EncodeMetadataValue(text) == v {
		return text
	}
	return v
}

// headerSafe reports whether an HTTP header carries v unchanged: v is printable ASCII without
// leading or trailing spaces.
func headerSafe(v string) bool {
	for i := range len(v) {
		if v[i] < ' ' || v[i] > '~' {
			return false
		}
	}
	return strings.TrimSpace(v) == v
}

// checkMetadata returns a copy of m with the names in lower case.
func checkMetadata(m map[string]string) (map[string]string, error) {
	if len(m) == 0 {
		return nil, nil
	}
	c := make(map[string]string, len(m)+1)
	for name, v := range m {
		lower := strings.ToLower(name)
		if !validMetadataName(lower) {
			return nil, invalid("metadata name %q does not match [a-z0-9][a-z0-9._-]*", name)
		}
		if lower == writeIDName {
			return nil, invalid("metadata name %q is reserved", name)
		}
		if _, twice := c[lower]; twice {
			return nil, invalid("metadata name %q occurs twice", lower)
		}
		if err := checkMetadataValue(name, v); err != nil {
			return nil, err
		}
		c[lower] = v
	}
	return c, nil
}

func checkMetadataValue(name, v string) error {
	if !utf8.ValidString(v) || strings.ContainsFunc(v, unicode.IsControl) {
		return invalid("metadata value of %q has invalid UTF-8 or a control character", name)
	}
	return nil
}

func validMetadataName(name string) bool {
	for i := range len(name) {
		switch c := name[i]; {
		case 'a' <= c && c <= 'z', '0' <= c && c <= '9':
		case i > 0 && (c == '.' || c == '_' || c == '-'):
		default:
			return false
		}
	}
	return name != ""
}

// checkTags returns a copy of tags, or an error for a tag that is not text.
func checkTags(tags map[string]string) (map[string]string, error) {
	for k, v := range tags {
		if k == "" || !utf8.ValidString(k+v) || strings.ContainsFunc(k+v, unicode.IsControl) {
			return nil, invalid(
				"tag %q=%q has an empty name, invalid UTF-8 or a control character", k, v)
		}
	}
	return maps.Clone(tags), nil
}
