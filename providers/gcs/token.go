package gcs

import (
	"encoding/base64"
	"strings"
)

// Page tokens are two texts of the service or of ours, each in base64url, with a dot between.

func joinToken(a, b string) string {
	return base64.RawURLEncoding.EncodeToString([]byte(a)) + "." + base64.RawURLEncoding.EncodeToString([]byte(b))
}

func splitToken(token string) (a, b string, err error) {
	first, second, ok := strings.Cut(token, ".")
	x, xErr := base64.RawURLEncoding.DecodeString(first)
	y, yErr := base64.RawURLEncoding.DecodeString(second)
	if !ok || xErr != nil || yErr != nil {
		return "", "", invalid("not a page token of this bucket")
	}
	return string(x), string(y), nil
}
