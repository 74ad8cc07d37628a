package s3

import (
	"encoding/base64"
	"strings"
)

// Page tokens are texts of the service or of ours, each in base64url, with dots between.

func joinToken(parts ...string) string {
	encoded := make([]string, len(parts))
	for i, p := range parts {
		encoded[i] = base64.RawURLEncoding.EncodeToString([]byte(p))
	}
	return strings.Join(encoded, ".")
}

// splitToken gives the n parts of a token; all are empty where the token is.
func splitToken(token string, n int) ([]string, error) {
	parts := make([]string, n)
	if token == "" {
		return parts, nil
	}
	encoded := strings.Split(token, ".")
	if len(encoded) != n {
		return nil, invalid("not a page token of this list")
	}
	for i, e := range encoded {
		b, err := base64.RawURLEncoding.DecodeString(e)
		if err != nil {
			return nil, invalid("not a page token of this list")
		}
		parts[i] = string(b)
	}
	return parts, nil
}
