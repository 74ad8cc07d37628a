package storage

import (
	"context"
	"io"
)

// ahead reads ranges of an object in parallel and hands them out in order.
//
// The body of the first request, which came with the checksums of the whole object, serves the
// first range. The other ranges are fetches of their own, pinned to its version. One buffer is
// always available; more come from the memory budget.
type ahead struct {
	first  *fetch // of all that is to be read
	ctx    context.Context
	cancel context.CancelFunc
	size   int64 // of a range
	window int   // ranges at once
	next   int64 // where the next range begins
	queue  []*piece
}

// piece is one range: its bytes, once done is closed.
type piece struct {
	buf    []byte
	err    error
	done   chan struct{}
	budget int64
}

func newAhead(first *fetch, workers int) *ahead {
	h := &ahead{first: first, size: first.e.opts.PartSize, window: workers, next: first.at}
	h.ctx, h.cancel = context.WithCancel(first.ctx)
	return h
}

// read gives the next bytes, and io.EOF behind the last.
func (h *ahead) read(p []byte) (int, error) {
	for {
		h.fill()
		if len(h.queue) == 0 {
			return 0, io.EOF
		}
		next := h.queue[0]
		select {
		case <-next.done:
		case <-h.ctx.Done():
			return 0, &Error{Err: h.ctx.Err()}
		}
		if next.err != nil {
			return 0, next.err
		}
		if len(next.buf) == 0 {
			h.first.e.memory.give(next.budget)
			h.queue = h.queue[1:]
			continue
		}
		n := copy(p, next.buf)
		next.buf = next.buf[n:]
		return n, nil
	}
}

// fill starts as many ranges as the window and the memory budget allow, and at least one.
func (h *ahead) fill() {
	for len(h.queue) < h.window && h.next < h.first.end {
		n := min(h.size, h.first.end-h.next)
		p := &piece{done: make(chan struct{})}
		if h.first.e.memory.take(n) {
			p.budget = n
		} else if len(h.queue) > 0 {
			return
		}
		src := h.first.section(h.ctx, h.next, n)
		src.takeOver(h.first)
		h.next += n
		h.queue = append(h.queue, p)
		go func() {
			defer close(p.done)
			defer src.close()
			// The first request does not end with h.ctx.
			defer context.AfterFunc(h.ctx, func() { src.drop(nil) })()
			buf := make([]byte, n)
			_, p.err = io.ReadFull(readerFunc(src.read), buf)
			if p.err == nil {
				p.buf = buf
			}
		}()
	}
}

// close lets go of all ranges.
func (h *ahead) close() {
	h.cancel()
	for _, p := range h.queue {
		<-p.done
		h.first.e.memory.give(p.budget)
	}
	h.queue = nil
}
