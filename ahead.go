package storage

import (
	"context"
	"io"
)

// ahead reads ranges of an object at once and hands them out in order.
//
// The first request's body serves the first range, since it came with the sums of the whole object; the others are Readers
// of their own, held to its version. There is always one buffer; more come out of the Bucket's memory budget.
type ahead struct {
	r      *Reader
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

func newAhead(r *Reader, workers int) *ahead {
	h := &ahead{r: r, size: r.b.opts.PartSize, window: workers, next: r.at}
	h.ctx, h.cancel = context.WithCancel(r.ctx)
	return h
}

// read gives the next bytes.
func (h *ahead) read(p []byte) (int, error) {
	for {
		h.fill()
		if len(h.queue) == 0 {
			return 0, io.ErrUnexpectedEOF
		}
		first := h.queue[0]
		select {
		case <-first.done:
		case <-h.ctx.Done():
			if h.r.closed.Load() {
				return 0, &Error{Kind: ErrClosed}
			}
			return 0, &Error{Err: h.ctx.Err()}
		}
		if first.err != nil {
			return 0, first.err
		}
		if len(first.buf) == 0 {
			h.r.b.memory.give(first.budget)
			h.queue = h.queue[1:]
			continue
		}
		n := copy(p, first.buf)
		first.buf = first.buf[n:]
		return n, nil
	}
}

// fill starts as many ranges as the window and the memory budget allow, and at least one.
func (h *ahead) fill() {
	for len(h.queue) < h.window && h.next < h.r.end {
		n := min(h.size, h.r.end-h.next)
		p := &piece{done: make(chan struct{})}
		if h.r.b.memory.take(n) {
			p.budget = n
		} else if len(h.queue) > 0 {
			return
		}
		src := h.r.section(h.ctx, h.next, n)
		h.r.life.Lock() // the first range takes over the first request
		src.body, src.attempt, h.r.body, h.r.attempt = h.r.body, h.r.attempt, nil, nil
		h.r.life.Unlock()
		h.next += n
		h.queue = append(h.queue, p)
		go func() {
			defer close(p.done)
			defer src.Close()
			defer context.AfterFunc(h.ctx, src.drop)() // the first request does not end with h.ctx
			buf := make([]byte, n)
			_, p.err = io.ReadFull(readerFunc(src.read), buf)
			if p.err == nil {
				p.buf = buf
			}
		}()
	}
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

// wait lets go of all ranges, which have been cancelled.
func (h *ahead) wait() {
	for _, p := range h.queue {
		<-p.done
		h.r.b.memory.give(p.budget)
	}
	h.queue = nil
}

// section is a Reader of a range of the version that r reads.
func (r *Reader) section(ctx context.Context, at, n int64) *Reader {
	return &Reader{b: r.b, ctx: ctx, key: r.key, opts: GetOptions{VersionID: r.opts.VersionID}, obj: r.obj, at: at, end: at + n}
}
