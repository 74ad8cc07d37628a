package storage

import (
	"context"
	"io"
	"slices"
	"sync"
)

// blockReads reads an object by blocks, through a cache. Reads of one block that is not there share
// the request for it. The request belongs to the ReaderAt: a read that gives up does not end it
// while another one waits.
type blockReads struct {
	*blockCache
	base  *fetch // what requests are cut from
	ctx   context.Context
	calls *sync.WaitGroup // counts flights, too
	runs  runs            // guarded by mu
	tail  int64           // where the part begins that is fetched together
	large int64           // longer reads do not go through the cache
}

// Defaults of ReaderAtOptions; see docs/design.md for the reasons.
const (
	defaultBlockSize = 1 << 20
	defaultCacheSize = 16 << 20
	defaultReadAhead = 8
	defaultTail      = 512 << 10
)

// newBlockReads returns nil if o asks for no cache.
func newBlockReads(
	ctx context.Context, base *fetch, o *ReaderAtOptions, calls *sync.WaitGroup,
) *blockReads {
	size, limit, tail, ahead := o.BlockSize, o.CacheSize, o.Tail, o.ReadAhead
	if limit < 0 {
		return nil
	}
	setDefault(&size, defaultBlockSize)
	setDefault(&limit, max(defaultCacheSize, 4*min(size, 1<<60)))
	setDefault(&tail, defaultTail)
	setDefault(&ahead, defaultReadAhead)
	size = min(size, limit)
	// Neither the tail nor what is read ahead may take more than half of the cache.
	tail = min(max(tail, 0), limit/2)
	total := base.obj.Size
	return &blockReads{
		blockCache: base.e.caches.open(size, total, limit),
		base:       base,
		ctx:        ctx,
		calls:      calls,
		runs:       runs{size: size, most: min(int64(max(ahead, 0)), limit/2/size)},
		tail:       max(total-tail, 0),
		large:      max(limit/4, size),
	}
}

// read fills p, which is not empty, from off. It reports false if it did nothing: the read is large
// or there is no memory, and p should be read without the cache.
func (c *blockReads) read(ctx context.Context, p []byte, off int64) (n int, ok bool, err error) {
	var few [4]*block
	c.mu.Lock()
	held, ok := c.hold(few[:0], off, int64(len(p)))
	c.mu.Unlock()
	if !ok {
		return 0, false, nil
	}
	for _, b := range held {
		if err = c.await(ctx, b); err != nil {
			break
		}
		n += copy(p[n:], b.data[off+int64(n)-b.index*c.size:])
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.unpin(held); err != nil {
		c.giveUp(held)
	}
	return n, true, err
}

// await waits until b is ready.
func (c *blockReads) await(ctx context.Context, b *block) error {
	select {
	case <-b.ready:
		return b.err
	default:
	}
	select {
	case <-b.ready:
		return b.err
	case <-ctx.Done():
		return &Error{Err: ctx.Err()}
	case <-c.ctx.Done():
		return &Error{Err: c.ctx.Err()}
	}
}

// cached returns a copy of n bytes from off if all of them are there, and otherwise nil.
func (c *blockReads) cached(off, n int64) []byte {
	var held []*block
	defer func() {
		c.unpin(held)
		c.mu.Unlock()
	}()
	c.mu.Lock()
	for i, last := c.index(off), c.index(off+n-1); i <= last; i++ {
		b := c.blocks[i]
		if b == nil || b.by != nil {
			return nil
		}
		c.pin(b)
		held = append(held, b)
	}
	c.mu.Unlock()
	p := make([]byte, 0, n)
	for _, b := range held {
		from := off + int64(len(p)) - b.index*c.size
		p = append(p, b.data[from:min(from+n-int64(len(p)), int64(len(b.data)))]...)
	}
	c.mu.Lock()
	return p
}

// hold pins the blocks of n bytes from off, requests those that are not there, and reads ahead. It
// appends the blocks to held, which is empty. mu is held.
func (c *blockReads) hold(held []*block, off, n int64) ([]*block, bool) {
	first, last := c.index(off), c.index(off+n-1)
	ahead := c.runs.note(off, off+n)
	// Those that are there are pinned first, so that those that come do not displace them.
	for i := first; i <= last; i++ {
		b := c.blocks[i]
		if b != nil {
			c.pin(b)
		} else if n > c.large {
			c.unpin(held)
			return nil, false
		}
		held = append(held, b)
	}
	from, to := last, min(last+ahead, c.last())
	if off >= c.tail {
		from, to = c.index(c.tail), c.last()
	}
	for k, b := range held {
		if b != nil {
			continue
		}
		i := first + int64(k)
		if c.blocks[i] == nil && !c.request(i, last, from, to) {
			c.unpin(held)
			return nil, false
		}
		held[k] = c.blocks[i]
		c.pin(held[k])
	}
	for i := last + 1; ahead > 0 && i <= to; i++ {
		if c.blocks[i] == nil && !c.request(i, -1, i, to) {
			break
		}
	}
	return held, true
}

// request begins one request for block i and for the missing blocks next to it. Those up to need
// have to be part of it; those between from and to are if there is room. mu is held.
func (c *blockReads) request(i, need, from, to int64) bool {
	f := new(flight)
	for k := i; k <= to && c.blocks[k] == nil; k++ {
		b := c.add(k)
		if b == nil {
			if k <= need {
				c.failed(f, nil) // nobody waits for them yet
				return false
			}
			break
		}
		f.left = append(f.left, b)
	}
	if len(f.left) == 0 {
		return false
	}
	first := i
	var before []*block
	for ; first > from && c.blocks[first-1] == nil; first-- {
		b := c.add(first - 1)
		if b == nil {
			break
		}
		before = append(before, b)
	}
	if before != nil {
		slices.Reverse(before)
		f.left = append(before, f.left...)
	}
	var n int64
	for _, b := range f.left {
		b.by = f
		n += int64(len(b.data))
	}
	ctx, cancel := context.WithCancel(c.ctx)
	f.cancel = cancel
	src := c.base.section(ctx, first*c.size, n)
	c.calls.Go(func() {
		defer cancel()
		defer src.close()
		c.fly(f, src)
	})
	return true
}

// fly makes the request of f.
func (c *blockReads) fly(f *flight, src *fetch) {
	for len(f.left) > 0 {
		_, err := io.ReadFull(readerFunc(src.read), f.left[0].data)
		c.mu.Lock()
		if err != nil {
			c.failed(f, err)
		} else {
			c.arrived(f)
		}
		c.mu.Unlock()
	}
}
