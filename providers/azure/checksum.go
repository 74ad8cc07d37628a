package azure

import (
	"context"
	"encoding/binary"

	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blob"

	"github.com/polystore/storage"
	"github.com/polystore/storage/driver"
	"github.com/polystore/storage/driver/httpdriver"
)

// partSums are the sums that every body is sent with.
const partSums = driver.CRC32C | driver.CRC64NVME

// seal computes, in one pass over body, its CRC32C and CRC64NVME and what want has beside them, and
// holds want against that: ErrIntegrity. CRC32C is kept for readers, CRC64NVME is what Azure calls
// CRC64 and checks. The sums in known are those of body, and not made again.
func (s *Store) seal(
	ctx context.Context, body *driver.Payload, want, known *storage.Checksums,
) (have storage.Checksums, err error) {
	which := driver.Given(want) | partSums
	if have, err = s.hasher.SumUnknown(ctx, body, which, known); err != nil {
		return have, err
	}
	return have, driver.Verify(&have, want)
}

// transactional is the sum that the service checks before it takes the body: it takes one.
func transactional(c storage.Checksums) blob.TransferValidationType {
	if c.MD5 != nil {
		return blob.TransferValidationTypeMD5(c.MD5)
	}
	return blob.TransferValidationTypeCRC64(binary.BigEndian.Uint64(c.CRC64NVME))
}

// wireCRC64 is a CRC64 as Azure writes it, the last byte first.
func wireCRC64(sum []byte) string {
	var wire [8]byte
	binary.LittleEndian.PutUint64(wire[:], binary.BigEndian.Uint64(sum))
	return httpdriver.EncodeSum(wire[:])
}

// crc64Of is a CRC64 as Azure writes it, the last byte first, as Checksums have it; nil for
// anything else.
func crc64Of(wire []byte) []byte {
	if len(wire) != 8 {
		return nil
	}
	return binary.BigEndian.AppendUint64(nil, binary.LittleEndian.Uint64(wire))
}
