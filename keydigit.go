package storage

// digit is a place of a key as a digit of a number.
type digit struct {
	at   int     // its offset in the key
	pair bool    // it is two bytes: see pairOf
	set  byteSet // what may stand there
}

// width is how many bytes of a key d is.
func (d *digit) width() int {
	if d.pair {
		return 2
	}
	return 1
}

// rank returns how many of the values that d may have are less than that of key; 0 behind its end.
func (d *digit) rank(key string) int {
	switch {
	case d.at >= len(key):
		return 0
	case d.pair:
		return d.set.below(pairOf(key[d.at:]))
	}
	return d.set.below(key[d.at])
}

// put writes a value of d into a key.
func (d *digit) put(key []byte, value byte) {
	if d.pair {
		key[d.at], key[d.at+1] = '0'+value/10, '0'+value%10
		return
	}
	key[d.at] = value
}

// isPair reports whether all keys have two decimal digits at the place at offset i, and no third
// beside them. Such a number, as in 2024/11/30/23-59-59, is one digit: its second byte depends on
// its first. With each byte a digit of its own, a list of dates took a fifth more pages.
func isPair(places []*place, i int) bool {
	if i+1 >= len(places) || i > 0 && places[i-1].seen.meets(decimal) {
		return false
	}
	tens, ones := places[i], places[i+1]
	third := ones.word
	return tens.seen.within(decimal) && ones.seen.within(decimal) && tens.other == nil &&
		(third == nil || !third.seen.meets(decimal))
}

// bytesAt returns the bytes that may stand at the first of the places along key. Where too few were
// seen to tell, those of a place not far behind it in the same word count, too, or else those of
// their kind.
func bytesAt(along []*place, key string, loose bool) byteSet {
	d := along[0].seen
	isName := d.size() == 1 && key[0] > '9' && !loose
	switch {
	case !isWord(key[0]): // behind photos/ is no photosa, but behind 1/ may be 10/
		return d.without(letters)
	case along[0].turns >= manyTurns || isName:
		return d
	}
	const far = 16
	for j := 1; j < min(len(along), far) && isWord(key[j]); j++ {
		if along[j].turns >= manyTurns && along[j].seen.size() > 1 {
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
