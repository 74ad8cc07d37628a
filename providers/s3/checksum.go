package s3

import (
	"context"
	"encoding/hex"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/smithy-go/middleware"

	"github.com/polystore/storage"
	"github.com/polystore/storage/driver"
	"github.com/polystore/storage/driver/httpdriver"
)

// headerSums are those that have an x-amz-checksum header, the ones first that cost least.
var headerSums = [...]driver.Sums{
	driver.CRC32C, driver.CRC64NVME, driver.CRC32, driver.SHA256, driver.SHA1,
}

// seal computes, in one pass over body at most, what its request has to carry: sent are the sums
// for the wire, at most one of the x-amz-checksum ones and MD5 for Content-MD5. The sums in want
// that do not fit on the wire are held against body here: ErrIntegrity. Over plain HTTP, sign hands
// the SDK the payload's SHA-256, which it would make a pass of its own for.
func (s *Store) seal(
	ctx context.Context, body *driver.Payload, want *storage.Checksums,
) (sent storage.Checksums, sign func(*s3.Options), err error) {
	given := driver.Given(want)
	wire := given & driver.MD5
	if s.profile.contentMD5 {
		wire = driver.MD5
	} else {
		header := driver.CRC32C // where the caller gave none: it is free and every reader has it
		for _, sum := range slices.Backward(headerSums[:]) {
			if given.Has(sum) {
				header = sum
			}
		}
		wire |= header
	}
	sent, sign = wire.Select(want), func(*s3.Options) {}
	which := given ^ wire
	if !s.tls {
		which |= driver.SHA256
	}
	if which == 0 {
		return sent, sign, nil
	}
	have, err := s.hasher.Sum(ctx, body, which)
	if err != nil {
		return sent, sign, err
	}
	kept := which.Select(want)
	if err := driver.Verify(&have, &kept); err != nil {
		return sent, sign, err
	}
	switch wire &^ given {
	case driver.CRC32C:
		sent.CRC32C = have.CRC32C
	case driver.MD5:
		sent.MD5 = have.MD5
	case driver.CRC32C | driver.MD5:
		sent.CRC32C, sent.MD5 = have.CRC32C, have.MD5
	}
	if !s.tls {
		sign = payloadHash(hex.EncodeToString(have.SHA256))
	}
	return sent, sign, nil
}

// payloadHash sets the payload's hash for the signature. It has to be done within the stack of
// middleware, which forgets such values of the context that it is given.
func payloadHash(sum string) func(*s3.Options) {
	set := middleware.FinalizeMiddlewareFunc("polystore:PayloadHash", func(
		ctx context.Context, in middleware.FinalizeInput, next middleware.FinalizeHandler,
	) (middleware.FinalizeOutput, middleware.Metadata, error) {
		return next.HandleFinalize(v4.SetPayloadHash(ctx, sum), in)
	})
	return func(o *s3.Options) {
		o.APIOptions = append(
			o.APIOptions,
			func(stack *middleware.Stack) error { return stack.Finalize.Add(set, middleware.Before) },
		)
	}
}

// encodeSum is a sum as headers carry it; nil for none.
func encodeSum(sum []byte) *string {
	if sum == nil {
		return nil
	}
	return aws.String(httpdriver.EncodeSum(sum))
}

// decodeSum reads a sum of the given size, nil where there is none, and nil where it is composite:
// "-N" is a sum of the sums of N parts, which says nothing to who has the bytes.
func decodeSum(s *string, size int) []byte {
	if s == nil || strings.Contains(*s, "-") {
		return nil
	}
	return httpdriver.DecodeSum(*s, size)
}

// answered reads the sums of an answer. S3 gives no MD5: the ETag is one only sometimes, and
// nothing says when.
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
