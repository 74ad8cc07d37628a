package storage

import (
	"context"
	"errors"
	"fmt"
	"hash"
	"io"
	"math"
	"sync"
	"time"
)

// fetch reads a range of one version of an object. When the connection breaks, it resumes where it
// stopped, with the same version. If that version is gone, the error is ErrChanged.
//
// A fetch belongs to one goroutine, except that drop and close may be called from another one.
type fetch struct {
	e         *engine
	ctx       context.Context // its life
	key       string          // as the Store sees it
	versionID string
	obj       *Object // the version
	line      lineage // of obj
	unproven  bool    // the checksums of obj
	classless bool    // obj lacks the class that Stat tells
	crc64     func() hash.Hash
	at, end   int64 // the next byte, and where the range ends
	open      bool  // the object may end before end: its size is not known
	given     int64 // where the body ends, as the service says; negative: it does not
	begunAt   int64 // where it began
	broken    int   // times in a row without a byte between
	crawl     *crawl
	skip      int64 // bytes of the body that were read from another one

	life    sync.Mutex // guards what follows, which close takes from under a read
	body    io.ReadCloser
	attempt *attempt
	closed  bool
}

// begin makes the first request, for the range that o asks for, and keeps its body. The attempt is
// made in room.
func (f *fetch) begin(o GetOptions, room *attempt) error {
	res, err := f.request(o, room)
	if err != nil {
		return err
	}
	f.obj, f.at = res.Object, res.Offset
	f.unproven, f.classless = res.Unproven, res.Classless
	f.crc64 = res.NewCRC64NVME
	f.line = f.e.admit(f.obj, f.key)
	if err = heldTo(o.IfMatch, f.obj); err == nil {
		err = f.grant(o, res)
	}
	if err != nil {
		f.close()
		return err
	}
	return nil
}

// section is a fetch of a range of the version that f reads. Its first request is still to come.
func (f *fetch) section(ctx context.Context, at, n int64) *fetch {
	return &fetch{
		e: f.e, ctx: ctx, key: f.key, versionID: f.versionID, obj: f.obj, at: at, end: at + n,
	}
}

// grant compares the range that the service returned with the one that was requested, because
// some services ignore ranges. A service may return less than was requested (RFC 9110, section
// 15.3.7). The body then ends early, and the fetch resumes.
func (f *fetch) grant(o GetOptions, res *GetResult) error {
	start, size := o.Offset, f.obj.Size
	if start < 0 && size >= 0 {
		start = max(size+start, 0)
	}
	if given := res.Offset + max(res.Length, 0); res.Offset != start || size >= 0 && given > size {
		return &Error{Kind: errors.ErrUnsupported, Err: fmt.Errorf(
			"requested bytes from offset %d of %d, the service returned %d to %d",
			start, size, res.Offset, given)}
	}
	f.end = size
	if size < 0 {
		f.open, f.end = true, math.MaxInt64
	}
	if o.Length > 0 && o.Length < f.end-start {
		f.end = start + o.Length
	}
	return nil
}

// read reads at least one byte, or returns why it cannot: io.EOF at the end of the range.
func (f *fetch) read(p []byte) (int, error) {
	for f.at < f.end {
		body, a := f.current()
		if body == nil {
			if f.goneOn() { // the rest came while the body broke
				continue
			}
			if err := f.reopen(); err != nil {
				return 0, err
			}
			f.crawl.opened()
			continue
		}
		n, err := f.receive(body, a, p)
		if n > 0 {
			a.trace.receivedBytes(n)
			f.broken = 0
			f.at += int64(n)
			f.e.pace.received(a, int64(n)) // what ends the wait ends the next read, too
			return n, nil
		}
		switch {
		case err == nil:
			continue
		case context.Cause(a) == errOutrun:
			f.drop(&Error{Err: errOutrun}) // which was slow
		case err == io.EOF && (f.e.off.length || f.open && f.given < 0):
			f.end = f.at
		case err == io.EOF && f.at == f.given && f.begunAt < f.at && f.obj.ETag != ETagNone:
			f.drop(nil) // a part of what was asked for, and all of it: the rest is next
		default:
			if err := f.breakdown(a, err); err != nil {
				return 0, err
			}
		}
	}
	f.drop(nil)
	return 0, io.EOF
}

// receive reads from body, which is that of a, but for the bytes that are to be skipped.
func (f *fetch) receive(body io.Reader, a *attempt, p []byte) (n int, err error) {
	a.watch.touch()
	f.crawl.waits()
	for f.skip > 0 && err == nil {
		n, err = body.Read(p[:min(int64(len(p)), f.skip)])
		f.skip -= int64(n)
	}
	n = 0
	if err == nil {
		n, err = body.Read(p[:min(int64(len(p)), f.end-f.at, f.e.pace.most())])
	}
	f.crawl.came(n)
	a.watch.rest()
	return n, err
}

// goneOn goes on with the rest that was asked for on another connection, if it has come.
func (f *fetch) goneOn() bool {
	r := f.crawl.take()
	if r != nil {
		f.begunAt, f.given, f.skip = r.at, r.given, f.at-r.at
		f.keep(r.body, r.attempt)
	}
	return r != nil
}

// breakdown returns nil if a body that ended too early should be resumed, and otherwise the error.
func (f *fetch) breakdown(a *attempt, err error) error {
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	e := &Error{Kind: ErrUnavailable, Err: err}
	if known, ok := errors.AsType[*Error](err); ok && known.Kind != nil {
		e = asError(err)
	}
	e = a.name(e)
	e.InDoubt = false
	f.drop(e)
	switch {
	case f.isClosed() || f.e.closing.Err() != nil:
		return &Error{Kind: ErrClosed}
	case f.ctx.Err() != nil:
		return &Error{Err: f.ctx.Err()}
	case e.Kind != ErrUnavailable && e.Kind != ErrThrottled:
		return e
	case f.obj.ETag == ETagNone:
		return e // nothing to hold the next request to
	}
	f.broken++
	if f.e.off.resume || f.broken >= f.e.opts.Retry.Attempts || !f.e.credit.spend() {
		e.Attempts = f.broken
		return e
	}
	if f.broken > 1 && !f.e.pause(f.ctx, f.e.closing.Done(), f.broken-1, e.RetryAfter) {
		return ended(f.ctx, e)
	}
	return nil
}

// pinned asks for what is behind the byte at, of the version that was seen first.
func (f *fetch) pinned(at int64) GetOptions {
	o := GetOptions{Offset: at, VersionID: f.versionID}
	if !f.e.off.pin {
		o.IfMatch = f.obj.ETag
	}
	return o
}

// reopen goes on at the next byte, held to the version that was seen first.
func (f *fetch) reopen() error {
	if err := f.ctx.Err(); err != nil { // which may be why there is no body
		return &Error{Err: err}
	}
	o := f.pinned(f.at)
	if f.end < math.MaxInt64 {
		o.Length = f.end - f.at
	}
	f.skip = 0
	res, err := f.request(o, nil)
	if f.open && (isKind(err, ErrRange) || err == nil && res.Offset != f.at) {
		// Either that was all, or the service has no ranges. Nobody knows which.
		err = &Error{Kind: ErrUnavailable, Err: io.ErrUnexpectedEOF}
		f.drop(err)
		return err
	}
	if err != nil {
		if isKind(err, ErrPrecondition) || isKind(err, ErrNotExist) || isKind(err, ErrRange) {
			e := asError(err)
			e.Kind = ErrChanged
			return e
		}
		return err
	}
	err = nil
	switch {
	case f.e.off.pin:
	case res.Object.ETag != f.obj.ETag:
		err = &Error{Kind: ErrChanged}
	case res.Offset != f.at:
		err = &Error{Kind: ErrIntegrity, Err: fmt.Errorf(
			"requested offset %d, the service returned offset %d", f.at, res.Offset)}
	case res.Object.Size != f.obj.Size && f.obj.Size >= 0 && res.Object.Size >= 0:
		err = &Error{Kind: ErrIntegrity, Err: fmt.Errorf(
			"the same version has %d bytes, and had %d", res.Object.Size, f.obj.Size)}
	case f.open && res.Object.Size >= 0: // now it is known
		f.open, f.end = false, min(f.end, res.Object.Size)
	}
	if err != nil {
		f.drop(err)
	}
	return err
}

// request makes one Get and keeps its body and its attempt.
func (f *fetch) request(o GetOptions, room *attempt) (*GetResult, error) {
	o.Concurrency, o.VerifyHash, o.Progress = 0, false, nil // the Bucket's
	var res *GetResult
	c := call{op: "Get", key: f.key, probe: o.Offset < 0, room: room}
	number := 0
	err := f.e.do(f.ctx, c, func(a *attempt) (err error) {
		number++
		began := time.Now()
		if d := f.e.readPatience(); d > 0 {
			res, a, err = f.e.newGetRace(f.ctx, c, &o, number).run(a, d)
		} else {
			res, err = f.e.store.Get(a, f.key, &o)
			f.e.reads.took(time.Since(began), err)
		}
		if err != nil {
			return err
		}
		f.e.answered(began)
		a.kept = true
		a.watch.rest()
		f.begunAt, f.given = res.Offset, res.Offset+res.Length
		if res.Length < 0 {
			f.given = -1
		}
		f.keep(res.Body, a)
		return nil
	})
	return res, err
}

// watchRange watches the next size bytes. The caller calls done behind them.
func (f *fetch) watchRange(size int64) *crawl {
	f.crawl = nil
	if !f.e.opts.NoHedging && f.obj.ETag != ETagNone {
		f.crawl = &crawl{
			tempo: &f.e.ranges, flow: &f.e.down, calm: f.e.hold.calm,
			fresh: func() *attempt { return f.e.newAttempt(f.ctx, f.hedge(), 1) },
			ask:   f.rest,
			current: func() *attempt {
				_, a := f.current()
				return a
			},
		}
		f.crawl.begin(f.at, size)
	}
	return f.crawl
}

func (f *fetch) hedge() call { return call{op: "Get", key: f.key, hedge: true} }

// rest asks for size bytes of the version from at on, in a. It returns nil if they do not come. It
// may be called from another goroutine than the one that f belongs to.
func (f *fetch) rest(a *attempt, at, size int64) *rest {
	o := f.pinned(at)
	o.Length = size
	res, err := f.e.store.Get(a, f.key, &o)
	if err != nil {
		e := a.name(asError(err))
		if e.Kind != nil {
			f.e.left(f.hedge(), everybody, e)
		}
		a.release(e)
		return nil
	}
	r := &rest{res.Body, a, at, at + res.Length}
	if res.Offset != at || res.Length < 0 || res.Object.ETag != f.obj.ETag && !f.e.off.pin {
		r.drop()
		return nil
	}
	a.watch.rest()
	return r
}

func (f *fetch) current() (io.ReadCloser, *attempt) {
	f.life.Lock()
	defer f.life.Unlock()
	return f.body, f.attempt
}

func (f *fetch) keep(body io.ReadCloser, a *attempt) {
	f.life.Lock()
	f.body, f.attempt = body, a
	f.life.Unlock()
	if f.isClosed() {
		f.drop(nil)
	}
}

// takeOver makes f go on with the body of from, which then has none.
func (f *fetch) takeOver(from *fetch) {
	from.life.Lock()
	defer from.life.Unlock()
	f.given, f.begunAt = from.given, from.begunAt
	f.body, f.attempt, from.body, from.attempt = from.body, from.attempt, nil, nil
}

// drop lets go of the body and its request, which ended with err.
func (f *fetch) drop(err error) {
	f.life.Lock()
	body, a := f.body, f.attempt
	f.body, f.attempt = nil, nil
	f.life.Unlock()
	if a != nil {
		a.release(err) // first: it ends a read under way
		body.Close()
	}
}

// close drops the body for good.
func (f *fetch) close() {
	f.life.Lock()
	f.closed = true
	f.life.Unlock()
	f.drop(nil)
}

func (f *fetch) isClosed() bool {
	f.life.Lock()
	defer f.life.Unlock()
	return f.closed
}
