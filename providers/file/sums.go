package file

import (
	"bytes"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"fmt"
	"hash"
	"hash/crc32"

	"github.com/minio/crc64nvme"

	"github.com/polystore/storage"
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// sums computes, over one stream, CRC-32C and whatever else somebody wants.
type sums struct {
	crc32c, crc32, crc64, md5, sha1, sha256 hash.Hash // nil: not wanted
}

func newSums(want storage.Checksums) *sums {
	s := &sums{crc32c: crc32.New(castagnoli)}
	if want.CRC32 != nil {
		s.crc32 = crc32.NewIEEE()
	}
	if want.CRC64NVME != nil {
		s.crc64 = crc64nvme.New()
	}
	if want.MD5 != nil {
		s.md5 = md5.New()
	}
	if want.SHA1 != nil {
		s.sha1 = sha1.New()
	}
	if want.SHA256 != nil {
		s.sha256 = sha256.New()
	}
	return s
}

func (s *sums) Write(p []byte) (int, error) {
	for _, h := range [...]hash.Hash{s.crc32c, s.crc32, s.crc64, s.md5, s.sha1, s.sha256} {
		if h != nil {
			h.Write(p)
		}
	}
	return len(p), nil
}

func (s *sums) sum() storage.Checksums {
	of := func(h hash.Hash) []byte {
		if h == nil {
			return nil
		}
		return h.Sum(nil)
	}
	return storage.Checksums{
		CRC32: of(s.crc32), CRC32C: of(s.crc32c), CRC64NVME: of(s.crc64),
		MD5: of(s.md5), SHA1: of(s.sha1), SHA256: of(s.sha256),
	}
}

// verify returns the sums, or an ErrIntegrity that names the first that is not as wanted.
func (s *sums) verify(want storage.Checksums) (storage.Checksums, error) {
	got := s.sum()
	return got, compare(got, want)
}

func compare(got, want storage.Checksums) error {
	for _, c := range [...]struct {
		name      string
		got, want []byte
	}{
		{"CRC32", got.CRC32, want.CRC32},
		{"CRC32C", got.CRC32C, want.CRC32C},
		{"CRC64NVME", got.CRC64NVME, want.CRC64NVME},
		{"MD5", got.MD5, want.MD5},
		{"SHA1", got.SHA1, want.SHA1},
		{"SHA256", got.SHA256, want.SHA256},
	} {
		if c.want != nil && !bytes.Equal(c.got, c.want) {
			return &storage.Error{Kind: storage.ErrIntegrity, Err: fmt.Errorf("%s is %x, want %x", c.name, c.got, c.want)}
		}
	}
	return nil
}
