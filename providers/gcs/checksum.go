package gcs

import (
	"context"
	"net/http"
	"strings"

	"github.com/polystore/storage"
	"github.com/polystore/storage/driver"
	"github.com/polystore/storage/driver/httpdriver"
)

// seal reads the body once before it is sent: it returns the CRC32C, which goes with it so that the
// service checks it before the object is made, and holds what the caller expects against the body:
// ErrIntegrity. The sums in known are those of body, and not made again.
func (s *Store) seal(
	ctx context.Context, body *driver.Payload, want, known *storage.Checksums,
) (crc32c []byte, err error) {
	have, err := s.hasher.SumUnknown(ctx, body, driver.Given(want)|driver.CRC32C, known)
	if err != nil {
		return nil, err
	}
	return have.CRC32C, driver.Verify(&have, want)
}

// hashHeader carries sums, in requests and answers: "crc32c=…,md5=…", in one line or several.
const hashHeader = "X-Goog-Hash"

func headerSums(h http.Header) (c storage.Checksums) {
	for _, line := range h.Values(hashHeader) {
		for sum := range strings.SplitSeq(line, ",") {
			name, v, _ := strings.Cut(strings.TrimSpace(sum), "=")
			switch name {
			case "crc32c":
				c.CRC32C = httpdriver.DecodeSum(v, 4)
			case "md5":
				c.MD5 = httpdriver.DecodeSum(v, 16)
			}
		}
	}
	return c
}
