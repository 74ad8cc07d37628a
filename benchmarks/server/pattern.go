package server

import (
	"encoding/base64"
	"encoding/binary"
	"hash/crc32"
	"io"
	"math/rand/v2"

	"github.com/minio/crc64nvme"
)

// BlockSize is how often the Pattern repeats itself, but for eight bytes.
const BlockSize = 1 << 20

// block is random, so that no connection and no file system can compress it.
var block = func() []byte {
	b := make([]byte, BlockSize)
	r := rand.NewChaCha8([32]byte{1})
	r.Read(b) // never fails
	return b
}()

// Pattern reads the bytes of all large objects: random blocks that begin with their numbers, so
// that a part in a wrong place shows. It reads only forwards, and does not tell its length.
type Pattern struct {
	off, size int64
}

// NewPattern returns the reader of an object of size bytes.
func NewPattern(size int64) *Pattern { return &Pattern{size: size} }

func (r *Pattern) Read(p []byte) (int, error) {
	if r.off == r.size {
		return 0, io.EOF
	}
	p = p[:min(int64(len(p)), r.size-r.off)]
	n := 0
	for n < len(p) {
		at := int(r.off % BlockSize)
		m := 0
		if at < 8 {
			var number [8]byte
			binary.BigEndian.PutUint64(number[:], uint64(r.off/BlockSize))
			m = copy(p[n:], number[at:])
		} else {
			m = copy(p[n:], block[at:])
		}
		n += m
		r.off += int64(m)
	}
	return n, nil
}

// WritePattern writes the bytes of an object of size bytes.
func WritePattern(w io.Writer, size int64) error {
	buf := make([]byte, BlockSize)
	_, err := io.CopyBuffer(struct{ io.Writer }{w}, NewPattern(size), buf)
	return err
}

// PatternCRC is the CRC32C of an object of size bytes.
func PatternCRC(size int64) uint32 {
	h := crc32.New(castagnoli)
	WritePattern(h, size) // a hash never fails
	return h.Sum32()
}

// patternNVME is the CRC64NVME of an object of size bytes, as a header has it.
func patternNVME(size int64) string {
	h := crc64nvme.New()
	WritePattern(h, size) // a hash never fails
	return base64BE64(h.Sum64())
}

func base64BE64(v uint64) string {
	return base64.StdEncoding.EncodeToString(binary.BigEndian.AppendUint64(nil, v))
}
