package storage

import (
	"io"
	"sync"
	"time"
)

// firstLook is when a body is looked at of which nobody knows yet how long one takes.
const firstLook = 500 * time.Millisecond

// crawl watches the body of a range. If the body takes longer by far than those beside it, the rest
// is asked for on another connection, and the body is cut once that has an answer. Whoever reads
// the range goes on with the rest. Only the waits for the service count: the consumer, the disk and
// Options.Bandwidth may be slow.
//
// The methods of a nil crawl do nothing.
type crawl struct {
	tempo   *partTempo
	flow    *flow
	calm    func() bool     // no request is held back
	fresh   func() *attempt // for one more request
	ask     func(a *attempt, at, size int64) *rest
	current func() *attempt // the request under way
	end     int64           // of the range

	mu       sync.Mutex
	timer    *time.Timer
	patience time.Duration // 0: nobody knows
	leg      leg
	before   *leg          // for which the rest was asked for; nil: none
	since    time.Time     // when the wait of now began; zero: nothing is waited for
	next     *rest         // has come, and is not taken
	asker    *attempt      // that asks for it; nil: none does
	asked    chan struct{} // closed when it has
	over     bool
}

// leg is what is read of a range by one request, as far as it is not cut.
type leg struct {
	began  time.Time
	at     int64 // the next byte
	size   int64 // to the end of the range, at first
	waited time.Duration
}

func (l *leg) got(end int64) int64 { return l.size - (end - l.at) }

// rest is the answer for the bytes from at on, to given.
type rest struct {
	body      io.ReadCloser
	attempt   *attempt
	at, given int64
}

func (r *rest) drop() {
	r.attempt.release(&Error{Err: errOutrun})
	r.body.Close()
}

// begin watches the bytes from at on. done is called behind them.
func (c *crawl) begin(at, size int64) {
	c.end = at + size
	c.leg = leg{began: time.Now(), at: at, size: size}
	c.patience = c.tempo.patience(size)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.timer = time.AfterFunc(max(c.patience, firstLook), c.look)
}

// opened notes a body that was asked for by the reader itself. What came before says nothing of it.
func (c *crawl) opened() {
	if c == nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.judge(false)
	c.before = nil
	c.leg = leg{began: time.Now(), at: c.leg.at, size: c.end - c.leg.at}
}

// waits notes that the service is waited for.
func (c *crawl) waits() {
	if c == nil {
		return
	}
	c.mu.Lock()
	c.since = time.Now()
	c.mu.Unlock()
}

// came notes the end of a wait, and n bytes.
func (c *crawl) came(n int) {
	if c == nil {
		return
	}
	c.mu.Lock()
	c.count()
	c.since = time.Time{}
	c.leg.at += int64(n)
	c.mu.Unlock()
}

// count adds the wait of now to the leg. mu is held.
func (c *crawl) count() {
	if !c.since.IsZero() {
		now := time.Now()
		c.leg.waited += now.Sub(c.since)
		c.since = now
	}
}

// take returns the rest of a range whose body was cut, and is gone, once; nil: there is none.
func (c *crawl) take() *rest {
	if c == nil {
		return nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	r := c.next
	if r != nil {
		c.next = nil
		c.flow.hedged(false)
	}
	return r
}

// look asks for the rest if the body is too slow, or looks again later.
func (c *crawl) look() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.over {
		return
	}
	t, l := c.tempo, &c.leg
	if c.patience == 0 {
		c.patience = t.known(l.size)
	}
	c.count()
	// While the target is waited for, nobody would take the rest, and it would keep others waiting.
	left := c.patience - l.waited
	if c.patience == 0 || left > 0 || c.since.IsZero() {
		c.timer.Reset(max(left, hedgeFloor))
		return
	}
	a := c.current()
	if a == nil || c.next != nil || l.at >= c.end || !t.overtaken(l.began, l.waited, l.size) ||
		!c.calm() || !t.spend(c.flow) {
		c.timer.Reset(c.patience)
		return
	}
	c.judge(false)
	gone := *l
	c.before = &gone
	c.replace(a)
	if !c.over {
		c.timer.Reset(max(c.patience, hedgeFloor))
	}
}

// replace asks for the rest, and cuts a when it comes. mu is held, but not while the question is
// under way.
func (c *crawl) replace(a *attempt) {
	at, asker := c.leg.at, c.fresh()
	c.asker, c.asked = asker, make(chan struct{})
	c.mu.Unlock()
	r := c.ask(asker, at, c.end-at)
	c.mu.Lock()
	defer close(c.asked)
	c.asker = nil
	if r != nil && (c.over || c.current() != a) {
		r.drop()
		r = nil
	}
	if r == nil {
		c.flow.hedged(false)
		c.judge(false)
		c.before = nil
		return
	}
	c.before.at = c.leg.at
	c.leg = leg{began: time.Now(), at: c.leg.at, size: c.end - c.leg.at}
	c.patience = c.tempo.known(c.leg.size)
	c.next = r
	a.cut(errOutrun)
}

// judge notes whether the request after a cut was worth it. mu is held.
func (c *crawl) judge(won bool) {
	if c.before != nil {
		c.tempo.hedged(won, pace(c.before.waited, c.before.size))
	}
}

// done notes that the range has been read, or that err kept it from that.
func (c *crawl) done(err error) {
	if c == nil {
		return
	}
	c.mu.Lock()
	c.over = true
	c.timer.Stop()
	asker, asked := c.asker, c.asked
	c.mu.Unlock()
	if asker != nil {
		asker.cut(errOutrun)
		<-asked
	}
	if r := c.take(); r != nil {
		r.drop()
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	l, was := &c.leg, c.before
	if was == nil {
		c.tempo.took(l.began, l.waited, l.size, err)
		return
	}
	// It was worth it if the rest came at twice the speed.
	c.judge(err == nil && l.waited < scale(was.waited, l.size, max(was.got(c.end), 1))/2)
}
