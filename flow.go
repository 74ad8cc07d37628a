package storage

import (
	"context"
	"sync"
	"time"
)

// flow decides how many requests the transfers of a Bucket have under way in one direction. It is
// shared by all of them, and gives each request a slot. The first request of a transfer is never
// waited for. How many slots there are is what the learner has found out. The zero value with most
// set is ready.
type flow struct {
	most int

	mu      sync.Mutex
	learner learner
	busy    int     // requests under way
	hedge   bool    // there is one beside them
	queue   []*turn // in the order in which they asked
	starved int     // transfers that would have more requests under way, and have no memory
}

// turn is a request that waits for its slot.
type turn struct{ begin func() }

// answered notes how long the service took for an answer without a payload before it.
func (f *flow) answered(trip time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.learner.answered(trip)
}

// near reports whether bytes come no sooner by more requests.
func (f *flow) near() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.learner.near()
}

// ask takes a slot and returns true, or calls begin later, when there is one for it, on the
// goroutine of another request. begin must not block.
func (f *flow) ask(first bool, begin func()) (*turn, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.learner.width == 0 {
		f.learner.begin(f.most)
	}
	if first || f.busy < f.learner.width && len(f.queue) == 0 {
		f.take()
		return nil, true
	}
	t := &turn{begin}
	f.queue = append(f.queue, t)
	return t, false
}

// withdraw takes t out of the queue. It returns false if t has its slot.
func (f *flow) withdraw(t *turn) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	for i, other := range f.queue {
		if other == t {
			f.queue = append(f.queue[:i], f.queue[i+1:]...)
			return true
		}
	}
	return false
}

// enter waits for a slot. It returns false if ctx ends before.
func (f *flow) enter(ctx context.Context, first bool) bool {
	came := make(chan struct{})
	t, ok := f.ask(first, func() { close(came) })
	if ok {
		return true
	}
	select {
	case <-came:
		return true
	case <-ctx.Done():
		if !f.withdraw(t) {
			f.leave(time.Time{}, 0)
		}
		return false
	}
}

// take counts a request. mu is held.
func (f *flow) take() {
	f.busy++
	f.look(time.Now())
}

// leave gives a slot back. The request began at that time and moved n bytes; 0: it says nothing.
func (f *flow) leave(began time.Time, n int64) {
	f.mu.Lock()
	now := time.Now()
	f.busy--
	if n > 0 {
		f.learner.ended(began, now, n)
	}
	f.look(now)
	var go_ []*turn
	for len(f.queue) > 0 && f.busy < f.learner.width {
		go_ = append(go_, f.queue[0])
		f.queue = f.queue[1:]
		f.take()
	}
	if f.busy == 0 {
		f.learner.idle()
	}
	f.mu.Unlock()
	for _, t := range go_ {
		t.begin()
	}
}

// hedged begins or ends a hedge, which has no slot. There is one at a time, so that there is one
// request beyond most: false if there is one already.
func (f *flow) hedged(begins bool) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	was := f.hedge
	f.hedge = begins
	return begins != was
}

// starve says whether a transfer waits until requests of its own give back their memory.
func (f *flow) starve(waits bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if waits {
		f.starved++
	} else {
		f.starved--
	}
	f.look(time.Now())
}

// look shows the learner what is under way. mu is held.
func (f *flow) look(now time.Time) { f.learner.look(now, f.busy, f.starved > 0) }

// refused shrinks the width, because the service asks for less.
func (f *flow) refused() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.learner.refused(time.Now())
}
