package storage

// calendar knows the parts of a date: behind four digits come the month, the day, the hour, and
// what has 60.
type calendar struct {
	year  bool
	parts int // behind the year
}

// next moves on to the number that begins at offset i of key, if one does.
func (c *calendar) next(key string, i int) {
	if !isDigit(key[i]) || i > 0 && isDigit(key[i-1]) {
		return
	}
	n := 1
	for i+n < len(key) && isDigit(key[i+n]) {
		n++
	}
	switch n {
	case 2:
		c.parts++
	case 4:
		c.year, c.parts = true, 0
	default:
		c.year = false
	}
}

// pairs are the numbers that a pair which begins at p may have: those that were seen, and while
// that tells little, those that it would have in a date.
func (c *calendar) pairs(p *place) byteSet {
	if p.turns >= manyTurns {
		return p.pairs
	}
	all := span(0, 99)
	if c.year && 0 < c.parts && c.parts <= len(dateParts) {
		all = dateParts[c.parts-1]
	}
	if !p.pairs.within(all) {
		all = span(0, 99)
	}
	return all
}

var dateParts = [...]byteSet{span(1, 12), span(1, 31), span(0, 23), span(0, 59), span(0, 59)}
