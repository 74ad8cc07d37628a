package s3

import (
	"bytes"
	"context"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"hash"
	"hash/crc32"
	"io"
	"strings"

	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/smithy-go/middleware"
	"github.com/minio/crc64nvme"

	"github.com/polystore/storage"
)

// algorithm is a checksum that S3 knows, and where it stands in Checksums.
type algorithm struct {
	name string
	new  func() hash.Hash
	of   func(*storage.Checksums) *[]byte
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// algorithms, the ones with an x-amz-checksum header first, in order of preference; a request takes one of these. CRC32C is
// what is computed where the caller gave none: it is free beside the transfer, parts of it can be combined, and every reader has it.
// CRC64NVME is not the standard library's, which is twenty times slower.
var algorithms = [...]algorithm{
	{"CRC32C", func() hash.Hash { return crc32.New(castagnoli) }, func(c *storage.Checksums) *[]byte { return &c.CRC32C }},
	{"CRC64NVME", func() hash.Hash { return crc64nvme.New() }, func(c *storage.Checksums) *[]byte { return &c.CRC64NVME }},
	{"CRC32", func() hash.Hash { return crc32.NewIEEE() }, func(c *storage.Checksums) *[]byte { return &c.CRC32 }},
	{"SHA256", sha256.New, func(c *storage.Checksums) *[]byte { return &c.SHA256 }},
	{"SHA1", sha1.New, func(c *storage.Checksums) *[]byte { return &c.SHA1 }},
	{"MD5", md5.New, func(c *storage.Checksums) *[]byte { return &c.MD5 }},
}

const (
	indexCRC32C = 0
	indexSHA256 = 3
	indexMD5    = 5
)

// seal computes, in one pass over body at most, what its request has to carry: sent are the sums for the wire, at most one
// of the x-amz-checksum ones and MD5 for Content-MD5. The sums in want that do not fit on the wire are held against body here:
// ErrIntegrity. Over plain HTTP, sign hands the SDK the payload's SHA-256, which it would make a pass of its own for.
func (s *Store) seal(ctx context.Context, body *payload, want storage.Checksums) (sent storage.Checksums, sign func(*s3.Options), err error) {
	wire := -1 // which x-amz-checksum
	if !s.profile.contentMD5 {
		wire = indexCRC32C
		for i := range algorithms[:indexMD5] {
			if *algorithms[i].of(&want) != nil {
				wire = i
				break
			}
		}
	}
	sign = func(*s3.Options) {}
	var hashes [len(algorithms)]hash.Hash
	var all []io.Writer
	for i, a := range algorithms {
		given := *a.of(&want)
		carried := i == wire || i == indexMD5 && (given != nil || s.profile.contentMD5)
		if carried {
			*a.of(&sent) = given
		}
		if carried && given == nil || !carried && given != nil || i == indexSHA256 && !s.tls {
			hashes[i] = a.new()
			all = append(all, hashes[i])
		}
	}
	if len(all) == 0 {
		return sent, sign, nil
	}
	buf := s.buffers.Get().(*[]byte)
	err = body.copyTo(ctx, io.MultiWriter(all...), *buf)
	s.buffers.Put(buf)
	if err != nil {
		return sent, sign, err
	}
	for i, a := range algorithms {
		if hashes[i] == nil {
			continue
		}
		sum := hashes[i].Sum(nil)
		if given := *a.of(&want); given != nil && !bytes.Equal(given, sum) {
			return sent, sign, integrity(a.name, sum, given)
		}
		if i == wire || i == indexMD5 && s.profile.contentMD5 {
			*a.of(&sent) = sum
		}
		if i == indexSHA256 && !s.tls {
			sign = payloadHash(hex.EncodeToString(sum))
		}
	}
	return sent, sign, nil
}

// payloadHash sets the payload's hash for the signature. It has to be done within the stack of middleware, which forgets such
// values of the context that it is given.
func payloadHash(sum string) func(*s3.Options) {
	set := middleware.FinalizeMiddlewareFunc("polystore:PayloadHash", func(ctx context.Context, in middleware.FinalizeInput, next middleware.FinalizeHandler) (middleware.FinalizeOutput, middleware.Metadata, error) {
		return next.HandleFinalize(v4.SetPayloadHash(ctx, sum), in)
	})
	return func(o *s3.Options) {
		o.APIOptions = append(o.APIOptions, func(stack *middleware.Stack) error { return stack.Finalize.Add(set, middleware.Before) })
	}
}

func integrity(name string, got, want []byte) *storage.Error {
	return &storage.Error{Kind: storage.ErrIntegrity, Err: fmt.Errorf("%s is %x, want %x", name, got, want)}
}

// encodeSum is a sum as headers carry it; nil for none.
func encodeSum(sum []byte) *string {
	if sum == nil {
		return nil
	}
	s := base64.StdEncoding.EncodeToString(sum)
	return &s
}

// decodeSum reads a sum of the given size, nil where there is none, and nil where it is composite: "-N" is a sum of the sums of
// N parts, which says nothing to who has the bytes.
func decodeSum(s *string, size int) []byte {
	if s == nil || strings.Contains(*s, "-") {
		return nil
	}
	sum, err := base64.StdEncoding.DecodeString(*s)
	if err != nil || len(sum) != size {
		return nil
	}
	return sum
}

// answered reads the sums of an answer. S3 gives no MD5: the ETag is one only sometimes, and nothing says when.
func answered(t types.ChecksumType, crc32, crc32c, crc64, sha1, sha256 *string) storage.Checksums {
	if t == types.ChecksumTypeComposite {
		return storage.Checksums{}
	}
	return storage.Checksums{
		CRC32:     decodeSum(crc32, 4),
		CRC32C:    decodeSum(crc32c, 4),
		CRC64NVME: decodeSum(crc64, 8),
		SHA1:      decodeSum(sha1, 20),
		SHA256:    decodeSum(sha256, 32),
	}
}
