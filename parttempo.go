package storage

import (
	"sync"
	"time"
)

const (
	partUnit   = 1 << 20 // bytes that a tempo of parts is of; a smaller part counts as so many
	partsKept  = 64
	overtakers = 2 // parts beside a slow one that were far quicker
)

// partTempo is what a Bucket has learned of how long parts that are sent take, or ranges that are
// read. The wait for their source or their consumer and for Options.Bandwidth is not counted. The
// zero value is ready.
//
// A part that is slow among those before it may be on a link that has become slow for all. So it is
// held against the parts beside it, too.
type partTempo struct {
	tempo // of partUnit

	parts sync.Mutex
	sent  [partsKept]sentPart
	next  int
}

// sentPart is a part that the service has taken.
type sentPart struct {
	began time.Time
	took  time.Duration
	size  int64
}

// patience is after what time a part of size bytes may be slow; 0: nobody knows.
func (t *partTempo) patience(size int64) time.Duration {
	return scale(t.tempo.patience(), size, partUnit)
}

// known is patience without a part that pays for it.
func (t *partTempo) known(size int64) time.Duration {
	return scale(t.tempo.known(), size, partUnit)
}

// spend takes the price of a hedge in f, and its place: f has one beside its slots.
func (t *partTempo) spend(f *flow) bool {
	ok := f.hedged(true)
	if ok && !t.tempo.spend() {
		ok = !f.hedged(false)
	}
	return ok
}

// scale is d, which holds for unit bytes, for size bytes. For fewer it is no shorter.
func scale(d time.Duration, size, unit int64) time.Duration {
	return time.Duration(float64(d) * max(float64(size)/float64(unit), 1))
}

// pace is d, which size bytes took, for partUnit.
func pace(d time.Duration, size int64) time.Duration {
	return time.Duration(float64(d) / max(float64(size)/partUnit, 1))
}

// took notes a part that ended with err.
func (t *partTempo) took(began time.Time, d time.Duration, size int64, err error) {
	if err != nil && !isPassing(asError(err)) {
		return
	}
	t.tempo.took(pace(d, size), err)
	if err != nil {
		return
	}
	t.parts.Lock()
	defer t.parts.Unlock()
	t.sent[t.next%partsKept] = sentPart{began, d, size}
	t.next++
}

// overtaken reports whether a part of size bytes that began then, and has taken age, is slower by
// far than parts beside it: they were under way for half of their time and more since it began.
func (t *partTempo) overtaken(began time.Time, age time.Duration, size int64) bool {
	t.parts.Lock()
	defer t.parts.Unlock()
	quick := 0
	for i := range min(t.next, partsKept) {
		p := &t.sent[i]
		if p.size >= size/2 && !p.began.Add(p.took/2).Before(began) &&
			scale(p.took, size, max(p.size, 1)) <= age/hedgeFactor {
			quick++
		}
	}
	return quick >= overtakers
}
