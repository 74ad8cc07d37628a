package storage

import (
	"context"
	"errors"
)

// Delete removes the object under key. A missing object is not an error, except with IfMatch, where
// it is ErrPrecondition. If the answer to a conditional Delete is lost, and a retry fails, the
// error is ErrUnknownOutcome: the object that could tell is gone.
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
	err := e.do(ctx, call{op: "Delete", key: key, write: true}, func(a *attempt) error {
		return e.store.Delete(a, key, &o)
	})
	var f *Error
	if o.IfMatch != "" && errors.As(err, &f) && f.InDoubt && f.Kind != ErrUnknownOutcome {
		u := *f
		u.Kind, u.Err = ErrUnknownOutcome, errors.Join(f.Kind, f.Err)
		return &u
	}
	return err
}
