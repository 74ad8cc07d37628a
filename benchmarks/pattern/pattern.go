// Package pattern has the bytes of all large objects.
package pattern

import (
	"encoding/binary"
	"hash/crc32"
	"io"
	"math/rand/v2"
	"sync"
)

// BlockSize is how often the pattern repeats itself, but for eight bytes.
const BlockSize = 1 << 20

// block is random, so that no connection and no file system can compress it. A process that sends
// no pattern does not have it in its resident set.
var block = sync.OnceValue(func() []byte {
	b := make([]byte, BlockSize)
	r := rand.NewChaCha8([32]byte{1})
	r.Read(b) // never fails
	return b
})

// Reader reads random blocks that begin with their numbers, so that a part in a wrong place shows.
// It reads only forwards, and does not tell its length.
type Reader struct {
	block     []byte
	off, size int64
}

// New returns the reader of an object of size bytes.
func New(size int64) *Reader { return &Reader{block: block(), size: size} }

func (r *Reader) Read(p []byte) (int, error) {
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
			m = copy(p[n:], r.block[at:])
		}
		n += m
		r.off += int64(m)
	}
	return n, nil
}

// Write writes the bytes of an object of size bytes.
func Write(w io.Writer, size int64) error {
	buf := make([]byte, BlockSize)
	_, err := io.CopyBuffer(struct{ io.Writer }{w}, New(size), buf)
	return err
}

// CRC is the CRC32C of an object of size bytes.
func CRC(size int64) uint32 {
	h := crc32.New(crc32.MakeTable(crc32.Castagnoli))
	Write(h, size) // a hash never fails
	return h.Sum32()
}
