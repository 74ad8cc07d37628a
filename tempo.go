package storage

import (
	"slices"
	"sync"
	"time"
)

const (
	tempoSamples = 128 // that a tempo remembers
	tempoLeast   = 32  // before it tells anything
	tempoEvery   = 16  // between two looks at all of them

	// hedgeFactor and hedgeTail tell what is slower by far: so many times the median, and so many
	// times what nine of ten keep to.
	hedgeFactor, hedgeTail = 3, 2

	// hedgeFloor is the shortest time after which a request is slow: below it a busy machine looks
	// like a slow service.
	hedgeFloor = 25 * time.Millisecond

	// hedgeLeast is what is slow where hedges are made: on a disk, and in memory, all requests wait
	// for the same thing.
	hedgeLeast = time.Millisecond

	// hedgePrice is how many requests pay for one more. What they have paid is kept for mostHedges.
	hedgePrice, mostHedges = 20, 16

	hedgesAtOnce = 4
	hedgeLosses  = 2 // in a row, after which the service is slow and not the request
)

// tempo is what a Bucket has learned of how long one kind of request takes to its answer, and how
// many of them it may make twice. The zero value is ready.
type tempo struct {
	mu      sync.Mutex
	samples [tempoSamples]time.Duration
	count   int // of all samples so far
	slow    time.Duration
	paid    int // by requests, each 1
	flying  int // hedges
	losses  int // in a row
	calm    int // requests until hedges are made again
}

// patience is after what time a request is slow; 0: nobody knows, or the service is as near as a
// disk.
func (t *tempo) patience() time.Duration {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.paid = min(t.paid+1, hedgePrice*mostHedges)
	return t.limit()
}

// known is patience without a request that pays for it.
func (t *tempo) known() time.Duration {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.limit()
}

// limit is after what time a request is slow. mu is held.
func (t *tempo) limit() time.Duration {
	if t.slow < hedgeLeast || t.calm > 0 {
		return 0
	}
	return max(t.slow, hedgeFloor)
}

// took notes a request that ended after d, with err.
func (t *tempo) took(d time.Duration, err error) {
	failed := false
	if err != nil {
		e := asError(err)
		if failed = isPassing(e); e.Kind == nil {
			return // it was cut, and says nothing
		}
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if failed {
		t.calm = tempoLeast
		return
	}
	t.calm = max(t.calm-1, 0)
	t.add(d)
}

// add notes a time. mu is held.
func (t *tempo) add(d time.Duration) {
	t.samples[t.count%tempoSamples] = d
	if t.count++; t.count < tempoLeast || t.count%tempoEvery != 0 {
		return
	}
	sorted := t.samples
	known := sorted[:min(t.count, tempoSamples)]
	slices.Sort(known)
	t.slow = max(hedgeFactor*known[len(known)/2], hedgeTail*known[len(known)*9/10])
}

// spend takes the price of a hedge.
func (t *tempo) spend() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.paid < hedgePrice || t.calm > 0 || t.flying >= hedgesAtOnce {
		return false
	}
	t.paid -= hedgePrice
	t.flying++
	return true
}

// hedged notes the end of a hedge. The request that it was made for had not ended after d.
func (t *tempo) hedged(won bool, d time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.flying--
	if won {
		t.losses = 0
		t.add(d)
		return
	}
	if t.losses++; t.losses >= hedgeLosses {
		t.losses, t.calm = 0, tempoLeast
	}
}
