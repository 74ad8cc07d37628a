package driver

import (
	"encoding/base64"
	"strings"
)

// EncodeToken makes a page token of texts, of which any may be empty and may hold any bytes. A
// token of one empty text is empty.
func EncodeToken(parts ...string) string {
	coded := make([]string, len(parts))
	for i, p := range parts {
		coded[i] = base64.RawURLEncoding.EncodeToString([]byte(p))
	}
	return strings.Join(coded, ".")
}

// DecodeToken returns the n texts from which [EncodeToken] made a token. For an empty token it
// returns n empty texts. A token of another list or driver is ErrInvalid if that can be detected.
func DecodeToken(token string, n int) ([]string, error) {
	parts := make([]string, n)
	if token == "" {
		return parts, nil
	}
	coded := strings.Split(token, ".")
	if len(coded) != n {
		return nil, badToken(token)
	}
	for i, c := range coded {
		b, err := base64.RawURLEncoding.Strict().DecodeString(c)
		if err != nil || strings.ContainsAny(c, "\r\n") { // which even a strict decoder skips
			return nil, badToken(token)
		}
		parts[i] = string(b)
	}
	return parts, nil
}

func badToken(token string) error { return Invalidf("%q is not a page token of this list", token) }
