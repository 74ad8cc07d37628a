package memory

import (
	"bytes"
	"context"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"hash"
	"hash/crc32"
	"hash/crc64"

	"github.com/polystore/storage"
)

var (
	castagnoli = crc32.MakeTable(crc32.Castagnoli)
	nvme       = crc64.MakeTable(0x9a6c9329ac4bc9b5) // CRC-64/NVME, reflected; check value ae8b14860a799888
)

// verify computes the CRC-32C of data and every sum that want names, and compares those. What it returns is the caller's own.
func verify(ctx context.Context, data []byte, want storage.Checksums) (storage.Checksums, error) {
	var got storage.Checksums
	sums := []struct {
		name   string
		want   []byte
		got    *[]byte
		hash   hash.Hash
		always bool
	}{
		{"CRC32", want.CRC32, &got.CRC32, crc32.NewIEEE(), false},
		{"CRC32C", want.CRC32C, &got.CRC32C, crc32.New(castagnoli), true},
		{"CRC64NVME", want.CRC64NVME, &got.CRC64NVME, crc64.New(nvme), false},
		{"MD5", want.MD5, &got.MD5, md5.New(), false},
		{"SHA1", want.SHA1, &got.SHA1, sha1.New(), false},
		{"SHA256", want.SHA256, &got.SHA256, sha256.New(), false},
	}
	for _, s := range sums {
		if s.want == nil && !s.always {
			continue
		}
		for rest := data; len(rest) > 0; {
			if err := alive(ctx); err != nil {
				return got, err
			}
			n := min(step, len(rest))
			s.hash.Write(rest[:n])
			rest = rest[n:]
		}
		*s.got = s.hash.Sum(nil)
		if s.want != nil && !bytes.Equal(s.want, *s.got) {
			return got, fail(storage.ErrIntegrity, "%s is %x, want %x", s.name, *s.got, s.want)
		}
	}
	return got, nil
}
