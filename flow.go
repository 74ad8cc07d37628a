package storage

import (
	"context"
	"sync"
	"time"
)

const (
	// perMilli is how many requests a flow begins with for each millisecond that an answer takes.
	perMilli = 4

	// leastWidth is what it begins with at least.
	leastWidth = 2

	leastEpoch   = 100 * time.Millisecond
	epochPerTrip = 10                     // an epoch lasts so many times the time to an answer
	flowPatience = 400 * time.Millisecond // before the first trial

	calmEpochs     = 8  // between two trials
	mostCalmEpochs = 64 // it doubles to that

	keepAt   = 0.90 // a smaller width is kept that gives so much of the rate
	doubtAt  = 0.80 // and measured once more from here on
	growthAt = 1.05 // a larger width is kept that gives so much of the rate
)

// flow decides how many requests the transfers of a Bucket have under way in one direction. It is
// shared by all of them, and gives each request a slot. The first request of a transfer is never
// waited for.
//
// Its width is found by trials. A smaller one is kept if the requests together are as fast, and a
// larger one if they are faster. The speed of a request is its bytes by its time, so neither a slow
// consumer nor a slow source looks like a slow service: while they leave slots free, nothing is
// learned. The zero value with most set is ready.
type flow struct {
	most int

	mu    sync.Mutex
	trip  time.Duration // to an answer, at best
	width int           // 0: not known yet
	busy  int
	queue []*turn // in the order in which they asked

	// The epoch.
	settled bool      // no more requests are under way than the width
	began   time.Time // when it was settled
	full    time.Time // since when all slots are taken; zero: they are not
	taken   time.Duration
	bytes   int64         // of the requests that began and ended in it
	time    time.Duration // of them
	ended   int           // their number

	// What it has learned.
	rate   float64 // bytes a second at this width; 0: unknown
	calm   int     // epochs until the next trial
	length int     // of the next calm, in epochs
	grow   bool    // the next trial is of a larger width
	trial  *trial
	shrunk time.Time // when the service last asked for less
}

// trial is a width that is tried.
type trial struct {
	from   int     // the width before
	rate   float64 // the first measurement of two; 0: there is none yet
	larger bool
}

// turn is a request that waits for its slot.
type turn struct{ begin func() }

// answered notes how long the service took for an answer without a payload before it.
func (f *flow) answered(trip time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.trip == 0 {
		f.trip = trip
	}
	f.trip = min(trip, f.trip+f.trip/16)
}

// ask takes a slot and returns true, or calls begin later, when there is one for it, on the
// goroutine of another request. begin must not block.
func (f *flow) ask(first bool, begin func()) (*turn, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.width == 0 {
		f.width = int(min(max(perMilli*f.trip/time.Millisecond, leastWidth), time.Duration(f.most)))
		f.width = min(f.width, f.most)
		f.length = calmEpochs
		f.calm = int((flowPatience + f.epoch() - 1) / f.epoch())
	}
	if first || f.busy < f.width && len(f.queue) == 0 {
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
	f.measure(time.Now())
}

// leave gives a slot back. The request began at that time and moved n bytes; 0: it says nothing.
func (f *flow) leave(began time.Time, n int64) {
	f.mu.Lock()
	now := time.Now()
	f.busy--
	if n > 0 && f.settled && !began.Before(f.began) {
		f.bytes += n
		f.time += now.Sub(began)
		f.ended++
	}
	f.measure(now)
	var go_ []*turn
	for len(f.queue) > 0 && f.busy < f.width {
		go_ = append(go_, f.queue[0])
		f.queue = f.queue[1:]
		f.take()
	}
	f.mu.Unlock()
	for _, t := range go_ {
		t.begin()
	}
}

func (f *flow) epoch() time.Duration { return max(leastEpoch, epochPerTrip*f.trip) }

// measure notes what is under way, and ends the epoch if it is over. mu is held.
func (f *flow) measure(now time.Time) {
	if !f.settled {
		if f.busy > f.width {
			return
		}
		f.restart(now)
	}
	if !f.full.IsZero() {
		f.taken += now.Sub(f.full)
		f.full = time.Time{}
	}
	if f.busy >= f.width {
		f.full = now
	}
	took := now.Sub(f.began)
	if took < f.epoch() {
		return
	}
	if f.taken*5 < took*4 { // transfers wait for something else
		f.restart(now)
		return
	}
	// Each slot has told its speed.
	if f.ended < f.width {
		return
	}
	rate := float64(f.bytes) / f.time.Seconds() * float64(f.width)
	f.restart(now)
	f.learn(rate)
}

// restart begins an epoch. mu is held.
func (f *flow) restart(now time.Time) {
	f.settled, f.began, f.taken, f.bytes, f.time, f.ended = true, now, 0, 0, 0, 0
	f.full = time.Time{}
	if f.busy >= f.width {
		f.full = now
	}
}

// become sets the width, and the next epoch begins when it holds. mu is held.
func (f *flow) become(width int) {
	f.width = min(max(width, 1), f.most)
	f.settled = false
}

// learn draws the conclusion from an epoch. mu is held.
func (f *flow) learn(rate float64) {
	t := f.trial
	if t == nil {
		if f.rate == 0 {
			f.rate = rate
		}
		f.rate = (f.rate + rate) / 2
		if f.calm--; f.calm <= 0 {
			f.try()
		}
		return
	}
	gain := rate / f.rate
	switch {
	case t.larger && gain > growthAt, !t.larger && gain >= keepAt:
		// The rate is that of the best width so far, so that small losses do not add up.
		f.rate = max(rate, f.rate)
		f.trial, f.length = nil, calmEpochs
		f.grow = t.larger
		f.try()
	case !t.larger && gain >= doubtAt && t.rate == 0:
		t.rate = rate
	case !t.larger && t.rate > 0 && (t.rate+rate)/2 >= keepAt*f.rate:
		f.trial = nil
		f.try()
	default:
		f.trial = nil
		f.rest(!t.larger)
		f.become(t.from)
	}
}

// rest waits with the next trial, for longer each time.
func (f *flow) rest(grow bool) {
	f.grow = grow
	f.calm = f.length
	f.length = min(2*f.length, mostCalmEpochs)
}

// try begins a trial. mu is held.
func (f *flow) try() {
	from := f.width
	first := f.rate == 0
	switch {
	case f.grow && f.width < f.most:
		f.trial = &trial{from: from, larger: true}
		f.become(max(2*f.width, 2))
	case !f.grow && f.width > 1 && !first:
		f.trial = &trial{from: from}
		if f.width == f.most || f.length > calmEpochs {
			f.become(f.width * 3 / 4)
		} else {
			f.become(f.width / 2)
		}
	default:
		f.rest(!f.grow)
	}
}

// refused shrinks the width, because the service asks for less.
func (f *flow) refused() {
	f.mu.Lock()
	defer f.mu.Unlock()
	now := time.Now()
	if f.width == 0 || now.Sub(f.shrunk) < f.epoch() {
		return
	}
	f.shrunk, f.trial, f.rate = now, nil, 0
	f.rest(true)
	f.become(f.width / 2)
}
