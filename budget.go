package storage

import "sync/atomic"

// firstBuffer is the size of the first buffer of a Writer, which is not counted in the memory
// budget.
const firstBuffer = 64 << 10

// budget is the number of bytes that the part buffers of all transfers of a Bucket may still take.
// Nothing ever waits for it, so it cannot cause a deadlock. A transfer that gets nothing continues
// with the one buffer that it has, and sends it before it fills it again.
type budget struct{ free atomic.Int64 }

func (m *budget) take(n int64) bool {
	if m.free.Add(-n) >= 0 {
		return true
	}
	m.free.Add(n)
	return false
}

func (m *budget) give(n int64) { m.free.Add(n) }
