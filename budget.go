package storage

import "sync/atomic"

// firstBuffer is what a Writer begins with, outside the memory budget.
const firstBuffer = 64 << 10

// budget is how many bytes the part buffers of all transfers of a Bucket may still take. It is
// never waited for, so it cannot deadlock: a transfer that gets nothing goes on with the one buffer
// that it has, and sends it before it fills it again.
type budget struct{ free atomic.Int64 }

func (m *budget) take(n int64) bool {
	if m.free.Add(-n) >= 0 {
		return true
	}
	m.free.Add(n)
	return false
}

func (m *budget) give(n int64) { m.free.Add(n) }
