package storage

import (
	"encoding/base64"
	"maps"
	"mime"
	"strings"
	"unicode"
	"unicode/utf8"
)

// encodedPrefix marks a metadata value in the encoding of EncodeMetadataValue.
const encodedPrefix = "utf8b64:"

// EncodeMetadataValue gives v in a form that survives an HTTP header: v itself where it does, else
// "utf8b64:" and the unpadded base64url of v. It is for drivers whose wire carries metadata in
// headers, and is undone by [DecodeMetadataValue].
//
// Percent-encoding would triple text, and RFC 2047 is decoded and encoded again by S3 itself, which
// loses outer spaces.
func EncodeMetadataValue(v string) string {
	if headerSafe(v) && v != "" && !strings.HasPrefix(v, encodedPrefix) &&
		!strings.HasPrefix(v, "=?") && !strings.Contains(v, "  ") {
		return v
	}
	return encodedPrefix + base64.RawURLEncoding.EncodeToString([]byte(v))
}

// DecodeMetadataValue undoes [EncodeMetadataValue]. It also decodes the RFC 2047 words in which S3
// returns the text outside ASCII that other programs wrote. What is in neither form is returned as
// it is.
func DecodeMetadataValue(v string) string {
	if rest, ok := strings.CutPrefix(v, encodedPrefix); ok {
		if b, err := base64.RawURLEncoding.DecodeString(rest); err == nil && utf8.Valid(b) {
			return string(b)
		}
		return v
	}
	if strings.HasPrefix(v, "=?") {
		var d mime.WordDecoder
		if s, err := d.DecodeHeader(v); err == nil {
			return s
		}
	}
	return v
}

// headerSafe reports whether an HTTP header carries v unchanged: printable ASCII without outer
// spaces.
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
		if !utf8.ValidString(v) || strings.ContainsFunc(v, unicode.IsControl) {
			return nil, invalid("metadata value of %q has invalid UTF-8 or a control character",
				name)
		}
		c[lower] = v
	}
	return c, nil
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

// checkTags refuses tags that are not text, and returns a copy.
func checkTags(tags map[string]string) (map[string]string, error) {
	for k, v := range tags {
		if k == "" || !utf8.ValidString(k+v) || strings.ContainsFunc(k+v, unicode.IsControl) {
			return nil, invalid(
				"tag %q=%q has an empty name, invalid UTF-8 or a control character", k, v)
		}
	}
	return maps.Clone(tags), nil
}
