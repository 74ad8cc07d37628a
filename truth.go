package storage

import (
	"context"
	"errors"
)

// truth finds out what became of one write with an ID, between its attempts and at their end
// (rule 11). The zero value of its own fields is ready.
//
// After an attempt in doubt it looks at the object before the bytes are sent again. A refusal
// without doubt is looked at, too, since a proxy may have delivered the request twice. A look is
// one Stat: one attempt where the write is sent again if it fails, and else as many as any Stat.
type truth struct {
	e     *engine
	claim *claim
	size  int64 // of the object, -1: not known
	trust bool  // a refusal without doubt is believed: somebody else looks

	// sums are those of what was sent, of the ones in want that can be had; nil: none can. The
	// error says why they are not known now.
	sums func(ctx context.Context, want Checksums) (Checksums, error)
	gone func(err error) bool // err can be the refusal of a write that happened; nil: no

	o     *Object // the write's, once it is known that it happened
	blind bool    // the last look after a doubt failed
}

// settle is what follows a failed attempt, which was itself in doubt or not. It returns true where
// that settles the write: with nil it happened, and t.o is its object.
func (t *truth) settle(ctx context.Context, f *Error, doubtful, passing bool) (bool, error) {
	denied := !passing && (isRefusal(f) || t.gone != nil && t.gone(f))
	switch {
	case t.claim.id == "" || t.e.off.settle || t.e.closing.Err() != nil:
		return false, nil
	case !f.InDoubt && (!denied || t.trust || t.e.opts.TrustRefusals || ctx.Err() != nil):
		return false, nil
	case f.InDoubt && !doubtful && passing: // nothing new: the look after the doubt stands
		return false, nil
	}
	looking := ctx
	if ctx.Err() != nil {
		var cancel context.CancelFunc
		looking, cancel = context.WithTimeout(context.WithoutCancel(ctx), t.e.opts.AbortTimeout/2)
		defer cancel()
	}
	how := call{once: f.InDoubt, urgent: looking != ctx}
	v, err := t.look(looking, denied, how)
	t.blind = err != nil
	switch {
	case err != nil && !f.InDoubt && (ctx.Err() != nil || isPassing(asError(err))):
		return true, unknown(f, ctx.Err())
	case err != nil && !f.InDoubt:
		return false, nil // nobody may look: the refusal stands
	case v == happened || v == replaced:
		return true, nil
	case !f.InDoubt:
		return false, nil
	case err != nil && ctx.Err() == nil:
		return false, nil // send it again
	case v == refused:
		return true, decided(f, t.claim.refusal())
	case v == pending && ctx.Err() == nil:
		return false, nil
	}
	return true, unknown(f, ctx.Err())
}

// last is what a write is that no further attempt is made of, and that nothing has settled.
func (t *truth) last(ctx context.Context, f *Error) error {
	switch {
	case !f.InDoubt || t.e.off.settle:
		return f
	case t.claim.id == "" && isRefusal(f): // a copy's source, since the attempt in doubt
		return unknown(f, ctx.Err())
	case t.claim.id == "":
		return f
	}
	if t.blind && ctx.Err() == nil && t.e.closing.Err() == nil {
		switch v, err := t.look(ctx, false, call{once: true}); {
		case err != nil:
		case v == happened || v == replaced:
			return nil
		case v == refused:
			return decided(f, t.claim.refusal())
		}
	}
	denied := isRefusal(f) || t.gone != nil && t.gone(f)
	if t.claim.conditional() || denied || ctx.Err() != nil {
		return unknown(f, ctx.Err())
	}
	return f
}

// look looks at the object, a second time where the first may have seen an older state. how says
// whether it is tried again, and whether it is held back.
func (t *truth) look(ctx context.Context, denied bool, how call) (v verdict, err error) {
	how.op, how.key = "Stat", t.claim.key
	for range 2 {
		o, l, err := t.e.statBy(ctx, how, StatOptions{})
		if err != nil && !isKind(err, ErrNotExist) {
			return unclear, err
		}
		if v = t.claim.judge(o, l, denied); v == happened && !t.fits(ctx, o) {
			v = replaced
		}
		switch v {
		case happened:
			t.o = t.e.written(t.claim, o, t.size)
		case replaced:
			t.o = &Object{Key: t.claim.key, Size: t.size, ETag: ETagNone}
		case stale:
			t.e.pause(ctx, t.e.closing.Done(), 1, 0)
			continue
		}
		return v, nil
	}
	return unclear, nil
}

// fits reports whether o can have the bytes that were sent. A tool may have written other ones and
// kept the metadata, and with it the ID. Where that cannot be found out, o is not taken for ours.
func (t *truth) fits(ctx context.Context, o *Object) bool {
	if t.size >= 0 && o.Size != t.size {
		return false
	}
	if t.sums == nil || o.Checksums.IsZero() {
		return true
	}
	ours, err := t.sums(ctx, o.Checksums)
	if err != nil {
		return false
	}
	for i := range algorithms {
		a := &algorithms[i]
		mine, theirs := *a.Of(&ours), *a.Of(&o.Checksums)
		if mine != nil && theirs != nil && string(mine) != string(theirs) {
			return false
		}
	}
	return true
}

// decided is e once it is known that the write was refused.
func decided(e *Error, kind error) *Error {
	d := *e
	d.Kind, d.InDoubt = kind, false
	return &d
}

// unknown is e once it is known that nobody can tell. cause is the context's error, if it has
// ended.
func unknown(e *Error, cause error) *Error {
	u := *e
	u.Kind = ErrUnknownOutcome
	switch {
	case cause != nil:
		u.Err = cause
	case u.Err == nil:
		u.Err = e.Kind
	case e.Kind != nil && e.Kind != ErrUnknownOutcome:
		u.Err = errors.Join(e.Kind, e.Err)
	}
	return &u
}
