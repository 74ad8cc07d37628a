package storage

import (
	"context"
	"errors"
	"io"
	"sync"
	"sync/atomic"
)

// Writer writes one object piece by piece. Nothing is visible before Commit, which returns the new
// object. Close without Commit leaves the old object in place and nothing else behind. `defer
// w.Close()` is therefore always right.
//
// A Writer belongs to one goroutine, except that Close may be called from another one. It holds one
// buffer, which grows from 64 KiB to the size of a part. If the memory budget of the Bucket allows,
// it holds more, to send parts while the next one fills. Commit sends an object of up to PartSize
// bytes in one request.
type Writer struct {
	key    string // as the caller knows it
	trace  *tracedCall
	closed atomic.Bool

	mu     sync.Mutex
	stream *stream // nil where the arguments of NewWriter were wrong
	err    error   // what was wrong with them
	over   bool    // committed, failed to, or aborted
}

// NewWriter begins a write of the object under key. It makes no request. An invalid argument is
// reported by the first Write and by Commit. ctx applies to the Writer until Commit or Close. The
// caller must call one of them.
func (b *Bucket) NewWriter(ctx context.Context, key string, opts *PutOptions) *Writer {
	ctx, op := b.start(ctx, "NewWriter", key)
	w := &Writer{key: key, trace: op.trace}
	checked, err := b.newWrite(ctx, key, opts)
	if err != nil {
		w.err = err
		return w
	}
	w.stream = checked.stream(ctx)
	return w
}

// Write appends p to the object. After an error the object will not be written.
func (w *Writer) Write(p []byte) (n int, err error) {
	defer repanic(&err)
	w.mu.Lock()
	defer w.mu.Unlock()
	if err := w.alive(); err != nil {
		return 0, w.wrap("Write", err)
	}
	n, err = w.stream.write(p)
	return n, w.wrap("Write", err)
}

// ReadFrom appends everything that r yields until its io.EOF, without an additional copy. After any
// other error of r the object will not be written. A source that blocks is abandoned as by Put.
func (w *Writer) ReadFrom(r io.Reader) (n int64, err error) {
	defer repanic(&err)
	w.mu.Lock()
	defer w.mu.Unlock()
	if err := w.alive(); err != nil {
		return 0, w.wrap("Write", err)
	}
	n, err = w.stream.readFrom(r)
	return n, w.wrap("Write", err)
}

// alive reports why the Writer takes nothing more.
func (w *Writer) alive() error {
	if w.closed.Load() || w.over {
		return &Error{Kind: ErrClosed}
	}
	return w.err
}

// wrap names err, and its reason where Close on another goroutine cut the call.
func (w *Writer) wrap(op string, err error) error {
	var e *Error
	if w.closed.Load() && errors.As(err, &e) && e.Kind == nil && errors.Is(err, context.Canceled) {
		err = &Error{Kind: ErrClosed}
	}
	return wrap(op, w.key, err)
}

// Commit writes the object and returns it, as Put does. After an error nothing is visible and
// nothing is left behind, unless the error has InDoubt set. A second Commit and a Commit after
// Close return ErrClosed.
func (w *Writer) Commit() (o *Object, err error) {
	defer repanic(&err)
	w.mu.Lock()
	defer w.mu.Unlock()
	if err = w.alive(); err == nil {
		o, err = w.stream.commit()
	}
	w.end()
	err = w.wrap("Commit", err)
	if err != nil {
		o = nil
	} else {
		o.Key = w.key
	}
	w.trace.end(err)
	return o, err
}

// Close ends the Writer. If Commit was not called, Close aborts the write and returns
// ErrNotCommitted, also if nothing was written: an empty object is an object. After Commit,
// successful or not, Close returns nil. Further calls of Close return nil.
func (w *Writer) Close() error {
	first := !w.closed.Swap(true)
	if w.stream != nil {
		w.stream.cancel() // a Write under way on another goroutine comes back
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if !first || w.over {
		return nil
	}
	w.end()
	err := wrap("Close", w.key, &Error{Kind: ErrNotCommitted})
	w.trace.end(err)
	return err
}

// end aborts what was not committed and lets go of everything.
func (w *Writer) end() {
	w.over = true
	if w.stream != nil {
		w.stream.abort()
	}
}

// CommitOnClose returns a view of w whose Close is Commit. It is for code that closes the writer
// that it is given when it has written everything, as Parquet and Arrow writers do.
//
// Writers of compress/gzip and archive/tar do not close the writer below them. Close them first and
// then call Commit. The view cannot distinguish a complete stream from an abandoned one; to abort,
// call w.Close first.
func (w *Writer) CommitOnClose() io.WriteCloser { return commitOnClose{w} }

type commitOnClose struct{ w *Writer }

func (c commitOnClose) Write(p []byte) (int, error) { return c.w.Write(p) }

func (c commitOnClose) Close() error {
	_, err := c.w.Commit()
	return err
}
