package server

import (
	"encoding/base64"
	"encoding/binary"

	"github.com/minio/crc64nvme"

	"github.com/polystore/storage/benchmarks/pattern"
)

// patternNVME is the CRC64NVME of the pattern of size bytes, as a header has it.
func patternNVME(size int64) string {
	h := crc64nvme.New()
	pattern.Write(h, size) // a hash never fails
	return base64BE64(h.Sum64())
}

func base64BE64(v uint64) string {
	return base64.StdEncoding.EncodeToString(binary.BigEndian.AppendUint64(nil, v))
}
