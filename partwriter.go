package storage

import (
	"context"
	"io"
	"os"
	"sync/atomic"
)

// partWriter sends a stream of unknown length in parts. If a part is larger than a buffer may be,
// or the service has no multipart uploads, the bytes go into a temporary file first.
type partWriter struct {
	ctx    context.Context
	write  *write
	limits PartLimits
	// part is the size of the next part. It grows in the second half of the service's count of
	// parts, so that they are enough.
	part   int64
	unit   int64 // the size of the first one, and the largest that is sent from memory
	sent   int   // parts
	offset int64 // bytes in them
	loan   loan
	over   bool
	lent   atomic.Int64  // parts whose memory is from the budget
	spare  atomic.Bool   // the memory that the stream has without the budget is free
	landed chan struct{} // a part has given its buffers back

	upload *upload // nil before the first part
	sends  *group
	spool  *spool // nil while parts fit the buffer
}

func newPartWriter(ctx context.Context, w *write, limits PartLimits) *partWriter {
	p := &partWriter{ctx: ctx, write: w, limits: limits, landed: make(chan struct{}, 1)}
	p.unit = w.streamPart(limits)
	p.part = p.unit
	w.e.memory.lend(&p.loan, streamShare)
	p.loan.hurry()
	w.e.buffers.begin()
	p.sends = newGroup(ctx, workersFor(w, limits), &w.e.up)
	return p
}

func (p *partWriter) failed() error { return p.sends.failed() }

// add takes the bytes of a part, and their buffers. last says that no more bytes follow.
func (p *partWriter) add(buf *chunks, last bool) error {
	buffers := &p.write.e.buffers
	if p.limits.Count == 0 || p.part > p.unit {
		if err := p.spill(buf); err != nil {
			return err
		}
		buf.recycle(buffers)
		// The next bytes must fit, too: Max need not be a multiple of the buffer's size.
		if p.limits.Count == 0 || p.spool.size <= p.part-p.unit && !last {
			return nil
		}
		err := p.send(p.spool, p.spool.size, last, nil)
		p.spool.size = 0
		return err
	}
	if last {
		err := p.send(buf, buf.size, last, nil)
		if err == nil {
			buf.recycle(buffers)
		}
		return err
	}
	err := p.send(buf, buf.size, last, func(err error) {
		if err == nil {
			buf.recycle(buffers)
		}
		p.give()
	})
	if err != nil {
		return err
	}
	return p.afford()
}

// afford takes memory for the next part. If the budget has none, it waits until one of the parts
// under way gives its own back: so a stream always goes on.
func (p *partWriter) afford() error {
	if p.take() {
		return nil
	}
	p.sends.member.flow.starve(true)
	defer p.sends.member.flow.starve(false)
	for !p.take() {
		select {
		case <-p.landed:
		case <-p.sends.ctx.Done():
			return p.sends.ended()
		}
	}
	return nil
}

// take takes memory for a part. The stream has that of one part without the budget.
func (p *partWriter) take() bool {
	if p.spare.Swap(false) {
		return true
	}
	if !p.loan.take(p.unit) {
		return false
	}
	p.lent.Add(1)
	return true
}

// give gives the memory of a part back, to the budget first.
func (p *partWriter) give() {
	if p.lent.Add(-1) >= 0 {
		p.loan.give(p.unit)
	} else {
		p.lent.Add(1)
		p.spare.Store(true)
	}
	select {
	case p.landed <- struct{}{}:
	default:
	}
}

// send sends one part. With done it sends in a goroutine, otherwise it waits.
func (p *partWriter) send(src io.ReaderAt, size int64, last bool, done func(error)) error {
	started := false
	defer func() {
		if !started && done != nil {
			done(errUploadGone) // give the memory back
		}
	}()
	if p.upload == nil {
		u, err := p.write.create(p.ctx, &p.write.e.up, p.limits, -1)
		if err != nil {
			return err
		}
		p.upload = u
	}
	if p.sent == p.limits.Count {
		return invalid("the stream needs more than %d parts of %d bytes: set a larger PartSize",
			p.limits.Count, p.part)
	}
	p.sent++
	number, opts := p.sent, PartOptions{Offset: p.offset, Last: last}
	p.offset += size
	half, step := p.limits.Count/2, max(p.limits.Count/25, 1)
	if !p.limits.Equal && p.sent > half && (p.sent-half)%step == 0 {
		p.part = fit(2*p.part, p.limits)
	}
	waiting := make(chan struct{})
	started = p.sends.start(size, func(ctx context.Context) error {
		defer close(waiting)
		err := error(sourcePanic{}) // unless it comes back
		if done != nil {
			defer func() { done(err) }()
		}
		err = p.upload.send(ctx, number, src, 0, size, opts)
		return err
	})
	if started && done == nil {
		<-waiting
	}
	if err := p.sends.failed(); err != nil {
		return err
	}
	if !started {
		return p.sends.ended()
	}
	return nil
}

// commit sends what is left and makes the object.
func (p *partWriter) commit(rest *chunks) (*Object, error) {
	if p.limits.Count == 0 {
		if err := p.spill(rest); err != nil {
			return nil, err
		}
		return p.write.once(p.ctx, p.spool, 0, p.spool.size)
	}
	if rest.size > 0 || p.spool != nil && p.spool.size > 0 {
		if err := p.add(rest, true); err != nil {
			return nil, err
		}
	} else if p.sent == 0 { // it was suspended before a part, and there is nothing
		p.upload.abort()
		return p.write.once(p.ctx, rest, 0, 0)
	}
	if err := p.sends.wait(); err != nil {
		return nil, err
	}
	return p.upload.complete(p.ctx)
}

// abort stops the requests in progress, drops the upload unless it is complete, and removes the
// temporary file.
func (p *partWriter) abort() {
	p.sends.cancel()
	_ = p.sends.wait()
	if !p.over {
		p.over = true
		p.loan.over()
		p.loan.give(p.loan.held.Load())
		p.write.e.buffers.end()
	}
	if p.upload != nil {
		p.upload.abort()
	}
	if p.spool != nil {
		p.spool.remove()
		p.spool = nil
	}
}

// spill adds bytes to the temporary file.
func (p *partWriter) spill(buf *chunks) error {
	if p.spool == nil {
		f, err := os.CreateTemp("", "storage-*.part")
		if err != nil {
			return &Error{Err: err}
		}
		p.spool = &spool{File: f}
	}
	for _, b := range buf.list {
		if _, err := p.spool.WriteAt(b, p.spool.size); err != nil {
			return &Error{Err: err}
		}
		p.spool.size += int64(len(b))
	}
	return nil
}

// spool is a temporary file that holds a part until it is sent.
type spool struct {
	*os.File
	size int64
}

func (*spool) direct() {}

func (s *spool) remove() {
	s.Close()
	os.Remove(s.Name())
}
