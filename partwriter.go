package storage

import (
	"bytes"
	"context"
	"io"
	"os"
)

// partWriter sends a stream of unknown length in parts. Where a part is larger than a buffer may be, and where the service
// knows no parts at all, the bytes go into a temporary file first.
type partWriter struct {
	ctx    context.Context
	put    *put
	limits PartLimits
	part   int64 // size of the next part; it grows in the second half of the service's count of parts, so that they are enough
	sent   int   // parts
	offset int64 // bytes in them

	upload *upload // nil before the first part
	sends  *group
	spool  *spool // nil while parts fit the buffer
}

func newPartWriter(ctx context.Context, p *put, limits PartLimits) *partWriter {
	workers := p.workers
	if !limits.Parallel {
		workers = 1
	}
	return &partWriter{ctx: ctx, put: p, limits: limits, part: p.partSize, sends: newGroup(ctx, workers)}
}

func (w *partWriter) failed() error { return w.sends.failed() }

// write takes a full buffer and returns an empty one of the same size. last says that no more bytes follow.
func (w *partWriter) write(buf []byte, last bool) ([]byte, error) {
	size := int64(len(buf))
	if w.limits.Count == 0 || w.part > w.put.partSize {
		if err := w.spill(buf); err != nil {
			return nil, err
		}
		// The next buffer must fit, too: Max need not be a multiple of the buffer's size.
		if w.limits.Count == 0 || w.spool.size <= w.part-int64(cap(buf)) && !last {
			return buf[:0], nil
		}
		err := w.send(w.spool, w.spool.size, last, nil)
		w.spool.size = 0
		return buf[:0], err
	}
	// The part may go out while the next buffer fills if the budget has room for that one.
	room := int64(cap(buf))
	if last || !w.put.b.memory.take(room) {
		return buf[:0], w.send(bytes.NewReader(buf), size, last, nil)
	}
	err := w.send(bytes.NewReader(buf), size, last, func(err error) {
		w.put.b.memory.give(room)
		if err == nil {
			w.put.b.recycle(buf)
		}
	})
	return w.put.b.buffer(room), err
}

// send sends one part: with done, in a goroutine, else it waits for it.
func (w *partWriter) send(src io.ReaderAt, size int64, last bool, done func(error)) error {
	started := false
	defer func() {
		if !started && done != nil {
			done(errUploadGone) // give the memory back
		}
	}()
	if w.upload == nil {
		u, err := w.put.create(w.ctx, w.limits, -1)
		if err != nil {
			return err
		}
		w.upload = u
	}
	if w.sent == w.limits.Count {
		return invalid("the stream has more than %d parts of %d bytes: set PartSize", w.limits.Count, w.part)
	}
	w.sent++
	number, opts := w.sent, PartOptions{Offset: w.offset, Last: last}
	w.offset += size
	if half := w.limits.Count / 2; !w.limits.Equal && w.sent > half && (w.sent-half)%max(w.limits.Count/25, 1) == 0 {
		w.part = fit(2*w.part, w.limits)
	}
	waiting := make(chan struct{})
	started = w.sends.start(func(ctx context.Context) error {
		err := w.upload.send(ctx, number, src, 0, size, opts)
		if done != nil {
			done(err)
		}
		close(waiting)
		return err
	})
	if started && done == nil {
		<-waiting
	}
	if err := w.sends.failed(); err != nil {
		return err
	}
	if !started {
		return &Error{Err: w.ctx.Err()}
	}
	return nil
}

// commit sends what is left and makes the object.
func (w *partWriter) commit(rest []byte) (*Object, error) {
	if w.limits.Count == 0 {
		if err := w.spill(rest); err != nil {
			return nil, err
		}
		return w.put.once(w.ctx, w.spool, 0, w.spool.size, &w.put.opts)
	}
	if _, err := w.write(rest, true); err != nil {
		return nil, err
	}
	if err := w.sends.wait(); err != nil {
		return nil, err
	}
	return w.upload.complete(w.ctx)
}

// abort stops what is under way, drops the upload unless it is complete, and removes the temporary file.
func (w *partWriter) abort() {
	w.sends.cancel()
	_ = w.sends.wait()
	if w.upload != nil {
		w.upload.abort()
	}
	if w.spool != nil {
		w.spool.remove()
		w.spool = nil
	}
}

// spill adds bytes to the temporary file.
func (w *partWriter) spill(p []byte) error {
	if w.spool == nil {
		f, err := os.CreateTemp("", "storage-*.part")
		if err != nil {
			return &Error{Err: err}
		}
		w.spool = &spool{File: f}
	}
	if _, err := w.spool.WriteAt(p, w.spool.size); err != nil {
		return &Error{Err: err}
	}
	w.spool.size += int64(len(p))
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
