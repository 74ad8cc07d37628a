package storage

import (
	"container/list"
	"context"
	"sync"
	"sync/atomic"
)

// caches are the block caches of the ReaderAts of a Bucket. Together they hold at most a share of
// its memory budget, so that a ReaderAt that is open and idle slows no transfer down. When the
// share is used up, the block that was used longest ago is dropped, whichever ReaderAt it is of.
type caches struct {
	memory *budget // of the Bucket
	share  budget  // what is left of the caches' share of it
	clock  atomic.Int64

	mu  sync.Mutex
	all map[*blockCache]struct{}
}

// init makes the caches share half of a memory budget of size bytes.
func (s *caches) init(memory *budget, size int64) {
	s.memory, s.all = memory, make(map[*blockCache]struct{})
	s.share.give(size / 2)
}

func (s *caches) take(n int64) bool {
	if !s.share.take(n) {
		return false
	}
	if !s.memory.take(n) {
		s.share.give(n)
		return false
	}
	return true
}

func (s *caches) give(n int64) {
	s.memory.give(n)
	s.share.give(n)
}

// evict drops the block that was used longest ago. The caller holds the lock of c. Caches that are
// in use at this moment are passed over.
func (s *caches) evict(c *blockCache) ([]byte, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	from, b := c, c.oldest()
	for other := range s.all {
		if other == c || !other.mu.TryLock() {
			continue
		}
		o := other.oldest()
		if o == nil || b != nil && b.used <= o.used {
			other.mu.Unlock()
			continue
		}
		if from != c {
			from.mu.Unlock()
		}
		from, b = other, o
	}
	if from != c {
		defer from.mu.Unlock()
	}
	if b == nil {
		return nil, false
	}
	return from.drop(b), true
}

// block is a part of an object that is held in memory, or on its way there.
type block struct {
	index int64
	data  []byte
	ready chan struct{} // closed when data is complete, or err is set
	err   error

	// The lock of the cache guards what follows.
	by    *flight       // the request that brings it; nil when it is ready
	refs  int           // reads that wait for it or copy from it
	place *list.Element // in the order of use; nil unless it is complete
	used  int64         // when: the clock of the caches
}

// flight is one request for consecutive blocks.
type flight struct {
	cancel context.CancelFunc
	left   []*block // still to come, in order
}

// wanted reports whether a read waits for a block that is still to come.
func (f *flight) wanted() bool {
	for _, b := range f.left {
		if b.refs > 0 {
			return true
		}
	}
	return false
}

// blockCache holds blocks of one version of an object, up to limit bytes, those on their way
// included. Its methods are called with mu held.
type blockCache struct {
	pool  *caches
	size  int64 // of a block; the last one of the object may be shorter
	total int64 // size of the object
	limit int64

	mu     sync.Mutex
	blocks map[int64]*block
	order  list.List // of the complete ones, the one used last in front
	used   int64     // bytes
}

func (s *caches) open(size, total, limit int64) *blockCache {
	c := &blockCache{
		pool: s, size: size, total: total, limit: limit, blocks: make(map[int64]*block),
	}
	s.mu.Lock()
	s.all[c] = struct{}{}
	s.mu.Unlock()
	return c
}

// close drops every block. No flight is under way any more. It is called without mu.
func (c *blockCache) close() {
	c.pool.mu.Lock()
	delete(c.pool.all, c)
	c.pool.mu.Unlock()
	c.mu.Lock()
	defer c.mu.Unlock()
	clear(c.blocks)
	c.order.Init()
	c.pool.give(c.used)
	c.used = 0
}

// add makes a block that is still to come, or returns nil if there is no room for it.
func (c *blockCache) add(index int64) *block {
	n := min(c.size, c.total-index*c.size)
	data := c.room(n)
	if data == nil {
		return nil
	}
	b := &block{index: index, data: data, ready: make(chan struct{})}
	c.blocks[index] = b
	return b
}

// room returns a buffer of n bytes, which are counted. It drops older blocks for it. nil means that
// neither the limit nor the memory budget has room.
func (c *blockCache) room(n int64) []byte {
	var buf []byte
	for c.used > c.limit-n || !c.pool.take(n) {
		var dropped []byte
		var ok bool
		if c.used > c.limit-n {
			if b := c.oldest(); b != nil {
				dropped, ok = c.drop(b), true
			}
		} else {
			dropped, ok = c.pool.evict(c)
		}
		if !ok {
			return nil
		}
		if int64(len(dropped)) == n {
			buf = dropped
		}
	}
	c.used += n
	if buf == nil {
		buf = make([]byte, n)
	}
	return buf
}

// oldest returns the block that was used longest ago among those that nobody reads, or nil.
func (c *blockCache) oldest() *block {
	for e := c.order.Back(); e != nil; e = e.Prev() {
		if b := e.Value.(*block); b.refs == 0 {
			return b
		}
	}
	return nil
}

// drop forgets a complete block and returns its buffer.
func (c *blockCache) drop(b *block) []byte {
	c.order.Remove(b.place)
	c.forget(b)
	c.uncount(b)
	return b.data
}

// forget makes the next read of b's bytes fetch them anew.
func (c *blockCache) forget(b *block) {
	if c.blocks[b.index] == b {
		delete(c.blocks, b.index)
	}
}

func (c *blockCache) uncount(b *block) {
	c.used -= int64(len(b.data))
	c.pool.give(int64(len(b.data)))
}

// arrived completes the next block of f.
func (c *blockCache) arrived(f *flight) {
	b := f.left[0]
	f.left, b.by = f.left[1:], nil
	if c.blocks[b.index] == b {
		b.place = c.order.PushFront(b)
		b.used = c.pool.clock.Add(1)
	} else { // given up: nobody can find it
		c.uncount(b)
	}
	close(b.ready)
}

// failed ends all blocks of f that are still to come.
func (c *blockCache) failed(f *flight, err error) {
	for _, b := range f.left {
		c.forget(b)
		c.uncount(b)
		b.err, b.by = err, nil
		close(b.ready)
	}
	f.left = nil
}

// pin keeps b until unpin, and notes its use.
func (c *blockCache) pin(b *block) {
	b.refs++
	if b.place != nil {
		c.order.MoveToFront(b.place)
		b.used = c.pool.clock.Add(1)
	}
}

// unpin lets go of blocks; entries can be nil.
func (c *blockCache) unpin(held []*block) {
	for _, b := range held {
		if b != nil {
			b.refs--
		}
	}
}

// giveUp cancels the flights of blocks that a read has let go of before they were ready, unless
// another read waits for them.
func (c *blockCache) giveUp(held []*block) {
	for _, b := range held {
		if f := b.by; f != nil && !f.wanted() {
			f.cancel()
			for _, left := range f.left {
				c.forget(left) // the next read begins anew
			}
		}
	}
}

// last returns the index of the last block of an object that is not empty.
func (c *blockCache) last() int64 { return (c.total - 1) / c.size }

// index returns the index of the block with the byte at off.
func (c *blockCache) index(off int64) int64 { return off / c.size }
