package storage

import (
	"bytes"
	"context"
	"io"
	"os"
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
	sent   int   // parts
	offset int64 // bytes in them

	upload *upload // nil before the first part
	sends  *group
	spool  *spool // nil while parts fit the buffer
}

func newPartWriter(ctx context.Context, w *write, limits PartLimits) *partWriter {
	return &partWriter{
		ctx: ctx, write: w, limits: limits, part: w.partSize,
		sends: newGroup(ctx, workersFor(w, limits)),
	}
}

func (p *partWriter) failed() error { return p.sends.failed() }

// add takes a full buffer and returns an empty one of the same size. last says that no more bytes
// follow.
func (p *partWriter) add(buf []byte, last bool) ([]byte, error) {
	size := int64(len(buf))
	if p.limits.Count == 0 || p.part > p.write.partSize {
		if err := p.spill(buf); err != nil {
			return nil, err
		}
		// The next buffer must fit, too: Max need not be a multiple of the buffer's size.
		if p.limits.Count == 0 || p.spool.size <= p.part-int64(cap(buf)) && !last {
			return buf[:0], nil
		}
		err := p.send(p.spool, p.spool.size, last, nil)
		p.spool.size = 0
		return buf[:0], err
	}
	// The part may go out while the next buffer fills if the budget has room for that one.
	room := int64(cap(buf))
	if last || !p.write.e.memory.take(room) {
		return buf[:0], p.send(bytes.NewReader(buf), size, last, nil)
	}
	err := p.send(bytes.NewReader(buf), size, last, func(err error) {
		p.write.e.memory.give(room)
		if err == nil {
			p.write.recycle(buf)
		}
	})
	return p.write.buffer(room), err
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
		u, err := p.write.create(p.ctx, p.limits, -1)
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
	started = p.sends.start(func(ctx context.Context) error {
		err := p.upload.send(ctx, number, src, 0, size, opts)
		if done != nil {
			done(err)
		}
		close(waiting)
		return err
	})
	if started && done == nil {
		<-waiting
	}
	if err := p.sends.failed(); err != nil {
		return err
	}
	if !started {
		return &Error{Err: p.ctx.Err()}
	}
	return nil
}

// commit sends what is left and makes the object.
func (p *partWriter) commit(rest []byte) (*Object, error) {
	if p.limits.Count == 0 {
		if err := p.spill(rest); err != nil {
			return nil, err
		}
		return p.write.once(p.ctx, p.spool, 0, p.spool.size)
	}
	if _, err := p.add(rest, true); err != nil {
		return nil, err
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
	if p.upload != nil {
		p.upload.abort()
	}
	if p.spool != nil {
		p.spool.remove()
		p.spool = nil
	}
}

// spill adds bytes to the temporary file.
func (p *partWriter) spill(b []byte) error {
	if p.spool == nil {
		f, err := os.CreateTemp("", "storage-*.part")
		if err != nil {
			return &Error{Err: err}
		}
		p.spool = &spool{File: f}
	}
	if _, err := p.spool.WriteAt(b, p.spool.size); err != nil {
		return &Error{Err: err}
	}
	p.spool.size += int64(len(b))
	return nil
}

// spool is a temporary file that holds a part until it is sent.
type spool struct {
	*os.File
	size int64
}

func (s *spool) remove() {
	s.Close()
	os.Remove(s.Name())
}
