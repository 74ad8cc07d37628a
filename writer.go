package storage

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"sync/atomic"
)

// Writer writes one object piece by piece. Nothing is visible before Commit, which returns the object; Close without
// Commit leaves what was there before and nothing else behind, so that `defer w.Close()` is right in every case.
//
// A Writer belongs to one goroutine; Close may be called from another one. Its memory is one part's buffer, growing from 64
// KiB, and what the Bucket's memory budget gives it to send parts while the next one fills. An object of up to PartSize bytes
// is sent by Commit in one request.
type Writer struct {
	key    string // the caller's
	put    *put
	ctx    context.Context // the Writer's life, as NewWriter says
	cancel context.CancelFunc
	closed atomic.Bool

	mu     sync.Mutex
	buf    []byte
	size   int64 // bytes written so far
	sums   *verifier
	parts  *partWriter // nil while everything fits the buffer
	limits PartLimits
	err    error // the first failure, which every later call repeats
	over   bool  // committed or aborted
}

// NewWriter begins a write of the object under key. It makes no request; what is wrong with the arguments is the error of the
// first Write and of Commit. ctx governs all that the Writer does until Commit or Close, one of which must be called.
func (b *Bucket) NewWriter(ctx context.Context, key string, opts *PutOptions) *Writer {
	p, err := b.newPut(ctx, key, opts)
	if err != nil {
		return &Writer{key: key, err: err, cancel: func() {}}
	}
	w := p.writer(ctx)
	w.key = key
	return w
}

func (p *put) writer(ctx context.Context) *Writer {
	w := &Writer{put: p, limits: p.limits(), sums: newVerifier(p.opts.Checksums, true)}
	w.ctx, w.cancel = context.WithCancel(ctx)
	return w
}

// Write adds p to the object. After an error the object will not be written.
func (w *Writer) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	n := 0
	for len(p) > 0 {
		if err := w.room(); err != nil {
			return n, w.wrap("Write", err)
		}
		k := min(len(p), cap(w.buf)-len(w.buf))
		w.append(p[:k])
		n, p = n+k, p[k:]
	}
	return n, w.wrap("Write", w.alive())
}

// ReadFrom adds all that r gives until its io.EOF, without a copy of its own. Any other error of r is the Writer's last word.
func (w *Writer) ReadFrom(r io.Reader) (int64, error) {
	n, err := w.readFrom(r)
	return n, w.wrap("Write", err)
}

func (w *Writer) readFrom(r io.Reader) (int64, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	before := w.size
	for idle := 0; ; {
		if err := w.alive(); err != nil {
			return w.size - before, err
		}
		var peek [1]byte
		space := peek[:] // a full buffer is a part of its own only if something follows
		if !w.full() {
			if err := w.room(); err != nil {
				return w.size - before, err
			}
			space = w.buf[len(w.buf):cap(w.buf)]
		}
		n, err := r.Read(space)
		if n < 0 || n > len(space) {
			return w.size - before, w.fail(&Error{Err: fmt.Errorf("the source read %d bytes into %d", n, len(space))})
		}
		if n > 0 {
			idle = 0
			if err := w.room(); err != nil { // does nothing unless the buffer is full
				return w.size - before, err
			}
			w.append(space[:n])
		}
		if err == nil && n == 0 {
			if idle++; idle == 100 {
				err = io.ErrNoProgress
			}
		}
		if err == io.EOF {
			return w.size - before, nil
		}
		if err != nil {
			return w.size - before, w.fail(&Error{Err: err})
		}
	}
}

// append adds bytes for which there is room; they may stand there already.
func (w *Writer) append(p []byte) {
	w.sums.Write(p)
	w.buf = append(w.buf, p...)
	w.size += int64(len(p))
}

// full reports whether the buffer is a whole part.
func (w *Writer) full() bool { return len(w.buf) == cap(w.buf) && int64(cap(w.buf)) >= w.put.partSize }

// room makes room in the buffer: it grows to a part's size, and then it is sent.
func (w *Writer) room() error {
	if err := w.alive(); err != nil {
		return err
	}
	if len(w.buf) < cap(w.buf) {
		return nil
	}
	if have := int64(cap(w.buf)); have < w.put.partSize {
		grown := w.put.b.buffer(min(max(8*have, firstBuffer), w.put.partSize))
		w.buf = append(grown, w.buf...)
		return nil
	}
	if w.parts == nil {
		w.parts = newPartWriter(w.ctx, w.put, w.limits)
	}
	buf, err := w.parts.write(w.buf, false)
	if err != nil {
		return w.fail(err)
	}
	w.buf = buf
	return nil
}

// alive reports why the Writer cannot go on.
func (w *Writer) alive() error {
	switch {
	case w.closed.Load() || w.over:
		return &Error{Kind: ErrClosed}
	case w.err != nil:
		return w.err
	}
	if err := w.put.b.ready(w.ctx); err != nil {
		return w.fail(err)
	}
	if w.parts != nil {
		if err := w.parts.failed(); err != nil {
			return w.fail(err)
		}
	}
	return nil
}

func (w *Writer) fail(err error) error {
	if w.err == nil {
		w.err = err
	}
	return w.err
}

// wrap names err, and its reason where Close on another goroutine cut the call.
func (w *Writer) wrap(op string, err error) error {
	if e := (*Error)(nil); w.closed.Load() && errors.As(err, &e) && e.Kind == nil && errors.Is(err, context.Canceled) {
		err = &Error{Kind: ErrClosed}
	}
	return wrap(op, w.key, err)
}

// Commit writes the object and returns it, as Put does. After an error nothing is visible and nothing is left behind. A second Commit,
// and a Commit after Close, are ErrClosed.
func (w *Writer) Commit() (*Object, error) {
	o, err := w.commit()
	return o, w.wrap("Commit", err)
}

func (w *Writer) commit() (*Object, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if err := w.alive(); err != nil {
		w.end()
		return nil, err
	}
	defer w.end()
	if err := w.sums.check(); err != nil {
		return nil, err
	}
	if w.parts == nil {
		return w.put.once(w.ctx, bytes.NewReader(w.buf), 0, w.size, &w.put.opts)
	}
	return w.parts.commit(w.buf)
}

// Close ends the Writer. Without a Commit before it, the write is aborted. It may be called again, and returns nil.
func (w *Writer) Close() error {
	w.closed.Store(true)
	w.cancel() // a Write under way on another goroutine comes back
	w.mu.Lock()
	defer w.mu.Unlock()
	w.end()
	return nil
}

// end aborts what was not committed and lets go of everything.
func (w *Writer) end() {
	w.over = true
	w.cancel()
	w.buf = nil
	if w.parts != nil {
		w.parts.abort()
	}
}

// CommitOnClose returns a view of w whose Close is Commit, for code that ends a stream by closing it (gzip, Parquet). It cannot tell a
// stream that was given up from one that is complete: abort by w.Close before.
func (w *Writer) CommitOnClose() io.WriteCloser { return commitOnClose{w} }

type commitOnClose struct{ w *Writer }

func (c commitOnClose) Write(p []byte) (int, error) { return c.w.Write(p) }

func (c commitOnClose) Close() error {
	_, err := c.w.Commit()
	return err
}
