package gocdk

import (
	"encoding/base64"
	"strings"
)

// joinToken makes one page token of two strings of any bytes; splitToken undoes it.
func joinToken(first, second string) string {
	code := base64.RawURLEncoding
	return code.EncodeToString([]byte(first)) + "." + code.EncodeToString([]byte(second))
}

func splitToken(token string) (first, second string, ok bool) {
	one, two, ok := strings.Cut(token, ".")
	if !ok {
		return "", "", false
	}
	a, err := base64.RawURLEncoding.DecodeString(one)
	if err != nil {
		return "", "", false
	}
	b, err := base64.RawURLEncoding.DecodeString(two)
	if err != nil {
		return "", "", false
	}
	return string(a), string(b), true
}
