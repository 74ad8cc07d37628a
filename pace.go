package storage

import (
	"context"
	"sync"
	"time"
)

// pacer limits the rate of bytes. A nil pacer does not.
type pacer struct {
	rate int64 // bytes per second
	mu   sync.Mutex
	next time.Time // when the bytes let through so far are paid for
}

// paceSlack is how far the bytes let through may be behind the rate, and catch up: a transfer by
// one request waits for bytes and for its turn one after the other.
const paceSlack = 100 * time.Millisecond

// wait returns when n bytes may pass, after those that asked before.
func (p *pacer) wait(ctx context.Context, n int64) error {
	if p == nil || n <= 0 {
		return nil
	}
	p.mu.Lock()
	now := time.Now()
	if earliest := now.Add(-paceSlack); p.next.Before(earliest) {
		p.next = earliest
	}
	due := p.next.Add(time.Duration(float64(n) / float64(p.rate) * float64(time.Second)))
	p.next = due
	p.mu.Unlock()
	if !due.After(now) {
		return nil
	}
	t := time.NewTimer(due.Sub(now))
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return &Error{Err: ctx.Err()}
	}
}
