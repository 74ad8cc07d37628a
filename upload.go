package storage

import (
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// errUploadGone says that the service no longer knows the upload. It was aborted, or an attempt to
// complete it consumed it and was then undone (409 on S3).
var errUploadGone = errors.New("the upload no longer exists")

// errPartReplaced says that the service does not make the object of the parts that it has taken. A
// part was sent more than once, and one that had been given up has arrived after the others: where
// each arrival has an ETag of its own, the part that is named is then gone.
var errPartReplaced = errors.New("a part was replaced by an earlier attempt of it that came late")

// beginsAnew reports whether the object has to be sent again in another upload.
func beginsAnew(err error) bool { return whyAnew(err) != nil }

// whyAnew is the reason for that.
func whyAnew(err error) error {
	for _, why := range []error{errUploadGone, errPartReplaced} {
		if errors.Is(err, why) {
			return why
		}
	}
	return nil
}

// upload is a multipart upload under way.
type upload struct {
	w      *write
	id     string
	claim  *claim
	opts   PutOptions // what CreateUpload was given
	limits PartLimits
	call   context.Context // of the write, without its end: the abort belongs to the call, too
	ended  atomic.Int64    // when the write's context ended, in nanoseconds; 0: it has not
	stop   func() bool     // noting that
	resent atomic.Bool     // a part was sent more than once, here or by an earlier process

	// Of an upload that a StateFile holds. noted is told of each part that the service has. keeps
	// says that the upload outlives a failure.
	noted func(*Part) error
	keeps atomic.Bool

	mu      sync.Mutex
	parts   []*Part // in the order of the object, whatever order they arrived in
	done    int64   // bytes acknowledged
	total   int64   // -1: not known yet
	over    bool    // completed or being aborted
	sending sync.WaitGroup
	repeats bool          // a part that was sent here is Repeatable
	varies  bool          // one is not
	gone    chan struct{} // closed when the upload is completed or aborted
}

// upload is an upload of an object under claim that has no ID yet.
func (w *write) upload(ctx context.Context, limits PartLimits, total int64, c *claim) *upload {
	u := &upload{
		w: w, limits: limits, total: total, opts: w.opts, claim: c,
		call: context.WithoutCancel(ctx), gone: make(chan struct{}),
	}
	// Of the whole: they are checked before the commit, and the Store need not do it again.
	u.opts.Checksums, u.opts.Verified = Checksums{}, w.opts.Checksums
	u.opts.Metadata = c.metadata(u.opts.Metadata)
	w.lastID = c.id
	return u
}

// live begins the life of an upload that has an ID: closing the Bucket aborts it.
func (u *upload) live(ctx context.Context) {
	u.stop = context.AfterFunc(ctx, func() { u.ended.Store(time.Now().UnixNano()) })
	u.w.e.begun(u)
}

// create begins an upload. The end of ctx does not cut it at once, because an upload whose ID never
// arrived cannot be aborted. It gets a quarter of AbortTimeout after ctx has ended; the rest is for
// the abort.
func (w *write) create(
	ctx context.Context, in *flow, limits PartLimits, total int64,
) (*upload, error) {
	e := w.e
	began := false
	in.opens()
	defer func() { in.opened(began) }()
	u := w.upload(ctx, limits, total, e.claim(w.key, w.opts.IfAbsent, w.opts.IfMatch, true))
	patient, cancel := context.WithCancel(u.call)
	defer cancel()
	var grace atomic.Pointer[time.Timer]
	stop := context.AfterFunc(ctx, func() {
		grace.Store(time.AfterFunc(e.opts.AbortTimeout/4, cancel))
	})
	defer func() {
		stop()
		if t := grace.Load(); t != nil {
			t.Stop()
		}
	}()
	err := e.do(patient, call{op: "CreateUpload", key: w.key}, func(a *attempt) (err error) {
		if err = ctx.Err(); err != nil {
			return &Error{Err: err} // between attempts
		}
		began := time.Now()
		u.id, err = e.store.CreateUpload(a, w.key, &u.opts)
		// A Store that has no request for it, such as that of Azure, looks at Err alone. That says
		// nothing about how far away the service is.
		if err == nil && a.state.Load() != asleep {
			e.answered(began)
		}
		return err
	})
	if err != nil {
		if ended := ctx.Err(); ended != nil {
			return nil, &Error{Err: ended}
		}
		return nil, err
	}
	u.live(ctx)
	if err := errors.Join(ctx.Err(), e.closing.Err()); err != nil {
		u.abort()
		if ctx.Err() == nil {
			return nil, &Error{Kind: ErrClosed}
		}
		return nil, &Error{Err: ctx.Err()}
	}
	began = true
	return u, nil
}

// workers is how many parts are sent at once.
func (u *upload) workers() int { return workersFor(u.w, u.limits) }

func workersFor(w *write, limits PartLimits) int {
	if limits.Parallel {
		return w.workers
	}
	return 1
}

// copy writes one part from a range of an object.
func (u *upload) copy(ctx context.Context, number int, src string, opts CopyPartOptions) error {
	c := call{op: "CopyPart", key: u.w.key, slow: true, size: opts.SourceLength, probe: true}
	return u.part(ctx, c, func(a *attempt) (*Part, error) {
		o := opts
		return u.w.e.store.CopyPart(a, u.w.key, u.id, number, src, &o)
	})
}

// part makes the request for one part, unless the upload is over.
func (u *upload) part(ctx context.Context, c call, fn func(a *attempt) (*Part, error)) error {
	if !u.begin() {
		return &Error{Kind: ErrClosed}
	}
	defer u.sending.Done()
	var part *Part
	sent := 0
	err := u.w.e.do(ctx, c, func(a *attempt) (err error) {
		if sent++; sent > 1 {
			u.resent.Store(true)
		}
		part, err = fn(a)
		return err
	})
	switch {
	case err != nil && isGone(err) && c.op == "PutPart" && !u.w.e.off.again:
		return u.vanished(ctx, asError(err), false)
	case err != nil:
		return u.closed(err)
	}
	u.add(part)
	if u.noted != nil {
		return u.noted(part)
	}
	return nil
}

// closed gives err its reason where the service knows no upload because Close has aborted it under
// the request.
func (u *upload) closed(err error) error {
	if u.w.e.closing.Err() != nil && isGone(err) {
		return &Error{Kind: ErrClosed, InDoubt: asError(err).InDoubt}
	}
	return err
}

// isGone reports whether err says that the service does not know an upload, or its parts.
func isGone(err error) bool { return isKind(err, ErrNotExist) || isKind(err, ErrChanged) }

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
	at, _ := slices.BinarySearchFunc(u.parts, part, byNumber)
	u.parts = slices.Insert(u.parts, at, part)
	u.done += part.Size
	u.repeats, u.varies = u.repeats || part.Repeatable, u.varies || !part.Repeatable
	now := Progress{Done: u.done, Total: u.total}
	u.mu.Unlock()
	// The end of an object whose size is known is told by tellEnd. What overtakes another here,
	// forward keeps back.
	if u.w.progress != nil && now.Done != now.Total {
		u.w.progress(now)
	}
}

func byNumber(x, y *Part) int { return x.Number - y.Number }

// repeatable reports whether a part may be sent once more: no part of the upload that was sent here
// has an ETag that the late arrival of another request would change.
func (u *upload) repeatable() bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.repeats && !u.varies || u.w.e.off.repeat
}

// truth is that of the commit.
func (u *upload) truth() *truth {
	return &truth{
		e: u.w.e, claim: u.claim, size: u.done, trust: u.w.trust, gone: isGone,
		sums: func(context.Context, Checksums) (Checksums, error) {
			return CombineChecksums(u.parts), nil
		},
	}
}

// complete makes the object of the parts. Whatever happens, the upload is gone afterwards, unless
// it is kept.
func (u *upload) complete(ctx context.Context) (*Object, error) {
	e, w := u.w.e, u.w
	var o *Object
	t := u.truth()
	c := call{
		op: "CompleteUpload", key: w.key, write: true, truth: t,
		slow: true, size: u.done, parts: len(u.parts),
	}
	err := e.do(ctx, c, func(a *attempt) (err error) {
		opts := u.opts
		o, err = e.store.CompleteUpload(a, w.key, u.id, slices.Clone(u.parts), &opts)
		return err
	})
	switch {
	case err != nil:
		err = u.meant(ctx, asError(err))
		u.fail(err)
		return nil, err
	case t.o != nil:
		o = t.o
	default:
		o = e.written(u.claim, o, u.done)
	}
	if u.forget() {
		u.finish()
	}
	u.tellEnd()
	return o, nil
}

// tellEnd tells Progress that the object is complete.
func (u *upload) tellEnd() {
	if u.w.progress != nil {
		u.w.progress(Progress{Done: u.done, Total: u.done})
	}
}

// meant is what the failure of a completion means to the caller.
func (u *upload) meant(ctx context.Context, e *Error) error {
	switch {
	case isGone(e):
		return u.vanished(ctx, e, true)
	case e.Kind == ErrInvalid && !e.InDoubt && u.resent.Load() && !u.w.e.off.again:
		spoilt := *e
		spoilt.Kind, spoilt.Err = ErrUnavailable, errors.Join(errPartReplaced, e.Err)
		return &spoilt
	}
	return e
}

// vanished returns what it means that the service no longer knows the upload while no attempt is in
// doubt. Somebody aborted it, the service ended or undid it (410 on GCS, 409 on S3), or the commit
// of another writer removed its parts (ErrChanged on Azure). If the condition no longer holds, that
// is the error. Otherwise the object has to be sent again: it is never ErrNotExist, which would be
// about the object.
//
// A completion that was delivered twice has ended the upload itself. Where another write has come
// since, a condition that still holds is all that tells, and without one it is in doubt.
func (u *upload) vanished(ctx context.Context, e *Error, completing bool) error {
	e.InDoubt = completing
	if u.w.e.closing.Err() != nil {
		return u.closed(e)
	}
	if u.claim.conditional() {
		now, _, err := u.w.e.stat(ctx, u.w.key, StatOptions{})
		missing := isKind(err, ErrNotExist)
		switch {
		case u.claim.absent && err == nil:
			return decided(e, ErrExist)
		case u.claim.etag != "" && (missing || err == nil && now.ETag != u.opts.IfMatch):
			return decided(e, ErrPrecondition)
		case err == nil || missing:
			e.InDoubt = false
		}
	}
	e.Kind, e.Err = ErrUnavailable, errors.Join(errUploadGone, e.Err)
	return e
}

// fail ends an upload that failed with err. One that is kept stays if a later call can go on.
func (u *upload) fail(err error) {
	if !mayResume(err) || beginsAnew(err) {
		u.keeps.Store(false)
	}
	u.abort()
}

// abort drops the upload on a context of its own, so that a cancelled write leaves nothing behind.
// It waits for the parts in progress, which have been cancelled, because a part that arrives after
// the abort would stay. It may be called again, and returns when the upload is gone.
//
// It is tried until AbortTimeout after the failure, or after the end of the write's context, and at
// least for half of AbortTimeout.
func (u *upload) abort() {
	if !u.forget() {
		<-u.gone
		return
	}
	defer u.finish()
	e := u.w.e
	if e.off.abort {
		return
	}
	end := time.Now().Add(e.opts.AbortTimeout)
	u.sending.Wait()
	if u.keeps.Load() {
		return
	}
	if at := u.ended.Load(); at != 0 {
		// A Writer may be closed long after its context has ended.
		end = time.Unix(0, at).Add(e.opts.AbortTimeout)
		if least := time.Now().Add(e.opts.AbortTimeout / 2); end.Before(least) {
			end = least
		}
	}
	ctx, cancel := context.WithDeadline(u.call, end)
	defer cancel()
	_ = e.do(ctx, call{op: "AbortUpload", key: u.w.key, cleanup: true}, func(a *attempt) error {
		return e.store.AbortUpload(a, u.w.key, u.id)
	}) // the write's own failure is what the caller learns
}

// forget begins the end of the upload's life here; false if it was over already.
func (u *upload) forget() bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	was := u.over
	u.over = true
	return !was
}

// finish ends it.
func (u *upload) finish() {
	u.stop()
	u.w.e.over(u)
	close(u.gone)
}
