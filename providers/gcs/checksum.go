package gcs

import (
	"bytes"
	"context"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"hash"
	"hash/crc32"
	"io"
	"net/http"
	"strings"

	"github.com/minio/crc64nvme"

	"github.com/polystore/storage"
)

// algorithm is a checksum that a caller can give, and where it stands in Checksums.
type algorithm struct {
	name string
	new  func() hash.Hash
	of   func(*storage.Checksums) *[]byte
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

var algorithms = [...]algorithm{
	{"CRC32C", func() hash.Hash { return crc32.New(castagnoli) }, func(c *storage.Checksums) *[]byte { return &c.CRC32C }},
	{"CRC32", func() hash.Hash { return crc32.NewIEEE() }, func(c *storage.Checksums) *[]byte { return &c.CRC32 }},
	{"CRC64NVME", func() hash.Hash { return crc64nvme.New() }, func(c *storage.Checksums) *[]byte { return &c.CRC64NVME }},
	{"MD5", md5.New, func(c *storage.Checksums) *[]byte { return &c.MD5 }},
	{"SHA1", sha1.New, func(c *storage.Checksums) *[]byte { return &c.SHA1 }},
	{"SHA256", sha256.New, func(c *storage.Checksums) *[]byte { return &c.SHA256 }},
}

const indexCRC32C = 0

// seal reads the body once before it is sent: it returns the CRC32C, which goes with it so that the service checks it before the object
// is made, and holds what the caller expects against the body: ErrIntegrity.
func (s *Store) seal(ctx context.Context, body *payload, want *storage.Checksums) (crc32c []byte, err error) {
	var hashes [len(algorithms)]hash.Hash
	all := make([]io.Writer, 0, 2)
	for i, a := range algorithms {
		if i == indexCRC32C || *a.of(want) != nil {
			hashes[i] = a.new()
			all = append(all, hashes[i])
		}
	}
	w := all[0]
	if len(all) > 1 {
		w = io.MultiWriter(all...)
	}
	buf := s.buffers.Get().(*[]byte)
	err = body.copyTo(ctx, w, *buf)
	s.buffers.Put(buf)
	if err != nil {
		return nil, err
	}
	for i, a := range algorithms {
		given := *a.of(want)
		if given == nil {
			continue
		}
		if sum := hashes[i].Sum(nil); !bytes.Equal(sum, given) {
			return nil, integrity(a.name, sum, given)
		}
	}
	return hashes[indexCRC32C].Sum(nil), nil
}

// checkCombined holds want against what the sums of the parts combine to. What does not combine cannot be known.
func checkCombined(have, want *storage.Checksums) error {
	for _, a := range algorithms {
		have, want := *a.of(have), *a.of(want)
		switch {
		case want == nil || bytes.Equal(have, want):
		case have == nil:
			return unsupported("%s of the whole of an upload", a.name)
		default:
			return integrity(a.name, have, want)
		}
	}
	return nil
}

func integrity(name string, got, want []byte) *storage.Error {
	return &storage.Error{Kind: storage.ErrIntegrity, Err: fmt.Errorf("%s is %x, want %x", name, got, want)}
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
