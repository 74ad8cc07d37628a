package storage

import (
	"context"
	"errors"
	"io"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// errUploadGone says that the service does not know the upload any more: somebody aborted it, or it was consumed by an attempt
// to complete it that the service then took back (S3's 409).
var errUploadGone = errors.New("the upload is gone")

// upload is a multipart upload under way.
type upload struct {
	p      *put
	id     string
	claim  *claim
	opts   PutOptions // what CreateUpload was given
	limits PartLimits

	mu      sync.Mutex
	parts   []*Part
	done    int64 // bytes acknowledged
	total   int64 // -1: not known yet
	over    bool  // completed or aborted
	sending sync.WaitGroup
}

// create begins an upload. It is not cut by ctx at once, since an upload whose ID never arrived could not be aborted; when
// ctx has ended it is. Its share of AbortTimeout and the abort's leave some for the parts under way.
func (p *put) create(ctx context.Context, limits PartLimits, total int64) (*upload, error) {
	b := p.b
	u := &upload{p: p, limits: limits, total: total, opts: p.opts}
	u.opts.Checksums = Checksums{} // of the whole; they are checked before the commit
	u.claim = b.claim(p.key, u.opts.IfAbsent, u.opts.IfMatch, true)
	u.opts.Metadata = u.claim.metadata(u.opts.Metadata)

	patient, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	var grace atomic.Pointer[time.Timer]
	stop := context.AfterFunc(ctx, func() { grace.Store(time.AfterFunc(b.opts.AbortTimeout/4, cancel)) })
	defer func() {
		stop()
		if t := grace.Load(); t != nil {
			t.Stop()
		}
	}()
	err := b.do(patient, call{op: "CreateUpload", key: p.key}, func(a *attempt) (err error) {
		if err = ctx.Err(); err != nil {
			return &Error{Err: err} // between attempts
		}
		u.id, err = b.store.CreateUpload(a, p.key, &u.opts)
		return err
	})
	if err != nil {
		if ended := ctx.Err(); ended != nil {
			return nil, &Error{Err: ended}
		}
		return nil, err
	}
	b.mu.Lock()
	b.uploads[u] = struct{}{}
	b.mu.Unlock()
	if err := errors.Join(ctx.Err(), b.closing.Err()); err != nil {
		u.abort()
		if ctx.Err() == nil {
			return nil, &Error{Kind: ErrClosed}
		}
		return nil, &Error{Err: ctx.Err()}
	}
	return u, nil
}

// send writes one part.
func (u *upload) send(ctx context.Context, number int, src io.ReaderAt, off, size int64, opts PartOptions) error {
	b, p := u.p.b, u.p
	if !u.begin() {
		return &Error{Kind: ErrClosed}
	}
	defer u.sending.Done()
	var part *Part
	err := b.do(ctx, call{op: "PutPart", key: p.key}, func(a *attempt) (err error) {
		if err = a.pay(b.pace, size); err != nil {
			return err
		}
		o := opts
		body := newBody(a, src, off, size)
		part, err = b.store.PutPart(a, p.key, u.id, number, body, size, &o)
		return body.finish(err)
	})
	if err != nil {
		return u.closed(err)
	}
	u.add(part)
	return nil
}

// closed gives err its reason where the service knows no upload because Close has aborted it under the request.
func (u *upload) closed(err error) error {
	if u.p.b.closing.Err() != nil && (isKind(err, ErrNotExist) || isKind(err, ErrChanged)) {
		return &Error{Kind: ErrClosed}
	}
	return err
}

// begin counts a part that is about to be sent, unless the upload is over.
func (u *upload) begin() bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	if !u.over {
		u.sending.Add(1)
	}
	return !u.over
}

// add notes a part that the service has.
func (u *upload) add(part *Part) {
	u.mu.Lock()
	u.parts = append(u.parts, part)
	u.done += part.Size
	now := Progress{Done: u.done, Total: u.total}
	u.mu.Unlock()
	// The end of an object whose size is known is told when it is complete. What overtakes another here, forward keeps back.
	if u.p.progress != nil && now.Done != now.Total {
		u.p.progress(now)
	}
}

// complete makes the object of the parts. Whatever happens, the upload is gone afterwards.
func (u *upload) complete(ctx context.Context) (*Object, error) {
	b, p := u.p.b, u.p
	slices.SortFunc(u.parts, func(x, y *Part) int { return x.Number - y.Number })
	var o *Object
	err := b.do(ctx, call{op: "CompleteUpload", key: p.key, slow: true, write: true}, func(a *attempt) (err error) {
		opts := u.opts
		o, err = b.store.CompleteUpload(a, p.key, u.id, slices.Clone(u.parts), &opts)
		return err
	})
	if err == nil {
		o = b.written(u.claim, o, u.done)
	} else {
		gone := isKind(err, ErrNotExist) || isKind(err, ErrChanged)
		o, err = b.settle(ctx, u.claim, err, gone || isRefusal(err), u.done)
		if gone && (isKind(err, ErrNotExist) || isKind(err, ErrChanged)) {
			err = u.vanished(ctx, asError(err))
		}
	}
	if err != nil {
		u.abort()
		return nil, err
	}
	u.forget()
	if p.progress != nil {
		p.progress(Progress{Done: u.done, Total: u.done})
	}
	return o, nil
}

// vanished says what it means that the service does not know the upload any more and nothing is in doubt: it was aborted, or
// taken back (S3's 409), or another writer's commit swept its parts (ErrChanged: Azure). If a condition cannot hold any more, that is
// the answer. Otherwise the object has to be sent again.
func (u *upload) vanished(ctx context.Context, e *Error) error {
	if u.p.b.closing.Err() != nil {
		return u.closed(e)
	}
	if u.claim.conditional() {
		now, _, err := u.p.b.look(ctx, u.p.key)
		switch {
		case u.claim.absent && err == nil:
			return decided(e, ErrExist)
		case u.claim.match && (isKind(err, ErrNotExist) || err == nil && now.ETag != u.opts.IfMatch):
			return decided(e, ErrPrecondition)
		}
	}
	if e.Kind != ErrChanged {
		e.Kind = ErrUnavailable
	}
	e.Err = errors.Join(errUploadGone, e.Err)
	return e
}

// abort drops the upload on a context of its own, so that a cancelled one leaves nothing behind. It waits for the parts that are
// under way, which have been cancelled: a part that arrives later would stay. It may be called again.
func (u *upload) abort() {
	if !u.forget() || off.abort {
		return
	}
	u.sending.Wait()
	b := u.p.b
	ctx, cancel := context.WithTimeout(context.Background(), b.opts.AbortTimeout/2)
	defer cancel()
	_ = b.do(ctx, call{op: "AbortUpload", key: u.p.key, cleanup: true}, func(a *attempt) error {
		return b.store.AbortUpload(a, u.p.key, u.id)
	}) // the write's own failure is what the caller learns
}

// forget ends the upload's life here; false if it was over already.
func (u *upload) forget() bool {
	u.mu.Lock()
	was := u.over
	u.over = true
	u.mu.Unlock()
	b := u.p.b
	b.mu.Lock()
	delete(b.uploads, u)
	b.mu.Unlock()
	return !was
}

// sections sends the object in parts that are sections of src.
func (p *put) sections(ctx context.Context, limits PartLimits, src io.ReaderAt, off, size int64) (*Object, error) {
	part := fit(max(p.partSize, ceil(size, int64(limits.Count))), limits)
	if ceil(size, part) > int64(limits.Count) {
		return nil, invalid("%d bytes, the service takes %d parts of %d", size, limits.Count, part)
	}
	workers := p.workers
	if !limits.Parallel {
		workers = 1
	}
	u, err := p.create(ctx, limits, size)
	if err != nil {
		return nil, err
	}
	defer u.abort() // unless complete; also when src panics
	count := int(ceil(size, part))
	err = parallel(ctx, workers, count, func(ctx context.Context, i int) error {
		at := int64(i) * part
		n := min(part, size-at)
		return u.send(ctx, i+1, src, off+at, n, PartOptions{Offset: at, Last: at+n == size})
	})
	if err != nil {
		return nil, err
	}
	return u.complete(ctx)
}

// copy writes one part from a range of an object.
func (u *upload) copy(ctx context.Context, number int, src string, opts CopyPartOptions) error {
	b, p := u.p.b, u.p
	if !u.begin() {
		return &Error{Kind: ErrClosed}
	}
	defer u.sending.Done()
	var part *Part
	err := b.do(ctx, call{op: "CopyPart", key: p.key, slow: true}, func(a *attempt) (err error) {
		o := opts
		part, err = b.store.CopyPart(a, p.key, u.id, number, src, &o)
		return err
	})
	if err != nil {
		return u.closed(err)
	}
	u.add(part)
	return nil
}
