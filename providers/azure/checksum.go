package azure

import (
	"bytes"
	"context"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"hash"
	"hash/crc32"
	"io"

	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blob"
	"github.com/minio/crc64nvme"

	"github.com/polystore/storage"
)

// algorithm is a checksum, and where it stands in Checksums.
type algorithm struct {
	name string
	new  func() hash.Hash
	of   func(*storage.Checksums) *[]byte
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// algorithms, the ones first that are computed of everything: CRC32C is kept for readers, CRC64NVME is what Azure calls CRC64 and checks.
// Both cost nothing beside the transfer (CRC64NVME is not the standard library's, which is twenty times slower), and both
// can be combined from those of parts.
var algorithms = [...]algorithm{
	{"CRC32C", func() hash.Hash { return crc32.New(castagnoli) }, func(c *storage.Checksums) *[]byte { return &c.CRC32C }},
	{"CRC64NVME", func() hash.Hash { return crc64nvme.New() }, func(c *storage.Checksums) *[]byte { return &c.CRC64NVME }},
	{"CRC32", func() hash.Hash { return crc32.NewIEEE() }, func(c *storage.Checksums) *[]byte { return &c.CRC32 }},
	{"MD5", md5.New, func(c *storage.Checksums) *[]byte { return &c.MD5 }},
	{"SHA1", sha1.New, func(c *storage.Checksums) *[]byte { return &c.SHA1 }},
	{"SHA256", sha256.New, func(c *storage.Checksums) *[]byte { return &c.SHA256 }},
}

const alwaysComputed = 2 // of algorithms

// seal computes, in one pass over body, its CRC32C and CRC64NVME and what want has beside them, and holds want against that:
// ErrIntegrity.
func (s *Store) seal(ctx context.Context, body *payload, want storage.Checksums) (have storage.Checksums, err error) {
	var hashes [len(algorithms)]hash.Hash
	var all []io.Writer
	for i, a := range algorithms {
		if i < alwaysComputed || *a.of(&want) != nil {
			hashes[i] = a.new()
			all = append(all, hashes[i])
		}
	}
	buf := s.buffers.Get().(*[]byte)
	err = body.copyTo(ctx, io.MultiWriter(all...), *buf)
	s.buffers.Put(buf)
	if err != nil {
		return have, err
	}
	for i, a := range algorithms {
		if hashes[i] != nil {
			*a.of(&have) = hashes[i].Sum(nil)
		}
	}
	return have, checkSums(&have, &want)
}

// checkSums holds want against have. What have lacks cannot be known.
func checkSums(have, want *storage.Checksums) error {
	for _, a := range algorithms {
		have, want := *a.of(have), *a.of(want)
		switch {
		case want == nil || bytes.Equal(have, want):
		case have == nil:
			return unsupported("%s of the whole of an upload", a.name)
		default:
			return &storage.Error{Kind: storage.ErrIntegrity, Err: fmt.Errorf("%s is %x, want %x", a.name, have, want)}
		}
	}
	return nil
}

// transactional is the sum that the service checks before it takes the body: it takes one.
func transactional(c storage.Checksums) blob.TransferValidationType {
	if c.MD5 != nil {
		return blob.TransferValidationTypeMD5(c.MD5)
	}
	return blob.TransferValidationTypeCRC64(binary.BigEndian.Uint64(c.CRC64NVME))
}

// crc64Of is a CRC64 as Azure writes it, the last byte first, as Checksums have it; nil for anything else.
func crc64Of(wire []byte) []byte {
	if len(wire) != 8 {
		return nil
	}
	return binary.BigEndian.AppendUint64(nil, binary.LittleEndian.Uint64(wire))
}
