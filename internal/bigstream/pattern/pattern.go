// Package pattern has bytes that are known by their place, for objects that nobody keeps: the one
// who sends them, the one who serves them and the one who looks at them make them by themselves.
package pattern

import (
	"bytes"
	"hash/crc32"
	"io"
	"math/rand/v2"
)

// period is no divisor of any size of a part: two parts of one size have different bytes.
const period = 1<<20 + 7

var block = func() []byte {
	b := make([]byte, period)
	rand.NewChaCha8([32]byte{42}).Read(b) // never fails
	return b
}()

// at is what follows off, up to the end of a period.
func at(off int64) []byte { return block[off%period:] }

// Reader reads the bytes from Off to End. It has a Read and nothing else.
type Reader struct{ Off, End int64 }

func (r *Reader) Read(p []byte) (int, error) {
	if r.Off == r.End {
		return 0, io.EOF
	}
	n := copy(p[:min(int64(len(p)), r.End-r.Off)], at(r.Off))
	r.Off += int64(n)
	return n, nil
}

// Checker is a writer that counts the bytes that are those of the pattern, from its beginning. Once
// one of them is not, it stays Wrong.
type Checker struct {
	Off   int64
	Wrong bool
}

func (c *Checker) Write(p []byte) (int, error) {
	for rest := p; len(rest) > 0; {
		want := at(c.Off)
		n := min(len(rest), len(want))
		c.Wrong = c.Wrong || !bytes.Equal(rest[:n], want[:n])
		c.Off, rest = c.Off+int64(n), rest[n:]
	}
	return len(p), nil
}

// CRC32C is that of the first size bytes.
func CRC32C(size int64) uint32 {
	table := crc32.MakeTable(crc32.Castagnoli)
	sum := uint32(0)
	for off := int64(0); off < size; {
		b := at(off)
		b = b[:min(int64(len(b)), size-off)]
		sum = crc32.Update(sum, table, b)
		off += int64(len(b))
	}
	return sum
}
