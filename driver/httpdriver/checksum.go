package httpdriver

import (
	"encoding/base64"
	"hash"

	"github.com/minio/crc64nvme"
)

// NewCRC64NVME makes the hash of that name with the instructions that processors have for it. It is
// for [driver.Hasher.NewCRC64NVME].
func NewCRC64NVME() hash.Hash { return crc64nvme.New() }

// EncodeSum returns a checksum as headers carry it, in base64; "" for none.
func EncodeSum(sum []byte) string { return base64.StdEncoding.EncodeToString(sum) }

// DecodeSum undoes [EncodeSum]; nil for what is no sum of size bytes.
func DecodeSum(s string, size int) []byte {
	sum, err := base64.StdEncoding.DecodeString(s)
	if err != nil || len(sum) != size {
		return nil
	}
	return sum
}
