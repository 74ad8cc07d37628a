package gcsfake

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"strings"
)

// sums are the hashes that a client says its bytes have, in base64; empty ones are not said.
//
// hashes-etags; xml-api/reference-headers#xgooghash.
type sums struct{ crc32c, md5 string }

// headers adds Content-MD5 and x-goog-hash, which may come several times, and with several hashes
// each.
func (s *sums) headers(h http.Header) error {
	if v := h.Get("Content-MD5"); v != "" {
		s.md5 = v
	}
	for _, line := range h.Values("X-Goog-Hash") {
		for v := range strings.SplitSeq(line, ",") {
			name, sum, _ := strings.Cut(strings.TrimSpace(v), "=")
			switch name {
			case "crc32c":
				s.crc32c = sum
			case "md5":
				s.md5 = sum
			default:
				return errInvalid("Invalid value for x-goog-hash: %q", line)
			}
		}
	}
	return nil
}

// verify returns nil if o has the bytes that were meant.
func (s *sums) verify(o *object) error {
	if err := compareSum("CRC32C", "CrcMismatch", s.crc32c, o.base64CRC32C(), 4); err != nil {
		return err
	}
	if o.md5 == nil {
		return nil
	}
	return compareSum("MD5 hash", "BadDigest", s.md5, o.base64MD5(), 16)
}

func compareSum(name, code, said, calculated string, size int) error {
	if said == "" {
		return nil
	}
	if b, err := base64.StdEncoding.DecodeString(said); err != nil || len(b) != size {
		return &apiError{status: 400, reason: "invalid", code: "InvalidDigest",
			message: fmt.Sprintf("Invalid %s: %q", name, said)}
	}
	if said != calculated {
		return &apiError{status: 400, reason: "invalid", code: code,
			message: fmt.Sprintf("Provided %s %q doesn't match calculated %s %q.", name, said, name,
				calculated)}
	}
	return nil
}
