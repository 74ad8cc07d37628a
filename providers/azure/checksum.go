package azure

import (
	"context"
	"encoding/binary"

	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blob"

	"github.com/polystore/storage"
	"github.com/polystore/storage/driver"
)

// seal computes, in one pass over body, its CRC32C and CRC64NVME and what want has beside them, and
// holds want against that: ErrIntegrity. CRC32C is kept for readers, CRC64NVME is what Azure calls
// CRC64 and checks.
func (s *Store) seal(
	ctx context.Context, body *driver.Payload, want *storage.Checksums,
) (have storage.Checksums, err error) {
	which := driver.Given(want) | driver.CRC32C | driver.CRC64NVME
	if have, err = s.hasher.Sum(ctx, body, which); err != nil {
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

// crc64Of is a CRC64 as Azure writes it, the last byte first, as Checksums have it; nil for
// anything else.
func crc64Of(wire []byte) []byte {
	if len(wire) != 8 {
		return nil
	}
	return binary.BigEndian.AppendUint64(nil, binary.LittleEndian.Uint64(wire))
}
