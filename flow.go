package storage

import (
	"context"
	"slices"
	"sync"
	"time"
)

// flow decides how many requests the transfers of a Bucket have under way in one direction. It is
// shared by all of them, and gives each request a slot. How many slots there are is what the
// learner has found out. The zero value with most set is ready.
//
// A transfer that has no slot is given one without a wait, so that none depends on another. Of
// those that want one more, the one with the fewest comes first. Those whose first request is still
// under way are thought of, too: of many that begin at once, the first does not take all.
type flow struct {
	most int

	mu      sync.Mutex
	learner learner
	busy    int         // requests under way
	hedge   bool        // there is one beside them
	queue   []*turn     // in the order in which they asked
	members int         // transfers that have a slot or wait for one
	opening int         // requests that may become transfers
	large   float64     // the share of those that did, of the last few
	known   int         // how many those are
	due     []time.Time // when such a request became a transfer that has no slot yet
	again   *time.Timer // looks again at those that wait while there are slots; nil: nobody does
	starved int         // transfers that would have more requests under way, and have no memory
}

// member is a transfer in a flow, whose mu guards it. It waits for one slot at a time.
type member struct {
	flow    *flow
	since   time.Time // when it first had a slot
	held    int       // slots
	waiting bool      // for one more
}

// turn is a request that waits for its slot.
type turn struct {
	of    *member
	begin func()
}

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

// opens notes a request that a transfer may follow. opened notes its end, and whether one does.
func (f *flow) opens() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.opening++
}

func (f *flow) opened(transfer bool) {
	f.mu.Lock()
	f.opening--
	now := time.Now()
	f.overdue(now)
	if transfer {
		f.due = append(f.due, now)
	} else {
		f.became(0)
	}
	turns := f.grant()
	f.mu.Unlock()
	begin(turns)
}

const (
	// largeMemory is over how many requests the share of those that become transfers is taken.
	largeMemory = 8

	// youth is in how many trips a transfer that has begun thinks of those that begin with it.
	youth = 4

	// lookAgain is how long a transfer that begins may take until it has a slot, and after what
	// time those that wait are looked at again although none has given a slot back.
	lookAgain = 5 * time.Millisecond
)

// expected is how many transfers there will soon be beside those of now. mu is held.
func (f *flow) expected(now time.Time) int {
	f.overdue(now)
	return int(f.large*float64(f.opening+len(f.due)) + 0.5)
}

// overdue forgets what has failed meanwhile, or needs no slot. mu is held.
func (f *flow) overdue(now time.Time) {
	for len(f.due) > 0 && now.Sub(f.due[0]) > lookAgain {
		f.due = f.due[1:]
		f.became(0)
	}
}

// became learns how many of the requests become transfers: 1, it did; 0, it did not. mu is held.
func (f *flow) became(one float64) {
	f.known = min(f.known+1, largeMemory)
	f.large += (one - f.large) / float64(f.known)
}

// ask takes a slot and returns true, or calls begin later, when there is one for it, on the
// goroutine of another request. begin must not block.
func (m *member) ask(begun func()) (*turn, bool) {
	f := m.flow
	f.mu.Lock()
	if m.held == 0 || len(f.queue) == 0 && f.busy < f.learner.width && f.allows(m) {
		f.take(m)
		f.mu.Unlock()
		return nil, true
	}
	t := &turn{m, begun}
	m.waiting = true
	f.queue = append(f.queue, t)
	turns := f.grant()
	f.mu.Unlock()
	i := slices.Index(turns, t)
	if i >= 0 {
		turns = slices.Delete(turns, i, i+1)
	}
	begin(turns)
	return t, i >= 0
}

// join takes a slot without a wait, beside those that the transfer has.
func (m *member) join() {
	m.flow.mu.Lock()
	defer m.flow.mu.Unlock()
	m.flow.take(m)
}

// withdraw takes t out of the queue. It returns false if t has its slot.
func (f *flow) withdraw(t *turn) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	i := slices.Index(f.queue, t)
	if i < 0 {
		return false
	}
	f.queue = slices.Delete(f.queue, i, i+1)
	t.of.waiting = false
	return true
}

// enter waits for a slot. It returns false if ctx ends before.
func (m *member) enter(ctx context.Context) bool {
	came := make(chan struct{})
	t, ok := m.ask(func() { close(came) })
	if ok {
		return true
	}
	select {
	case <-came:
		return true
	case <-ctx.Done():
		if !m.flow.withdraw(t) {
			m.leave(time.Time{}, 0)
		}
		return false
	}
}

// take counts a request of m. mu is held.
func (f *flow) take(m *member) {
	now := time.Now()
	if f.learner.width == 0 {
		f.learner.begin(f.most)
	}
	if m.held == 0 {
		f.members++
	}
	if m.since.IsZero() {
		m.since = now
		if len(f.due) > 0 {
			f.due = f.due[1:]
			f.became(1)
		}
	}
	m.held++
	f.busy++
	f.look(now)
}

// grant takes slots for those that wait, as far as there are any, and returns their turns. mu is
// held.
func (f *flow) grant() (turns []*turn) {
	for f.busy < f.learner.width && len(f.queue) > 0 {
		next := -1
		for i, t := range f.queue {
			if (next < 0 || t.of.held < f.queue[next].of.held) && f.allows(t.of) {
				next = i
			}
		}
		if next < 0 {
			f.later()
			break
		}
		turns = append(turns, f.admit(next))
	}
	return turns
}

// later looks again at those that wait. Until then others may have begun, or not. mu is held.
func (f *flow) later() {
	if f.again != nil {
		return
	}
	f.again = time.AfterFunc(lookAgain, func() {
		f.mu.Lock()
		f.again = nil
		turns := f.grant()
		f.mu.Unlock()
		begin(turns)
	})
}

// admit takes a slot for turn i of the queue. mu is held.
func (f *flow) admit(i int) *turn {
	t := f.queue[i]
	f.queue = slices.Delete(f.queue, i, i+1)
	t.of.waiting = false
	f.take(t.of)
	return t
}

// allows reports whether m may have one of the slots that are left. mu is held.
func (f *flow) allows(m *member) bool {
	now := time.Now()
	coming := f.expected(now)
	if coming == 0 || now.Sub(m.since) > max(youth*f.learner.trip, leastEpoch) {
		return true
	}
	share := max(f.learner.width/(f.members+coming), 1)
	return m.held < share || f.busy+coming*share < f.learner.width
}

// begin lets those go that have their slots now.
func begin(turns []*turn) {
	for _, t := range turns {
		t.begin()
	}
}

// leave gives a slot back. The request began at that time and moved n bytes; 0: it says nothing.
func (m *member) leave(began time.Time, n int64) {
	f := m.flow
	f.mu.Lock()
	now := time.Now()
	f.busy--
	if m.held--; m.held == 0 {
		f.members--
	}
	if n > 0 {
		f.learner.ended(began, now, n)
	}
	f.look(now)
	var turns []*turn
	if m.held == 0 && m.waiting {
		turns = append(turns, f.admit(slices.IndexFunc(f.queue, func(t *turn) bool {
			return t.of == m
		})))
	}
	turns = append(turns, f.grant()...)
	if f.busy == 0 {
		f.learner.idle()
	}
	f.mu.Unlock()
	begin(turns)
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
func (f *flow) look(now time.Time) { f.learner.look(now, f.busy, f.members, f.starved > 0) }

// refused shrinks the width, because the service asks for less. While more requests than that are
// under way, they say nothing of it.
func (f *flow) refused() {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.busy <= f.learner.width {
		f.learner.refused(time.Now())
	}
}
