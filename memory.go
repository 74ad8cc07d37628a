package storage

import "sync/atomic"

// firstBuffer is what a Writer begins with, outside the memory budget.
const firstBuffer = 64 << 10

// budget is how many bytes the part buffers of all transfers of a Bucket may still take. It is never waited for, so it cannot
// deadlock: who gets nothing goes on with the one buffer it has, and sends it before filling it again.
type budget struct{ free atomic.Int64 }

func (m *budget) take(n int64) bool {
	if m.free.Add(-n) >= 0 {
		return true
	}
	m.free.Add(n)
	return false
}

func (m *budget) give(n int64) { m.free.Add(n) }

// buffer returns an empty buffer with room for n bytes.
func (c *core) buffer(n int64) []byte {
	if n == c.opts.PartSize {
		if p, _ := c.buffers.Get().(*[]byte); p != nil {
			return (*p)[:0]
		}
	}
	return make([]byte, 0, n)
}

// recycle takes back the buffer of a part that was sent. That of a request that failed is never taken back: net/http may go on
// reading a body after the answer came.
func (c *core) recycle(buf []byte) {
	if int64(cap(buf)) == c.opts.PartSize {
		c.buffers.Put(&buf)
	}
}
