package wire

import (
	"bytes"
	"context"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"hash/crc32"
	"io"
	"sync"

	"github.com/minio/crc64nvme"

	"github.com/polystore/storage"
)

// Algorithm is a checksum, and where it stands in Checksums.
type Algorithm struct {
	Name string
	New  func() hash.Hash
	Of   func(*storage.Checksums) *[]byte
}

// Indices of Algorithms.
const (
	CRC32C = iota
	CRC64NVME
	CRC32
	SHA256
	SHA1
	MD5
	algorithms // how many
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// Algorithms, those first that cost nothing beside a transfer and can be combined from the sums of parts (CRC64NVME is not the
// standard library's, which is twenty times slower), and the worn-out ones last.
var Algorithms = [algorithms]Algorithm{
	CRC32C:    {"CRC32C", func() hash.Hash { return crc32.New(castagnoli) }, func(c *storage.Checksums) *[]byte { return &c.CRC32C }},
	CRC64NVME: {"CRC64NVME", func() hash.Hash { return crc64nvme.New() }, func(c *storage.Checksums) *[]byte { return &c.CRC64NVME }},
	CRC32:     {"CRC32", func() hash.Hash { return crc32.NewIEEE() }, func(c *storage.Checksums) *[]byte { return &c.CRC32 }},
	SHA256:    {"SHA256", sha256.New, func(c *storage.Checksums) *[]byte { return &c.SHA256 }},
	SHA1:      {"SHA1", sha1.New, func(c *storage.Checksums) *[]byte { return &c.SHA1 }},
	MD5:       {"MD5", md5.New, func(c *storage.Checksums) *[]byte { return &c.MD5 }},
}

// Set is a set of Algorithms, by their indices.
type Set [algorithms]bool

// Given is the set of those that c has.
func Given(c *storage.Checksums) (s Set) {
	for i, a := range Algorithms {
		s[i] = *a.Of(c) != nil
	}
	return s
}

// Hasher computes the checksums of payloads before they are sent. The zero value is ready. It may be used concurrently.
type Hasher struct{ buffers sync.Pool } // of *[]byte

// Sums reads p once, from its start, and rewinds it.
func (h *Hasher) Sums(ctx context.Context, p *Payload, which Set) (sums storage.Checksums, err error) {
	var hashes [algorithms]hash.Hash
	var all []io.Writer
	for i, a := range Algorithms {
		if which[i] {
			hashes[i] = a.New()
			all = append(all, hashes[i])
		}
	}
	buf, ok := h.buffers.Get().(*[]byte)
	if !ok {
		buf = new(make([]byte, 128<<10))
	}
	err = p.copyTo(ctx, io.MultiWriter(all...), *buf)
	h.buffers.Put(buf)
	if err != nil {
		return sums, err
	}
	for i, a := range Algorithms {
		if which[i] {
			*a.Of(&sums) = hashes[i].Sum(nil)
		}
	}
	return sums, nil
}

// CheckSums holds what want has against have: ErrIntegrity. What have lacks cannot be known: errors.ErrUnsupported.
func CheckSums(have, want *storage.Checksums) error {
	for _, a := range Algorithms {
		have, want := *a.Of(have), *a.Of(want)
		switch {
		case want == nil || bytes.Equal(have, want):
		case have == nil:
			return &storage.Error{Kind: errors.ErrUnsupported, Err: fmt.Errorf("%s of the whole of an upload", a.Name)}
		default:
			return Mismatch(a.Name, have, want)
		}
	}
	return nil
}

// Mismatch is the ErrIntegrity of a checksum.
func Mismatch(name string, got, want []byte) *storage.Error {
	return &storage.Error{Kind: storage.ErrIntegrity, Err: fmt.Errorf("%s is %x, want %x", name, got, want)}
}
