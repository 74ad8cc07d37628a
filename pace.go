package storage

import (
	"context"
	"math"
	"sync"
	"sync/atomic"
	"time"
)

// pacer limits the rate of bytes. A nil pacer does not.
//
// Who waits stands in a queue, and has paid nothing before its bytes may pass. So a call that gives
// up takes nothing from those behind it. Where all wait for nearly as long as they may, one that
// has its turn would have no time left to send its bytes. It stands at the end once, so that those
// who can use their turn have it.
type pacer struct {
	rate    int64         // bytes per second
	turn    chan struct{} // holds the first of the queue; the others wait, in the order they came
	waiting atomic.Int32  // those others

	mu   sync.Mutex
	paid time.Time // when the bytes let through so far are paid for
}

// paceSlack is how far the bytes let through may be behind the rate, and catch up: a transfer by
// one request waits for bytes and for its turn one after the other.
const paceSlack = 100 * time.Millisecond

func newPacer(rate int64) *pacer { return &pacer{rate: rate, turn: make(chan struct{}, 1)} }

// wait returns when n bytes may pass, after those that asked before. The error is that of ctx,
// which has ended before.
func (p *pacer) wait(ctx context.Context, n int64) error {
	if p == nil || n <= 0 {
		return nil
	}
	came := time.Now()
	for again := false; p.enter(ctx); again = true {
		passed, late := p.first(ctx, came, n, again)
		<-p.turn
		if passed {
			return nil
		}
		if !late {
			break
		}
	}
	<-ctx.Done() // who cannot pass in time waits for the end aside, and holds up nobody
	return &Error{Err: ctx.Err()}
}

// enter waits to be the first of the queue. It returns false if ctx ends before.
func (p *pacer) enter(ctx context.Context) bool {
	p.waiting.Add(1)
	defer p.waiting.Add(-1)
	select {
	case p.turn <- struct{}{}:
		return true
	case <-ctx.Done():
		return false
	}
}

// first waits as the first of the queue, until n bytes may pass. Otherwise it returns whether they
// would pass late, and others wait; this is asked but once. If not, ctx ends before.
func (p *pacer) first(
	ctx context.Context, came time.Time, n int64, again bool,
) (passed, late bool) {
	for {
		left := p.pass(came, n)
		if left <= 0 {
			return true, false
		}
		if end, ok := ctx.Deadline(); ok {
			switch spare := time.Until(end) - left; {
			case spare < 0:
				return false, false
			case !again && spare < min(p.time(n), time.Since(came)) && p.waiting.Load() > 0:
				return false, true
			}
		}
		t := time.NewTimer(left)
		select {
		case <-t.C:
		case <-ctx.Done():
			t.Stop()
			return false, false
		}
	}
}

// pass lets n bytes through, or returns how long they have to wait yet. They are paid for by all
// time since they came that nobody has used, and those behind them by the slack of it at most.
func (p *pacer) pass(came time.Time, n int64) time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	due := p.after(came, n)
	if left := due.Sub(now); left > 0 {
		return left
	}
	p.paid = due
	p.paid = p.after(now, 0)
	return 0
}

// received pays for n bytes that have come already. Where ctx ends before, those that come next
// wait for these, too.
func (p *pacer) received(ctx context.Context, n int64) {
	if p.wait(ctx, n) != nil {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.paid = p.after(time.Now(), n)
	}
}

// after is when n bytes are paid for that came then, behind those let through so far. mu is held.
func (p *pacer) after(came time.Time, n int64) time.Time {
	from := came.Add(-paceSlack)
	if p.paid.After(from) {
		from = p.paid
	}
	return from.Add(p.time(n))
}

// time is how long n bytes take at the rate.
func (p *pacer) time(n int64) time.Duration {
	return time.Duration(float64(n) / float64(p.rate) * float64(time.Second))
}

// most is how many bytes are taken at once where they are paid for afterwards.
func (p *pacer) most() int64 {
	if p == nil {
		return math.MaxInt64
	}
	return max(p.rate/int64(time.Second/paceSlack), 1)
}
