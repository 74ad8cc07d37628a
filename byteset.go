package storage

import "math/bits"

// byteSet is a set of bytes.
type byteSet [4]uint64

func (s *byteSet) add(c byte) { s[c>>6] |= 1 << (c & 63) }

// span is the set of the bytes from first to last.
func span(first, last byte) (s byteSet) {
	for c := first; c <= last; c++ {
		s.add(c)
	}
	return s
}

func (s byteSet) or(t byteSet) byteSet {
	for i := range s {
		s[i] |= t[i]
	}
	return s
}

func (s byteSet) meets(t byteSet) bool {
	for i := range s {
		if s[i]&t[i] != 0 {
			return true
		}
	}
	return false
}

func (s *byteSet) size() int {
	return bits.OnesCount64(s[0]) + bits.OnesCount64(s[1]) +
		bits.OnesCount64(s[2]) + bits.OnesCount64(s[3])
}

// below returns how many members of s are less than c.
func (s *byteSet) below(c byte) int {
	n := 0
	for w := range c >> 6 {
		n += bits.OnesCount64(s[w])
	}
	return n + bits.OnesCount64(s[c>>6]&(1<<(c&63)-1))
}

// nth returns the byte of s with the rank n.
func (s *byteSet) nth(n int) byte {
	for w, word := range s {
		if c := bits.OnesCount64(word); n >= c {
			n -= c
			continue
		}
		for ; n > 0; n-- {
			word &= word - 1
		}
		return byte(w<<6 + bits.TrailingZeros64(word))
	}
	return 0
}

// within reports whether t has all of s.
func (s byteSet) within(t byteSet) bool { return s.or(t) == t }

// without returns what s has and t has not.
func (s byteSet) without(t byteSet) byteSet {
	for i := range s {
		s[i] &^= t[i]
	}
	return s
}

var (
	decimal = span('0', '9')
	letters = span('a', 'z').or(span('A', 'Z'))
)

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

func isWord(c byte) bool {
	return isDigit(c) || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
}
