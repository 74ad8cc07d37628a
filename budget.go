package storage

import "sync/atomic"

// budget is the number of bytes that the buffers of all transfers of a Bucket may still take.
// Nothing ever waits for it, so it cannot cause a deadlock. A transfer that gets nothing continues
// with the one buffer or the one connection that it has.
type budget struct{ free atomic.Int64 }

func (m *budget) take(n int64) bool {
	if m.free.Add(-n) >= 0 {
		return true
	}
	m.free.Add(n)
	return false
}

func (m *budget) give(n int64) { m.free.Add(n) }

// loan is what one transfer has of a budget. It takes no more than share times what is left to
// others. So those that come later find something, and as all give back and take again, all come to
// have the same.
type loan struct {
	from  *budget
	share int64
	held  atomic.Int64
}

func (l *loan) take(n int64) bool {
	if l.held.Load()+n > l.share*l.from.free.Load() || !l.from.take(n) {
		return false
	}
	l.held.Add(n)
	return true
}

func (l *loan) give(n int64) {
	l.held.Add(-n)
	l.from.give(n)
}

// The shares: a Reader can be idle for hours, and an upload cannot.
const (
	readerShare = 3
	uploadShare = 7
)
