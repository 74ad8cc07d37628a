package azure

import (
	"strings"
	"unicode/utf8"

	"github.com/polystore/storage/driver/httpdriver"
)

// Azure lists names in the order of their UTF-16 code units. That differs from the byte order of
// UTF-8 in one thing: the characters above U+FFFF, whose first unit is a surrogate (U+D800 to
// U+DBFF), come before U+E000 to U+FFFF, and not behind them. So where two names first differ in
// such characters, and there alone, the service's order has to be turned round.
//
// A walk does it by jumps. It is what is left of a list, as segments of the service's order in the
// order in which they are to be listed. When a segment comes to the first name with a high
// character (one above U+FFFF) behind a prefix p, it is cut into three: what begins with p and a
// character from U+E000 to U+FFFF, then what begins with p and a high character, then the rest.
type walk []segment

// A segment is the names from From up to To, without To, in the service's order.
type segment struct {
	From string `json:"f,omitempty"`
	To   string `json:"t,omitempty"` // empty: to the end of the list
}

const (
	firstPrivate = "\ue000"     // the first character behind the surrogates
	firstHigh    = "\U00010000" // the first character with surrogates
	// a noncharacter, which no name has: p+behindAll is behind all names that begin with p
	behindAll = "\uffff"
)

// newWalk begins a list of the names with a prefix behind the name after, in byte order.
func newWalk(prefix, after string) walk {
	switch {
	case after <= prefix:
		return walk{{}}
	case !strings.HasPrefix(after, prefix):
		return nil // they all come before it
	}
	var w walk
	from := after
	// What is left of the names behind after, from its end to its beginning: those that have as
	// much in common with it.
	for i := len(after); i > len(prefix); {
		r, n := utf8.DecodeLastRuneInString(after[:i])
		i -= n
		p := after[:i]
		switch {
		case r > 0xffff: // the lower characters, which the service lists behind it, are done
			w = append(w, segment{from, p + firstPrivate})
			from = p + behindAll
		case r >= 0xe000:
			// The high characters, which the service listed before it, are still to come.
			w = append(w, segment{from, p + behindAll}, segment{p + firstHigh, p + firstPrivate})
			from = p + behindAll
		}
	}
	return append(w, segment{From: from})
}

// split cuts the segment that comes to name, if the high characters behind prefix in it ask for
// that; else it returns nil.
func (s segment) split(prefix, name string) walk {
	for i, r := range name {
		if r <= 0xffff || i < len(prefix) {
			continue
		}
		p := name[:i]
		// Cut already: the segment ends where the lower characters begin.
		if s.To != "" && !before(p+firstPrivate, s.To) {
			continue
		}
		return walk{
			{p + firstPrivate, p + behindAll},
			{name, p + firstPrivate},
			{p + behindAll, s.To},
		}
	}
	return nil
}

// has reports whether name is not behind the segment.
func (s segment) has(name string) bool { return s.To == "" || before(name, s.To) }

// seen is the walk after its first segment when the service said that the next name behind that is
// next; empty: that there is none.
func (w walk) seen(next string) walk {
	to := w[0].To
	var rest walk
	for _, s := range w[1:] {
		if to != "" && !before(s.From, to) { // it lies behind what was listed
			if next == "" || !s.has(next) {
				continue
			}
			if before(s.From, next) {
				s.From = next
			}
		}
		rest = append(rest, s)
	}
	return rest
}

// startFrom is where the service has to begin: a name that it can take, at From or as little before
// it as there are such names.
func (s segment) startFrom() string {
	i := strings.IndexFunc(s.From, func(r rune) bool { return !httpdriver.XMLText(string(r)) })
	switch {
	case i < 0:
		return s.From
	case s.From[i] < utf8.RuneSelf: // a control character
		return s.From[:i]
	}
	return s.From[:i] + "\ufffd"
}

// before reports whether a comes before b in the order of UTF-16 code units.
func before(a, b string) bool { return compareUTF16(a, b) < 0 }

func compareUTF16(a, b string) int {
	n := 0
	for n < len(a) && n < len(b) && a[n] == b[n] {
		n++
	}
	for n > 0 && (n < len(a) && !utf8.RuneStart(a[n]) || n < len(b) && !utf8.RuneStart(b[n])) {
		n--
	}
	x, _ := utf8.DecodeRuneInString(a[n:])
	y, _ := utf8.DecodeRuneInString(b[n:])
	if n < len(a) && n < len(b) && (x > 0xffff) != (y > 0xffff) {
		if x > 0xffff {
			x = 0xd800
		} else {
			y = 0xd800
		}
		return int(x) - int(y)
	}
	return strings.Compare(a[n:], b[n:])
}
