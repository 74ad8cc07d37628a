package s3

import (
	"context"
	"encoding/hex"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/polystore/storage"
	"github.com/polystore/storage/driver"
	"github.com/polystore/storage/driver/httpdriver"
)

// headerSums are those that have an x-amz-checksum header, the ones first that cost least.
var headerSums = [...]driver.Sums{
	driver.CRC32C, driver.CRC64NVME, driver.CRC32, driver.SHA256, driver.SHA1,
}

// seal computes, in one pass over body at most, what its request has to carry: sent are the sums
// for the wire, at most one of the x-amz-checksum ones, and MD5 for Content-MD5 or, where keepsMD5
// says so, for its x-amz-checksum. The sums in want that do not fit on the wire are held against
// body here: ErrIntegrity. payload is what stands for the body in the signature: its SHA-256, which
// is needed over plain HTTP to another machine alone. The sums in known are those of body, and not
// made again. Where the sum goes behind the body, there are none before, and body is not read.
func (s *Store) seal(
	ctx context.Context, body *driver.Payload, want, known *storage.Checksums,
) (sent storage.Checksums, payload string, err error) {
	if want.IsZero() && (known == nil || known.IsZero()) && s.trails(body.Size()) {
		return sent, trailedPayload, nil
	}
	given := driver.Given(want)
	wire, which := s.sums(want)
	payload = unsignedPayload
	if given != 0 {
		sent = wire.Select(want)
	}
	if which == 0 {
		return sent, payload, nil
	}
	have, err := s.hasher.SumUnknown(ctx, body, which, known)
	if err != nil {
		return sent, payload, err
	}
	if given != 0 {
		have, kept := have, which.Select(want) // which cost nothing where there are none
		if err := driver.Verify(&have, &kept); err != nil {
			return sent, payload, err
		}
	}
	switch wire &^ given {
	case driver.CRC32C:
		sent.CRC32C = have.CRC32C
	case driver.MD5:
		sent.MD5 = have.MD5
	case driver.CRC32C | driver.MD5:
		sent.CRC32C, sent.MD5 = have.CRC32C, have.MD5
	}
	if which.Has(driver.SHA256) && !s.unsigned() {
		payload = hex.EncodeToString(have.SHA256)
	}
	return sent, payload, nil
}

// sums returns which sums of a body go on the wire, and which have to be made of it, where want has
// those of the caller.
func (s *Store) sums(want *storage.Checksums) (wire, which driver.Sums) {
	given := driver.Given(want)
	wire = given & driver.MD5
	switch {
	case s.profile.contentMD5:
		wire = driver.MD5
	case s.keepsMD5(want): // as the one sum
	default:
		header := driver.CRC32C // where the caller gave none: it is free and every reader has it
		for _, sum := range slices.Backward(headerSums[:]) {
			if given.Has(sum) {
				header = sum
			}
		}
		wire |= header
	}
	which = given ^ wire
	if !s.unsigned() {
		which |= driver.SHA256
	}
	return wire, which
}

// unsigned reports whether nobody between here and the service could alter a body, so that the
// signature of the request leaves it out.
func (s *Store) unsigned() bool { return s.tls || s.loopback }

// keepsMD5 reports whether a caller's MD5 goes up as the sum that the service keeps. Directory
// buckets know CRCs and SHA alone.
func (s *Store) keepsMD5(want *storage.Checksums) bool {
	return s.profile.md5Sum && driver.Given(want) == driver.MD5 && !s.isDirectory()
}

// isDirectory reports whether the bucket is a directory bucket or an access point of one, by its
// name as S3 wants it.
func (s *Store) isDirectory() bool {
	return strings.HasSuffix(s.bucket, "--x-s3") || strings.HasSuffix(s.bucket, "--xa-s3")
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

// answered reads the sums of an answer. The ETag is an MD5 only sometimes, and nothing says when.
func answered(
	t types.ChecksumType, crc32, crc32c, crc64, md5, sha1, sha256 *string,
) storage.Checksums {
	if t == types.ChecksumTypeComposite {
		return storage.Checksums{}
	}
	return storage.Checksums{
		CRC32:     decodeSum(crc32, 4),
		CRC32C:    decodeSum(crc32c, 4),
		CRC64NVME: decodeSum(crc64, 8),
		MD5:       decodeSum(md5, 16),
		SHA1:      decodeSum(sha1, 20),
		SHA256:    decodeSum(sha256, 32),
	}
}
