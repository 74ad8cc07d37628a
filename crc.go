package storage

import (
	"encoding/binary"
	"hash/crc32"
)

// CombineChecksums returns the CRCs of the concatenation of parts, computed from the CRCs and sizes
// of the parts. The result has those of CRC32, CRC32C and CRC64NVME that every part has. Other
// checksums cannot be combined.
func CombineChecksums(parts []*Part) Checksums {
	ieee := func(c *Checksums) []byte { return c.CRC32 }
	castagnoli := func(c *Checksums) []byte { return c.CRC32C }
	nvmexpress := func(c *Checksums) []byte { return c.CRC64NVME }
	return Checksums{
		CRC32:     combine(parts, 4, crc32.IEEE, ieee),
		CRC32C:    combine(parts, 4, crc32.Castagnoli, castagnoli),
		CRC64NVME: combine(parts, 8, nvme, nvmexpress),
	}
}

func combine(parts []*Part, width int, poly uint64, sum func(*Checksums) []byte) []byte {
	var crc uint64
	for _, p := range parts {
		b := sum(&p.Checksums)
		if len(b) != width {
			return nil
		}
		var next [8]byte
		copy(next[8-width:], b)
		f := field{poly: poly, top: 1 << (8*width - 1)}
		crc = f.multiply(f.power(p.Size), crc) ^ binary.BigEndian.Uint64(next[:])
	}
	if len(parts) == 0 {
		return nil
	}
	return binary.BigEndian.AppendUint64(nil, crc)[8-width:]
}

// field is the arithmetic of polynomials over GF(2) modulo poly, on which CRCs are based. The bit
// top is x⁰. Appending n bytes to a message multiplies its CRC by x⁸ⁿ. See
// https://github.com/madler/zlib/blob/v1.3.1/crc32.c for an explanation.
type field struct{ poly, top uint64 }

func (f field) multiply(a, b uint64) (product uint64) {
	for m := f.top; m != 0 && a != 0; m >>= 1 {
		if a&m != 0 {
			product ^= b
			a &^= m
		}
		carry := b & 1
		b >>= 1
		if carry != 0 {
			b ^= f.poly
		}
	}
	return product
}

// power returns x⁸ⁿ.
func (f field) power(n int64) uint64 {
	p, square := f.top, f.top>>1 // x⁰, x¹
	for range 3 {
		square = f.multiply(square, square)
	}
	for ; n > 0; n >>= 1 { // square is x^(8·2ⁱ)
		if n&1 != 0 {
			p = f.multiply(square, p)
		}
		square = f.multiply(square, square)
	}
	return p
}
