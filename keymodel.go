package storage

// keyModel is what a list has learned of its keys: which bytes stand where. It guesses how many
// keys lie between two keys, and a key a number of keys further on. It reads a key as a number
// whose digits are the bytes that occur at each place, and a number of two digits as one: see
// isPair. A guess that is wrong costs time, and nothing else.
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
	pairs byteSet         // two decimal digits that began here, as a number
	turns int             // how often a place before it has changed, from key to key
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
		last := m.path
		m.path = m.path[:same+1]
		p, turned := m.path[same], false
		for i := same; i < len(o.Key); i++ {
			p.seen.add(o.Key[i])
			if i > 0 && isDigit(o.Key[i-1]) && isDigit(o.Key[i]) {
				m.path[i-1].pairs.add(pairOf(o.Key[i-1:]))
			}
			if turned {
				p.turns++
			}
			if p = m.grow(p, o.Key[i]); p == nil {
				break
			}
			turned = n > 0 && i+1 < len(last) && last[i+1] == p
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

// pairOf is the number of two digits that key begins with. Where there are none, it is one that
// sorts as key does.
func pairOf(key string) byte {
	switch {
	case key == "" || key[0] < '0':
		return 0
	case key[0] > '9':
		return 100
	case len(key) == 1 || key[1] < '0':
		return 10 * (key[0] - '0')
	case key[1] > '9':
		return 10 * (key[0] - '0' + 1)
	}
	return 10*(key[0]-'0') + key[1] - '0'
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
