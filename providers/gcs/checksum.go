package gcs

import (
	"context"
	"encoding/base64"
	"net/http"
	"strings"

	"github.com/polystore/storage"
	"github.com/polystore/storage/internal/wire"
)

// seal reads the body once before it is sent: it returns the CRC32C, which goes with it so that the service checks it before the object
// is made, and holds what the caller expects against the body: ErrIntegrity.
func (s *Store) seal(ctx context.Context, body *wire.Payload, want *storage.Checksums) (crc32c []byte, err error) {
	which := wire.Given(want)
	which[wire.CRC32C] = true
	have, err := s.hasher.Sums(ctx, body, which)
	if err != nil {
		return nil, err
	}
	return have.CRC32C, wire.CheckSums(&have, want)
}

func encodeSum(sum []byte) string { return base64.StdEncoding.EncodeToString(sum) }

// decodeSum reads a sum of the given size, nil where there is none.
func decodeSum(s string, size int) []byte {
	sum, err := base64.StdEncoding.DecodeString(s)
	if err != nil || len(sum) != size {
		return nil
	}
	return sum
}

// hashHeader carries sums, in requests and answers: "crc32c=…,md5=…", in one line or several.
const hashHeader = "X-Goog-Hash"

func headerSums(h http.Header) (c storage.Checksums) {
	for _, line := range h.Values(hashHeader) {
		for sum := range strings.SplitSeq(line, ",") {
			name, v, _ := strings.Cut(strings.TrimSpace(sum), "=")
			switch name {
			case "crc32c":
				c.CRC32C = decodeSum(v, 4)
			case "md5":
				c.MD5 = decodeSum(v, 16)
			}
		}
	}
	return c
}
