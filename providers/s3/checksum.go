package s3

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"strings"

	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/smithy-go/middleware"

	"github.com/polystore/storage"
	"github.com/polystore/storage/internal/wire"
)

// seal computes, in one pass over body at most, what its request has to carry: sent are the sums for the wire, at most one
// of the x-amz-checksum ones and MD5 for Content-MD5. The sums in want that do not fit on the wire are held against body here:
// ErrIntegrity. Over plain HTTP, sign hands the SDK the payload's SHA-256, which it would make a pass of its own for.
func (s *Store) seal(ctx context.Context, body *wire.Payload, want storage.Checksums) (sent storage.Checksums, sign func(*s3.Options), err error) {
	header := -1 // which x-amz-checksum: CRC32C where the caller gave none, it is free and every reader has it
	if !s.profile.contentMD5 {
		header = wire.CRC32C
		for i := range wire.Algorithms[:wire.MD5] { // in this order; MD5 has no such header
			if *wire.Algorithms[i].Of(&want) != nil {
				header = i
				break
			}
		}
	}
	sign = func(*s3.Options) {}
	var which wire.Set
	for i, a := range wire.Algorithms {
		given := *a.Of(&want)
		carried := i == header || i == wire.MD5 && (given != nil || s.profile.contentMD5)
		if carried {
			*a.Of(&sent) = given
		}
		which[i] = carried && given == nil || !carried && given != nil || i == wire.SHA256 && !s.tls
	}
	if which == (wire.Set{}) {
		return sent, sign, nil
	}
	have, err := s.hasher.Sums(ctx, body, which)
	if err != nil {
		return sent, sign, err
	}
	for i, a := range wire.Algorithms {
		if !which[i] {
			continue
		}
		sum := *a.Of(&have)
		if given := *a.Of(&want); given != nil && !bytes.Equal(given, sum) {
			return sent, sign, wire.Mismatch(a.Name, sum, given)
		}
		if i == header || i == wire.MD5 && s.profile.contentMD5 {
			*a.Of(&sent) = sum
		}
	}
	if which[wire.SHA256] && !s.tls {
		sign = payloadHash(hex.EncodeToString(have.SHA256))
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
