package storage

import (
	"math"
	"slices"
	"unicode/utf8"
)

// stretch is a part of a list that has been seen whole: what it takes to guess by.
type stretch struct {
	first, last string
	keys        int // from first to last, without first
}

// ruler measures keys like those of a stretch.
type ruler struct {
	digits []digit // from the first byte of the keys on
	unit   float64 // of a key, in the last digit
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
	r.digits = make([]digit, 0, len(places))
	var c calendar
	for i, units := 0, 1; i < len(places) && units < precise; {
		d := digit{at: i}
		c.next(s.last, i)
		if d.pair = isPair(places, i); d.pair {
			d.set = c.pairs(places[i])
		} else {
			d.set = bytesAt(places[i:], s.last[i:], loose)
		}
		r.digits = append(r.digits, d)
		if i += d.width(); i > differ {
			units *= d.set.size()
		}
	}
	r.unit = r.between(s.first, s.last) / float64(max(s.keys, 1))
	return r, r.unit > 0
}

// between returns the distance from a to b in units; it is negative if b comes before a.
func (r *ruler) between(a, b string) float64 {
	var x float64
	for _, d := range r.digits {
		x = x*float64(max(d.set.size(), 1)) + float64(d.rank(b)-d.rank(a))
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
	last := r.digits[len(r.digits)-1]
	key := make([]byte, last.at+last.width())
	for _, d := range slices.Backward(r.digits) {
		size := uint64(max(d.set.size(), 1))
		carry += uint64(min(d.rank(a), int(size)-1))
		d.put(key, d.set.nth(int(carry%size)))
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
