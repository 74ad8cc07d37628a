package storage

// maxIdle is how many pages without an entry a list may have one after the other. Services have
// some behind many deletions; one that has no end would keep the caller for ever.
const maxIdle = 10_000

// idlePages are the pages without an entry that a list had last.
type idlePages struct {
	n    int
	mark string // a token of one of them
}

// goOn notes a page, and reports whether there is a point in asking for the next one: not behind
// too many without an entry, nor where their tokens go round in a circle of any length. The mark is
// renewed at each power of two, so that it is in the circle one day.
func (p *idlePages) goOn(entries int, token string) bool {
	if entries > 0 || token == "" {
		*p = idlePages{}
		return true
	}
	if token == p.mark || p.n == maxIdle {
		return false
	}
	p.n++
	if p.n&(p.n-1) == 0 {
		p.mark = token
	}
	return true
}
