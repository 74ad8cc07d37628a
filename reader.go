package storage

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"sync/atomic"
)

// Reader reads one version of an object, or a range of it. When the connection breaks it goes on where it stopped, with the
// same version; if that is gone, the error is ErrChanged. It ends with io.EOF only after every byte has arrived and the sum over
// them, if the whole object was read and the service gives one, is right; else the error is io.ErrUnexpectedEOF's kin or ErrIntegrity.
//
// A Reader belongs to one goroutine; Close may be called from another one. It must be closed.
type Reader struct {
	b    *Bucket
	ctx  context.Context    // the Reader's life, as Get says
	stop context.CancelFunc // ends it; nil where it is another's
	key  string             // as the Store sees it
	opts GetOptions         // the first request's
	obj  *Object

	closed atomic.Bool
	mu     sync.Mutex // held by Read
	at     int64      // the next byte
	end    int64
	sums   *verifier // nil: not a whole read
	err    error     // the Reader's last word

	life    sync.Mutex // guards the two below, which Close takes from under a Read
	body    io.ReadCloser
	attempt *attempt
	broken  int // times in a row without a byte between

	ahead *ahead // nil unless ranges are read at once
}

// Object describes the whole object. It belongs to the caller when the Reader is closed; before, it must not be changed.
func (r *Reader) Object() *Object { return r.obj }

// Read reads as io.Reader has it.
func (r *Reader) Read(p []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	n, err := r.read(p)
	if err != nil && err != io.EOF {
		err = wrap("Read", r.key[len(r.b.prefix):], err)
	}
	return n, err
}

func (r *Reader) read(p []byte) (int, error) {
	for {
		switch {
		case r.closed.Load():
			return 0, &Error{Kind: ErrClosed}
		case r.err != nil:
			return 0, r.err
		case r.at == r.end:
			return 0, r.finish()
		case len(p) == 0:
			return 0, nil
		}
		n, err := r.some(p[:min(int64(len(p)), r.end-r.at)])
		if n > 0 {
			r.at += int64(n)
			if r.sums != nil {
				r.sums.Write(p[:n])
			}
			return n, nil // err, if there is one, comes again
		}
		if err != nil {
			if r.closed.Load() { // Close cut it
				err = &Error{Kind: ErrClosed}
			}
			r.fail(err)
		}
	}
}

// some reads at least a byte or says why it cannot.
func (r *Reader) some(p []byte) (int, error) {
	if r.ahead != nil {
		return r.ahead.read(p)
	}
	for {
		body, a := r.current()
		if body == nil {
			if err := r.reopen(); err != nil {
				return 0, err
			}
			continue
		}
		a.watch.touch()
		n, err := body.Read(p)
		a.watch.rest()
		if n > 0 {
			r.broken = 0
			return n, r.b.pace.wait(r.ctx, int64(n))
		}
		if err == nil {
			continue
		}
		if err == io.EOF && off.length {
			r.end = r.at
			return 0, nil
		}
		if err := r.breakdown(a, err); err != nil {
			return 0, err
		}
	}
}

// breakdown decides whether a body that ended before its time is worth taking up again.
func (r *Reader) breakdown(a *attempt, err error) error {
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	e := &Error{Kind: ErrUnavailable, Err: err}
	if known, ok := errors.AsType[*Error](err); ok && known.Kind != nil {
		e = asError(err)
	}
	e = a.name(e)
	e.InDoubt = false
	r.drop()
	switch {
	case r.closed.Load() || r.b.closing.Err() != nil:
		return &Error{Kind: ErrClosed}
	case r.ctx.Err() != nil:
		return &Error{Err: r.ctx.Err()}
	case e.Kind != ErrUnavailable && e.Kind != ErrThrottled:
		return e
	case r.obj.ETag == ETagNone:
		return e // nothing to hold the next request to
	}
	r.broken++
	retry := &r.b.opts.Retry
	if off.resume || r.broken >= retry.Attempts || !r.b.credit.spend() {
		e.Attempts = r.broken
		return e
	}
	if r.broken > 1 && !r.b.pause(r.ctx, r.b.closing.Done(), r.broken-1, e.RetryAfter) {
		return ended(r.ctx, e)
	}
	return nil
}

// reopen goes on at the next byte, held to the version that was seen first.
func (r *Reader) reopen() error {
	if err := r.ctx.Err(); err != nil { // which may be why there is no body
		return &Error{Err: err}
	}
	o := GetOptions{Offset: r.at, Length: r.end - r.at, VersionID: r.opts.VersionID}
	if !off.pin {
		o.IfMatch = r.obj.ETag
	}
	res, err := r.request(o)
	if err != nil {
		if isKind(err, ErrPrecondition) || isKind(err, ErrNotExist) || isKind(err, ErrRange) {
			e := asError(err)
			e.Kind = ErrChanged
			return e
		}
		return err
	}
	switch {
	case off.pin:
	case res.Object.ETag != r.obj.ETag:
		r.drop()
		return &Error{Kind: ErrChanged}
	case res.Offset != r.at:
		r.drop()
		return &Error{Kind: ErrIntegrity, Err: fmt.Errorf("the service answers offset %d to offset %d", res.Offset, r.at)}
	}
	return nil
}

// request makes one Get and keeps its body and its attempt.
func (r *Reader) request(o GetOptions) (*GetResult, error) {
	o.Concurrency, o.VerifyHash, o.Progress = 0, false, nil
	var res *GetResult
	err := r.b.do(r.ctx, call{op: "Get", key: r.key}, func(a *attempt) (err error) {
		res, err = r.b.store.Get(a, r.key, &o)
		if err != nil {
			return err
		}
		a.kept = true
		a.watch.rest()
		r.keep(res.Body, a)
		return nil
	})
	return res, err
}

func (r *Reader) current() (io.ReadCloser, *attempt) {
	r.life.Lock()
	defer r.life.Unlock()
	return r.body, r.attempt
}

func (r *Reader) keep(body io.ReadCloser, a *attempt) {
	r.life.Lock()
	r.body, r.attempt = body, a
	r.life.Unlock()
	if r.closed.Load() {
		r.drop()
	}
}

// drop lets go of the body and its request.
func (r *Reader) drop() {
	r.life.Lock()
	body, a := r.body, r.attempt
	r.body, r.attempt = nil, nil
	r.life.Unlock()
	if a != nil {
		a.release() // first: it ends a Read under way
		body.Close()
	}
}

// finish is what comes after the last byte.
func (r *Reader) finish() error {
	r.drop()
	r.err = io.EOF
	if r.sums != nil {
		if err := r.sums.check(); err != nil {
			r.err = err
		}
	}
	return r.err
}

func (r *Reader) fail(err error) {
	r.err = err
	r.drop()
}

// WriteTo writes what is left to w, in pieces of 128 KiB.
func (r *Reader) WriteTo(w io.Writer) (int64, error) { return copyBuffered(w, r) }

// copyBuffered copies r to w, whatever other methods they have.
func copyBuffered(w io.Writer, r io.Reader) (int64, error) {
	p, _ := copyBuffers.Get().(*[]byte)
	if p == nil {
		p = new([]byte)
		*p = make([]byte, 128<<10)
	}
	defer copyBuffers.Put(p)
	return io.CopyBuffer(onlyWriter{w}, onlyReader{r}, *p)
}

type onlyReader struct{ io.Reader }

type onlyWriter struct{ io.Writer }

var copyBuffers sync.Pool // of *[]byte

// Close ends the Reader and its request. A Read under way on another goroutine fails with ErrClosed. Closing again is nil.
func (r *Reader) Close() error {
	if r.closed.Swap(true) {
		return nil
	}
	if r.stop != nil {
		r.stop()
	}
	r.drop()
	if r.ahead != nil {
		r.ahead.cancel()
		r.mu.Lock() // a Read under way comes back now
		defer r.mu.Unlock()
		r.ahead.wait()
	}
	return nil
}
