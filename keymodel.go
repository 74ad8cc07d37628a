package storage

import (
	"math"
	"math/bits"
	"unicode/utf8"
)

// keyModel is what a list has learned of its keys: which bytes stand where. It guesses how many
// keys lie between two keys, and a key a number of keys further on. It reads a key as a number
// whose digits are the bytes that occur at each place. A guess that is wrong costs time, and
// nothing else.
//
// A place is an offset behind a shape, in which all letters and digits are alike: what stands in
// a/1 tells nothing of photos/1.
type keyModel struct {
	root   place
	places int
	path   []*place // of the key before
}

// place is what has been seen at one offset behind one shape.
type place struct {
	seen  byteSet
	turns int             // how often a place before it has changed
	word  *place          // behind a letter or digit
	other map[byte]*place // behind anything else
}

const (
	manyTurns  = 2    // after so many turns of a place all its bytes count as seen
	manyPlaces = 8192 // that a model remembers
)

// behind returns the place behind the byte c at p, nil if there is none yet.
func (p *place) behind(c byte) *place {
	if isWord(c) {
		return p.word
	}
	return p.other[c]
}

// grow is behind, and makes the place.
func (m *keyModel) grow(p *place, c byte) *place {
	if next := p.behind(c); next != nil || m.places == manyPlaces {
		return next
	}
	m.places++
	next := new(place)
	switch {
	case isWord(c):
		p.word = next
	case p.other == nil:
		p.other = map[byte]*place{c: next}
	default:
		p.other[c] = next
	}
	return next
}

// learn takes in keys that follow each other in a list.
func (m *keyModel) learn(objects []*Object) {
	before := ""
	m.path = append(m.path[:0], &m.root)
	for n, o := range objects {
		same := 0
		if n > 0 {
			same = common(before, o.Key)
		}
		same = min(same, len(m.path)-1)
		m.path = m.path[:same+1]
		p := m.path[same]
		for i := same; i < len(o.Key); i++ {
			p.seen.add(o.Key[i])
			if n > 0 && i > same {
				p.turns++
			}
			if p = m.grow(p, o.Key[i]); p == nil {
				break
			}
			m.path = append(m.path, p)
		}
		before = o.Key
	}
}

// skip takes in that no key lies between a guess and the next key: the places where the guess went
// too far have no more bytes than were seen.
func (m *keyModel) skip(guess, next string) {
	same := common(guess, next)
	for p, i := &m.root, 0; p != nil && i < min(len(guess), len(next)); i++ {
		if i > same && p.seen.size() > 1 {
			p.turns++
		}
		if p.behind(guess[i]) != p.behind(next[i]) {
			break
		}
		p = p.behind(next[i])
	}
}

// stretch is a part of a list that has been seen whole: what it takes to guess by.
type stretch struct {
	first, last string
	keys        int // from first to last, without first
}

// ruler measures keys like those of a stretch.
type ruler struct {
	digits []byteSet // by offset
	unit   float64   // of a key, in the last digit
}

// ruler returns a ruler for keys like those of s, which the model has learned, and false if they
// tell nothing. A letter that was the same in all keys is part of a name and stays, unless the
// ruler is to be loose.
func (m *keyModel) ruler(s stretch, loose bool) (ruler, bool) {
	const precise = 1 << 14 // units in a stretch
	var r ruler
	differ := common(s.first, s.last)
	places := make([]*place, 0, len(s.last))
	for p, i := &m.root, 0; p != nil && i < len(s.last); i++ {
		places = append(places, p)
		p = p.behind(s.last[i])
	}
	r.digits = make([]byteSet, 0, len(places))
	for i, units := 0, 1; i < len(places) && units < precise; i++ {
		d := digit(places[i:], s.last[i:], loose)
		if r.digits = append(r.digits, d); i >= differ {
			units *= d.size()
		}
	}
	r.unit = r.between(s.first, s.last) / float64(max(s.keys, 1))
	return r, r.unit > 0
}

// digit returns the bytes that may stand at the first of the places along key. Where too few were
// seen to tell, those of the places behind it in the same word count, too, or else those of their
// kind.
func digit(along []*place, key string, loose bool) byteSet {
	d := along[0].seen
	isName := d.size() == 1 && key[0] > '9' && !loose
	if along[0].turns >= manyTurns || !isWord(key[0]) || isName {
		return d
	}
	for j := 1; j < len(along) && isWord(key[j]); j++ {
		if along[j].turns >= manyTurns {
			return d.or(along[j].seen)
		}
	}
	for _, kind := range [...][2]byte{{'0', '9'}, {'a', 'z'}, {'A', 'Z'}} {
		if all := span(kind[0], kind[1]); all.meets(d) {
			d = d.or(all)
		}
	}
	return d
}

// between returns the distance from a to b in units; it is negative if b comes before a.
func (r *ruler) between(a, b string) float64 {
	var x float64
	for i, d := range r.digits {
		x = x*float64(max(d.size(), 1)) + float64(d.rankIn(b, i)-d.rankIn(a, i))
	}
	return x
}

// keys guesses how many keys lie between a and b.
func (r *ruler) keys(a, b string) float64 { return r.between(a, b) / r.unit }

// after guesses the key that is n keys behind a. It returns "" if it knows none.
func (r *ruler) after(a string, n float64) string {
	more := n * r.unit
	if more < 1 || more >= math.MaxInt64 {
		return ""
	}
	carry := uint64(more)
	key := make([]byte, len(r.digits))
	for i := len(key) - 1; i >= 0; i-- {
		size := uint64(max(r.digits[i].size(), 1))
		carry += uint64(min(r.digits[i].rankIn(a, i), int(size)-1))
		key[i] = r.digits[i].nth(int(carry % size))
		carry /= size
	}
	if carry > 0 {
		return ""
	}
	s := string(key)
	for i, c := range s { // a cut within a character is none
		if _, n := utf8.DecodeRuneInString(s[i:]); c == utf8.RuneError && n == 1 {
			s = s[:i]
			break
		}
	}
	if s <= a {
		return ""
	}
	return s
}

// common returns the length of the prefix that a and b share.
func common(a, b string) int {
	n := min(len(a), len(b))
	for i := range n {
		if a[i] != b[i] {
			return i
		}
	}
	return n
}

func isWord(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
}

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

// rankIn returns how many bytes of s are less than the byte at offset i of key; 0 behind its end.
func (s *byteSet) rankIn(key string, i int) int {
	if i >= len(key) {
		return 0
	}
	n, c := 0, key[i]
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
