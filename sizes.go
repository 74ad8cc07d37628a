package storage

const (
	// usualSize is how many bytes a request moves at least where an object is large. At 25 MB/s it
	// takes eight times as long as an answer from 20 ms away, so that a slot is rarely without
	// bytes. 32 of them fit the default memory.
	usualSize = 4 << 20

	// mostRounds is how many rounds of requests an object takes at most before they become larger.
	mostRounds = 4
)

// requestSize is how many bytes each request moves where size bytes are moved in so many slots. All
// slots get as many requests, so that they end together: one where the object is small, and up to
// mostRounds, of least bytes or usualSize, where it is larger. A link that wants few slots is found
// out after the first round.
func requestSize(size int64, slots int, least int64) int64 {
	n := int64(slots)
	rounds := min(max(size/(n*max(least, usualSize)), 1), mostRounds)
	return max(ceil(size, n*rounds), least)
}

// aheadSize is the size of the ranges that are read ahead of a consumer who takes size bytes in
// order, or all of them at once. In memory there is room for one range in each slot.
func (e *engine) aheadSize(size int64, slots int, eager bool) int64 {
	if e.chosen {
		return e.span
	}
	memory := e.opts.Memory
	if !eager {
		memory = memory / (readerShare + 1) * readerShare
	}
	most := max(memory/int64(slots)/chunkSize*chunkSize, e.span)
	rounds := ceil(size, int64(slots)*most)
	return max(ceil(ceil(size, int64(slots)*rounds), chunkSize)*chunkSize, e.span)
}

// ceil returns n/by rounded up. n must not be negative.
func ceil(n, by int64) int64 {
	if n == 0 {
		return 0
	}
	return (n-1)/by + 1
}
