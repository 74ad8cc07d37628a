package storage

import "time"

const (
	// perMilli is how many requests are made at first for each millisecond that an answer takes: a
	// service far away has a limit for each connection, and a near one for all of them.
	perMilli = 4

	// leastWidth is how many are made at first at least.
	leastWidth = 2

	// nearTrip is an answer from memory, a directory, or a service in the same room. One connection
	// to that has no limit of its own, and the processor is the limit.
	nearTrip = 2 * time.Millisecond

	leastEpoch   = 100 * time.Millisecond
	epochPerTrip = 10 // an epoch lasts so many times the time to an answer

	leastEnded = 4 // so many requests have ended in it, and half of those under way

	mostBefore = 8 // they began before it by such a part of their time at most

	calmEpochs     = 8  // before the first trial, and between two of them
	mostCalmEpochs = 64 // it doubles to that

	// slowRequest is how long a request takes that seems to have too little of the link. The first
	// trial then comes at once, and is of the width at which one takes so long, or of half.
	slowRequest = time.Second

	growthAt = 1.05 // a larger width is kept that gives so much of the rate
	keepAt   = 0.92 // a smaller width is kept that gives so much of it
	doubtAt  = 0.88 // and measured once more from here on
)

// learner finds out how many requests at once a link is worth, its width.
//
// It goes by epochs. In an epoch the width does not change, its slots are taken, and as many
// requests begin and end. Their bytes by their time are the speed of one request, and times their
// number it is the rate. So neither a slow consumer nor a slow source looks like a slow service:
// while they leave slots free, nothing is learned.
//
// After some calm epochs comes a trial of another width, smaller and larger in turn. A smaller one
// is kept if the rate stays the same, and a larger one if it grows. What was kept is tried further
// at once. What was not makes the next calm twice as long. A learner is not safe for concurrent
// use.
//
// Each transfer has a request of its own, whatever the width. So a smaller width that is tried has
// a slot for each of them, and a larger one is larger than their number, too.
type learner struct {
	most      int
	width     int           // 0: not known yet
	transfers int           // that have a request
	trip      time.Duration // to an answer, at best
	heard     bool          // there was one

	epoch  epoch
	rate   float64 // bytes a second at this width; 0: unknown
	calm   int     // epochs until the next trial
	length int     // of the next calm, in epochs
	grow   bool    // the next trial is of a larger width
	bold   bool    // a trial of a smaller width is of half of it
	trial  *trial
	shrunk time.Time // when the service last asked for less
}

// epoch is the time in which a width is measured.
type epoch struct {
	began time.Time // zero: more requests are under way than belong to the width
	full  time.Time // since when all slots are taken; zero: they are not
	taken time.Duration
	level int           // most requests that were under way
	ended int           // requests that began and ended in it
	bytes int64         // of them
	time  time.Duration // of them
}

// trial is a width that is tried.
type trial struct {
	from   int // the width before
	larger bool
	rate   float64 // the first measurement of two; 0: there is none yet
}

// answered notes how long the service took for an answer without a payload before it.
func (l *learner) answered(trip time.Duration) {
	l.heard = true
	if l.trip == 0 {
		l.trip = trip
	}
	l.trip = min(trip, l.trip+l.trip/16)
}

// near reports whether bytes come no sooner by more requests.
func (l *learner) near() bool { return l.trip > 0 && l.trip < nearTrip }

// begin chooses the first width. Nobody knows the way to a service that has not answered: it may be
// far away.
func (l *learner) begin(most int) {
	l.most, l.width = most, most
	if l.heard {
		l.width = min(max(int(perMilli*l.trip/time.Millisecond), leastWidth), most)
	}
	l.calm, l.length = calmEpochs, calmEpochs
}

// ended takes a request that moved n bytes.
func (l *learner) ended(began, now time.Time, n int64) {
	e, took := &l.epoch, now.Sub(began)
	if !e.began.IsZero() && e.began.Sub(began) <= took/mostBefore {
		e.ended++
		e.bytes += n
		e.time += took
	}
}

// look takes the number of requests that are under way, and of transfers that have them, after each
// change. starved says that there is no memory for more of them. If the epoch is over, its rate is
// learned.
func (l *learner) look(now time.Time, busy, transfers int, starved bool) {
	l.transfers = transfers
	e := &l.epoch
	full := busy >= l.width || starved && busy > 0
	if e.began.IsZero() {
		if busy > l.fewest() {
			return
		}
		*e = epoch{began: now}
	}
	if !e.full.IsZero() {
		e.taken += now.Sub(e.full)
		e.full = time.Time{}
	}
	if full {
		e.full = now
	}
	e.level = max(e.level, busy)
	took := now.Sub(e.began)
	if took < max(leastEpoch, epochPerTrip*l.trip) {
		return
	}
	over := *e
	switch {
	case e.taken*5 < took*4: // the transfers wait for something else
		if l.trial != nil && l.trial.larger {
			l.cancel()
		}
	case e.ended < max(e.level/2, leastEnded):
		return
	}
	*e = epoch{began: now, level: busy}
	if full {
		e.full = now
	}
	if over.taken*5 >= took*4 {
		l.learn(over)
	}
}

// fewest is how many requests are under way at this width once what was begun before it has ended.
func (l *learner) fewest() int { return max(l.width, l.transfers) }

// become sets the width, and the next epoch begins when it holds.
func (l *learner) become(width int) {
	l.width = min(max(width, 1), l.most)
	l.epoch = epoch{}
}

// learn draws the conclusion from an epoch.
func (l *learner) learn(e epoch) {
	rate := float64(e.bytes) / e.time.Seconds() * float64(e.level)
	t := l.trial
	if t == nil {
		if l.rate == 0 {
			l.rate = rate
			if each := e.time / time.Duration(e.ended); each >= slowRequest {
				l.calm, l.bold = 0, true
				few := int(2 * time.Duration(e.level) * slowRequest / each)
				e.level = min(e.level, max(few, l.transfers+1))
			}
		}
		l.rate = (l.rate + rate) / 2
		if l.calm--; l.calm <= 0 {
			l.try(e.level)
		}
		return
	}
	gain := rate / l.rate
	switch {
	case !t.larger && e.level > l.width: // a crowd came, whose rate says nothing of the width
		l.cancel()
	case t.larger && gain > growthAt, !t.larger && gain >= keepAt:
		// The rate is that of the best width so far, so that small losses do not add up.
		l.rate = max(rate, l.rate)
		l.trial, l.length = nil, calmEpochs
		l.grow, l.bold = t.larger, true
		l.try(l.width)
	case !t.larger && gain >= doubtAt && t.rate == 0:
		t.rate = rate
	case !t.larger && t.rate > 0 && (t.rate+rate)/2 >= keepAt*l.rate:
		l.trial = nil
		l.try(l.width)
	default:
		l.cancel()
	}
}

// try begins a trial, where level requests are under way. Those beyond the width have no slot.
func (l *learner) try(level int) {
	level = min(level, l.width)
	switch {
	case l.grow && l.fewest() < l.most:
		l.trial = &trial{from: l.width, larger: true}
		l.become(2 * l.fewest())
	case !l.grow && level > max(l.transfers, 1):
		l.trial = &trial{from: l.width}
		fewer := level * 3 / 4 // which costs little if each request has a limit of its own
		if l.bold {
			fewer = (level + 1) / 2
		}
		l.become(max(fewer, l.transfers))
	default:
		l.rest(!l.grow)
	}
}

// cancel ends a trial, and the width is again what it was.
func (l *learner) cancel() {
	if t := l.trial; t != nil {
		l.trial, l.bold = nil, false
		l.rest(!t.larger)
		l.become(t.from)
	}
}

// rest waits with the next trial, for longer each time.
func (l *learner) rest(grow bool) {
	l.grow = grow
	l.calm = l.length
	l.length = min(2*l.length, mostCalmEpochs)
}

// idle notes that nothing is under way.
func (l *learner) idle() {
	l.cancel()
	l.epoch = epoch{}
}

// refused shrinks the width, because the service asks for less.
func (l *learner) refused(now time.Time) {
	if l.width == 0 || now.Sub(l.shrunk) < max(leastEpoch, epochPerTrip*l.trip) {
		return
	}
	l.shrunk, l.trial, l.rate = now, nil, 0
	l.rest(true)
	l.become(l.width / 2)
}
