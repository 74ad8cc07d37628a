package storage

import (
	"context"
	"io"
	"sync"
	"time"
)

const (
	// aheadAfter is how much is read by one request before more are made.
	aheadAfter = 128 << 10

	// aheadFactor is how much is read ahead of a consumer of Read, in multiples of what it has
	// taken. A look at a header fetches little more than that.
	aheadFactor = 16

	// directStep is how much a Read takes from a body at most while ranges can be requested.
	directStep = 128 << 10

	// longestLull is after what time without a Read a consumer is idle.
	longestLull = 100 * time.Millisecond
)

// window reads ranges of an object ahead of its consumer and hands them out in order.
//
// The consumer itself reads the body of the first request, up to an edge, behind which the ranges
// begin. They are fetches of their own, pinned to the version of the first one, into chunks from
// the memory budget. Where nothing was requested ahead, for want of memory, the consumer reads a
// body again: so no window waits for another transfer.
type window struct {
	first  *fetch // of all that is to be read
	ctx    context.Context
	cancel context.CancelFunc
	size   int64 // of a range
	most   int   // requests at once

	member member
	direct *fetch // the body that the consumer reads; nil: there is none
	loan   loan
	pieces sync.WaitGroup

	mu     sync.Mutex
	eager  bool  // the consumer takes everything
	begun  int64 // where the Reader began
	at     int64 // the next byte of the consumer
	edge   int64 // where the direct body ends
	next   int64 // where the next range begins
	end    int64
	queue  []*piece
	flying int   // pieces under way
	asking bool  // for a slot
	turn   *turn // while it waits
	over   bool
	slot   bool        // the direct body has one
	lull   *time.Timer // takes it away; nil: there was none yet
}

// piece is one range. A chunk comes when it is complete.
type piece struct {
	at, size int64
	came     chan []byte // closed at the end
	err      error       // why it ended early
	chunk    []byte      // what the consumer has of a chunk
	whole    []byte      // that chunk
}

// newWindow takes over the body of first. eager says that the consumer takes everything.
func newWindow(first *fetch, begun int64, most int, eager bool) *window {
	h := &window{
		first: first, direct: first, most: most,
		begun: begun, at: first.at, edge: first.end, next: first.end, end: first.end,
	}
	h.size = first.e.aheadSize(first.end-first.at, most, eager)
	h.ctx, h.cancel = context.WithCancel(first.ctx)
	h.member.flow = &first.e.down
	first.e.memory.lend(&h.loan, readerShare)
	first.e.buffers.begin()
	if eager {
		h.hurry()
	}
	h.enter()
	h.rest()
	return h
}

// hurry says that the consumer takes everything from now on.
func (h *window) hurry() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.eager = true
	h.loan.hurry()
}

// enter gives the direct body a slot, without a wait, so that others make fewer requests while it
// is read.
func (h *window) enter() {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.lull != nil {
		h.lull.Stop()
	}
	if !h.slot {
		h.slot = true
		h.member.join()
	}
}

// rest takes the slot of the direct body away if its consumer does not come back soon: it can be
// idle for hours.
func (h *window) rest() {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.lull == nil {
		h.lull = time.AfterFunc(longestLull, h.leave)
	} else {
		h.lull.Reset(longestLull)
	}
}

// leave gives the slot of the direct body back. Nothing is learned from it: the consumer may have
// been slow.
func (h *window) leave() {
	h.mu.Lock()
	had := h.slot
	h.slot = false
	if h.lull != nil {
		h.lull.Stop()
	}
	h.mu.Unlock()
	if had {
		h.member.leave(time.Time{}, 0)
	}
}

// read gives the next bytes, and io.EOF behind the last.
func (h *window) read(p []byte) (int, error) {
	b, chunk, err := h.lend(p)
	n := copy(p, b) // onto itself where it was read into p
	if chunk != nil {
		h.keep(b[n:], chunk)
	}
	return n, err
}

// lend returns the next bytes. They are read into p, or they are those of a chunk, which the caller
// must give back.
func (h *window) lend(p []byte) (b, chunk []byte, err error) {
	if h.direct != nil {
		h.enter()
	}
	h.fill()
	for {
		h.mu.Lock()
		at, edge := h.at, h.edge
		var front *piece
		if len(h.queue) > 0 {
			front = h.queue[0]
		}
		if at < edge || front == nil {
			if at == h.end {
				h.mu.Unlock()
				h.leave()
				return nil, nil, io.EOF
			}
			if at >= edge { // nothing was requested ahead
				edge = h.end
				h.edge, h.next = edge, edge
			}
			h.mu.Unlock()
			b, err := h.body(p, at, edge)
			return b, nil, err
		}
		h.mu.Unlock()
		if h.direct != nil {
			h.direct.drop(nil)
			h.direct = nil
			h.leave()
		}
		if len(front.chunk) == 0 {
			more, err := h.more(front)
			if err != nil {
				return nil, nil, err
			}
			if !more {
				continue
			}
		}
		b, chunk, front.chunk, front.whole = front.chunk, front.whole, nil, nil
		h.taken(int64(len(b)))
		return b, chunk, nil
	}
}

// keep takes back a chunk of which the consumer has not had the last bytes yet.
func (h *window) keep(rest, chunk []byte) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.queue[0].chunk, h.queue[0].whole = rest, chunk
	h.at -= int64(len(rest))
}

// body reads from the direct body.
func (h *window) body(p []byte, at, edge int64) ([]byte, error) {
	if h.direct == nil {
		h.direct = h.first.section(h.first.ctx, at, h.end-at)
	}
	h.enter()
	defer h.rest()
	h.direct.end = edge // so that nothing more is asked for if it breaks
	n, err := h.direct.read(p[:min(int64(len(p)), directStep, h.size)])
	h.taken(int64(n))
	return p[:n], err
}

// more waits for the next chunk of the piece in front. It returns false behind its last.
func (h *window) more(front *piece) (bool, error) {
	h.done(front)
	c, ok := <-front.came
	if ok {
		front.chunk, front.whole = c, c
		return true, nil
	}
	if front.err != nil {
		return false, front.err
	}
	h.mu.Lock()
	h.queue = h.queue[1:]
	h.mu.Unlock()
	h.fill()
	return false, nil
}

// done gives back the chunk that the consumer has read.
func (h *window) done(p *piece) {
	if p.whole != nil {
		h.giveBack(p.whole)
		p.whole = nil
	}
}

// pass writes to w what lend returned, and takes the chunk back.
func (h *window) pass(w io.Writer, b, chunk []byte) (int, error) {
	if chunk != nil {
		defer h.giveBack(chunk)
	}
	return w.Write(b)
}

// giveBack takes back a chunk. It may be called after close.
func (h *window) giveBack(chunk []byte) {
	n := int64(len(chunk))
	h.first.e.buffers.recycle(chunk)
	h.loan.give(n)
}

// taken counts what the consumer got.
func (h *window) taken(n int64) {
	h.mu.Lock()
	h.at += n
	h.mu.Unlock()
}

// wants reports whether another range should be requested. mu is held.
func (h *window) wants() bool {
	busy := h.flying
	if h.at < h.edge {
		busy++ // the direct body
	}
	if h.over || h.asking || busy >= h.most {
		return false
	}
	ahead := h.next
	if len(h.queue) == 0 {
		ahead = h.at + h.size // where the edge would be
	}
	if ahead >= h.end {
		return false
	}
	return h.eager || ahead+h.size-h.at <= aheadFactor*(h.at-h.begun)
}

// fill requests as many ranges as the consumer, the flow and the memory budget allow.
func (h *window) fill() {
	for {
		h.mu.Lock()
		if !h.wants() {
			h.mu.Unlock()
			return
		}
		h.asking = true
		h.mu.Unlock()
		// The slot may come while this is under way, so the turn is noted under the lock of start.
		t, ok := h.member.ask(func() {
			if h.start() {
				h.fill()
			}
		})
		if !ok {
			h.mu.Lock()
			if h.asking {
				h.turn = t
			}
			h.mu.Unlock()
			return
		}
		if !h.start() {
			return
		}
	}
}

// start begins the next range, for which there is a slot. It returns false if there is none, or no
// memory for it.
func (h *window) start() bool {
	h.mu.Lock()
	h.asking, h.turn = false, nil
	ok := h.wants()
	var p *piece
	if ok {
		at := h.next
		if len(h.queue) == 0 {
			at = h.at + h.size
		}
		n := min(h.size, h.end-at)
		if ok = h.loan.take(n); ok {
			if len(h.queue) == 0 {
				h.edge = at
			}
			p = &piece{at: at, size: n, came: make(chan []byte, ceil(n, chunkSize))}
			h.next = at + n
			h.queue = append(h.queue, p)
			h.flying++
			h.pieces.Add(1)
		}
	}
	h.mu.Unlock()
	if !ok {
		h.member.leave(time.Time{}, 0)
		return false
	}
	go h.fetch(p)
	return true
}

// fetch reads a piece.
func (h *window) fetch(p *piece) {
	defer h.pieces.Done()
	began := time.Now()
	e := h.first.e
	src := h.first.section(h.ctx, p.at, p.size)
	left := p.size
	watch := src.watchRange(p.size)
	for left > 0 {
		c := e.buffers.chunk(min(left, chunkSize))
		c = c[:cap(c)]
		if _, err := io.ReadFull(readerFunc(src.read), c); err != nil {
			p.err = err
			e.buffers.recycle(c)
			break
		}
		left -= int64(len(c))
		p.came <- c
	}
	watch.done(p.err)
	src.close()
	n := p.size
	if left > 0 {
		h.loan.give(left)
		n = 0
	}
	h.mu.Lock()
	h.flying--
	h.mu.Unlock()
	close(p.came)
	h.member.leave(began, n)
	if n > 0 {
		h.fill()
	}
}

// close lets go of all ranges.
func (h *window) close() {
	h.mu.Lock()
	h.over = true
	t := h.turn
	h.turn = nil
	h.mu.Unlock()
	if t != nil {
		h.member.flow.withdraw(t)
	}
	h.cancel()
	if h.direct != nil {
		h.direct.close()
	}
	h.leave()
	h.pieces.Wait()
	for _, p := range h.queue {
		h.done(p)
		for c := range p.came {
			p.whole = c
			h.done(p)
		}
	}
	h.queue = nil
	h.loan.over()
	h.first.e.buffers.end()
}
