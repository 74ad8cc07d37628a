package server

const castagnoliPoly = 0x82f63b78

// combine returns the CRC32 of two pieces that follow each other, where size is that of the
// second: the first, multiplied by x to the power of 8*size, plus the second.
func combine(poly, first, second uint32, size int64) uint32 {
	for i, n := 0, uint64(size)*8; n > 0; i, n = i+1, n>>1 {
		if n&1 == 1 {
			first = multiply(poly, first, power(poly, i))
		}
	}
	return first ^ second
}

// power is x to the power of 2 to the power of i.
func power(poly uint32, i int) uint32 {
	x := uint32(1) << 30
	for range i {
		x = multiply(poly, x, x)
	}
	return x
}

// multiply multiplies two polynomials, whose highest bits are their lowest powers.
func multiply(poly, a, b uint32) uint32 {
	var product uint32
	for bit := uint32(1) << 31; bit != 0; bit >>= 1 {
		if a&bit != 0 {
			product ^= b
		}
		if b&1 == 1 {
			b = b>>1 ^ poly
		} else {
			b >>= 1
		}
	}
	return product
}
