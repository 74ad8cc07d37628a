package storage

import "sync/atomic"

// budget is the number of bytes that the buffers of all transfers of a Bucket may still take.
// Nothing ever waits for it, so it cannot cause a deadlock. A transfer that gets nothing continues
// with the one buffer or the one connection that it has.
type budget struct {
	size   int64
	free   atomic.Int64
	steady atomic.Int64 // transfers under way that give back soon
}

func (m *budget) init(size int64) {
	m.size = size
	m.free.Store(size)
}

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
//
// A steady transfer gives back soon: the upload of a stream, and a Reader whose consumer takes
// everything at once. So one that is alone may take all of the budget, and one of some its part,
// however little is left. Any other Reader can be idle for hours.
type loan struct {
	from   *budget
	share  int64
	steady bool
	held   atomic.Int64
}

// The shares.
const (
	readerShare = 3
	streamShare = 7
)

// lend sets up a loan. over ends it.
func (m *budget) lend(l *loan, share int64) { l.from, l.share = m, share }

// hurry says that the transfer is a steady one.
func (l *loan) hurry() {
	if !l.steady {
		l.steady = true
		l.from.steady.Add(1)
	}
}

// over ends the loan. It may be called again.
func (l *loan) over() {
	if l.steady {
		l.steady = false
		l.from.steady.Add(-1)
	}
}

// limit is how much the loan may have while free bytes are left.
func (l *loan) limit() int64 {
	n := l.share * l.from.free.Load()
	if l.steady {
		n = max(n, l.from.size/l.from.steady.Load())
	}
	return n
}

func (l *loan) take(n int64) bool {
	if l.held.Load()+n > l.limit() || !l.from.take(n) {
		return false
	}
	l.held.Add(n)
	return true
}

func (l *loan) give(n int64) {
	l.held.Add(-n)
	l.from.give(n)
}
