package storage

import "context"

// Delete removes the object under key. A missing one is not an error, except with IfMatch, where it
// is ErrPrecondition.
//
// A conditional Delete whose answer was lost looks at the object before it is sent again. If
// another write came upon the version, the Delete did not happen: ErrPrecondition. If there is no
// object any more, nobody can tell: ErrUnknownOutcome.
func (b *Bucket) Delete(ctx context.Context, key string, opts *DeleteOptions) error {
	ctx, op := b.start(ctx, "Delete", key)
	return op.end(b.delete(ctx, key, opts))
}

func (b *Bucket) delete(ctx context.Context, key string, opts *DeleteOptions) error {
	full, err := b.readKey(ctx, key)
	if err != nil {
		return err
	}
	var o DeleteOptions
	if opts != nil {
		o = *opts
	}
	if o.IfMatch, err = writeCondition(false, o.IfMatch); err != nil {
		return err
	}
	return b.e.delete(ctx, full, o)
}

func (e *engine) delete(ctx context.Context, key string, o DeleteOptions) error {
	c := call{op: "Delete", key: key, write: true}
	if o.IfMatch != "" {
		c.truth = &deleteTruth{e: e, key: key, etag: o.IfMatch, base: e.seen.get(key, o.IfMatch)}
	}
	return e.do(ctx, c, func(a *attempt) error { return e.store.Delete(a, key, &o) })
}

// deleteTruth finds out what became of a conditional Delete, as truth does for a write. A Delete
// that happened leaves nothing that could tell; what can be told is that it did not.
type deleteTruth struct {
	e         *engine
	key, etag string
	base      lineage // of the version to be deleted, as far as it has been seen
}

func (t *deleteTruth) settle(ctx context.Context, f *Error, doubtful, passing bool) (bool, error) {
	if !f.InDoubt || !doubtful && passing || t.e.off.settle || t.e.closing.Err() != nil {
		return false, nil
	}
	looking := ctx
	if ctx.Err() != nil {
		var cancel context.CancelFunc
		looking, cancel = context.WithTimeout(context.WithoutCancel(ctx), t.e.opts.AbortTimeout/2)
		defer cancel()
	}
	o, l, err := t.e.statOnce(looking, t.key, ctx.Err() != nil)
	switch {
	case err != nil && !isKind(err, ErrNotExist) && ctx.Err() == nil && passing:
		return false, nil // send it again
	case err == nil && l.successor(t.base.newest()) != "":
		// Another's write came upon the version, so it was not deleted.
		return true, decided(f, ErrPrecondition)
	case err == nil && o.ETag == t.etag && ctx.Err() == nil && passing:
		return false, nil // still there
	}
	return true, unknown(f, ctx.Err())
}

func (t *deleteTruth) last(ctx context.Context, f *Error) error {
	if !f.InDoubt || t.e.off.settle {
		return f
	}
	return unknown(f, ctx.Err())
}
