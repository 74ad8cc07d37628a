package storage

import "context"

// Stat describes the object under key in full. Errors are those of Get.
func (b *Bucket) Stat(ctx context.Context, key string, opts *StatOptions) (*Object, error) {
	ctx, op := b.start(ctx, "Stat", key)
	o, err := b.stat(ctx, key, opts)
	return b.own(o), op.end(err)
}

// Exists reports whether there is an object under key. It returns false without an error only if
// the service says that the object does not exist. A refusal is an error. On S3 and Cloud Storage a
// missing bucket cannot be told from a missing object.
func (b *Bucket) Exists(ctx context.Context, key string) (bool, error) {
	ctx, op := b.start(ctx, "Exists", key)
	_, err := b.stat(ctx, key, nil)
	if isKind(err, ErrNotExist) {
		op.trace.end(nil)
		return false, nil
	}
	return err == nil, op.end(err)
}

func (b *Bucket) stat(ctx context.Context, key string, opts *StatOptions) (*Object, error) {
	full, err := b.readKey(ctx, key)
	if err != nil {
		return nil, err
	}
	var o StatOptions
	if opts != nil {
		o = *opts
	}
	if o.IfMatch, o.IfNoneMatch, err = readConditions(o.IfMatch, o.IfNoneMatch); err != nil {
		return nil, err
	}
	obj, _, err := b.e.stat(ctx, full, o)
	return obj, err
}

// stat describes an object, by one request, and returns its lineage.
func (e *engine) stat(ctx context.Context, key string, opts StatOptions) (*Object, lineage, error) {
	return e.statBy(ctx, call{op: "Stat", key: key}, opts)
}

// statOnce is stat in one attempt. urgent: it has little time, and is not held back.
func (e *engine) statOnce(
	ctx context.Context, key string, urgent bool,
) (*Object, lineage, error) {
	return e.statBy(ctx, call{op: "Stat", key: key, once: true, urgent: urgent}, StatOptions{})
}

func (e *engine) statBy(ctx context.Context, c call, opts StatOptions) (*Object, lineage, error) {
	r := new(struct {
		first attempt
		opts  StatOptions
	})
	c.room, r.opts = &r.first, opts
	var o *Object
	err := e.do(ctx, c, func(a *attempt) (err error) {
		if o, err = e.store.Stat(a, c.key, &r.opts); err != nil {
			return err
		}
		return heldTo(r.opts.IfMatch, o)
	})
	if err != nil {
		return nil, lineage{}, err
	}
	return o, e.admit(o, c.key), nil
}
