package storage

import (
	"context"
	"iter"
)

// DeleteMany removes the objects under keys, in batches if the service has them. It returns the
// number of keys that are gone, including those that did not exist. keys is iterated on the
// caller's goroutine. Every key is tried, unless the context ends or the Bucket is closed. A
// *DeleteError (errors.As) names the keys that failed, also where not every key was tried.
func (b *Bucket) DeleteMany(
	ctx context.Context, keys iter.Seq[string], opts *DeleteManyOptions,
) (int, error) {
	ctx, op := b.start(ctx, "DeleteMany", "")
	defer op.left()
	if keys == nil {
		return 0, op.end(invalid("nil sequence of keys"))
	}
	n, err := b.deleteMany(ctx, func(yield func(string, error) bool) {
		for k := range keys {
			if !yield(k, nil) {
				return
			}
		}
	}, b.readKey, opts)
	return n, op.end(err)
}

// DeletePrefix removes every object whose key begins with prefix. An empty prefix removes every
// object of the Bucket, and in a view also one whose key is the prefix of the view itself, which
// its lists leave out. It is a List and a DeleteMany, so objects that are written in the meantime
// may remain. It returns the number of objects that are gone.
func (b *Bucket) DeletePrefix(
	ctx context.Context, prefix string, opts *DeleteManyOptions,
) (int, error) {
	ctx, op := b.start(ctx, "DeletePrefix", prefix)
	n, err := b.deleteMany(ctx, listedKeys(func(yield func(*Object, error) bool) {
		for page, err := range b.pages(ctx, ListOptions{Prefix: prefix}) {
			if err != nil {
				yield(nil, err)
				return
			}
			if !each(page.Objects, yield) {
				return
			}
		}
	}), b.foundKey, opts)
	return n, op.end(err)
}

// DeleteListed removes objects that a List of b returned: all of them or a selection. An error in
// the sequence ends the call. A common prefix is ErrInvalid for that entry alone. Otherwise
// DeleteListed is like DeleteMany.
func (b *Bucket) DeleteListed(
	ctx context.Context, objects iter.Seq2[*Object, error], opts *DeleteManyOptions,
) (int, error) {
	ctx, op := b.start(ctx, "DeleteListed", "")
	defer op.left()
	if objects == nil {
		return 0, op.end(invalid("nil sequence of objects"))
	}
	n, err := b.deleteMany(ctx, listedKeys(objects), b.readKey, opts)
	return n, op.end(err)
}

// listedKeys yields the keys of objects. An error ends the sequence, except errIsPrefix, which
// applies to its key alone.
func listedKeys(objects iter.Seq2[*Object, error]) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		for o, err := range objects {
			switch {
			case err != nil:
				yield("", err)
				return
			case o == nil:
				yield("", invalid("nil object"))
				return
			case o.IsPrefix:
				if !yield(o.Key, errIsPrefix) {
					return
				}
			default:
				if !yield(o.Key, nil) {
					return
				}
			}
		}
	}
}

// errIsPrefix stands for a common prefix in a sequence of objects.
var errIsPrefix = invalid("a common prefix is not an object")

// foundKey returns the Store's key of an object that the Store has listed. It is deleted whatever
// its key is, also one without a name in the view.
func (b *Bucket) foundKey(ctx context.Context, key string) (string, error) {
	return b.StoreKey(key), b.ready(ctx)
}

// deleteMany deletes what keys yields, under the Store's keys that storeKey gives. An error in keys
// ends it, but for errIsPrefix.
func (b *Bucket) deleteMany(
	ctx context.Context, keys iter.Seq2[string, error],
	storeKey func(context.Context, string) (string, error), opts *DeleteManyOptions,
) (int, error) {
	if err := b.ready(ctx); err != nil {
		return 0, err
	}
	var o DeleteManyOptions
	if opts != nil {
		o = *opts
	}
	if o.Concurrency < 0 || o.BatchSize < 0 {
		return 0, invalid("negative Concurrency or BatchSize")
	}
	setDefault(&o.Concurrency, b.e.opts.Concurrency)
	size := b.e.store.MaxBatch()
	if o.BatchSize > 0 {
		size = min(size, o.BatchSize)
	}
	size = max(size, 1)

	d := newDeletion(b, o.Concurrency)
	g := newGroup(ctx, o.Concurrency, nil)
	defer func() { // also when the sequence panics
		g.cancel()
		_ = g.wait()
	}()
	var broken error // the sequence's own failure
	var batch []asked
	for key, err := range keys {
		if err == errIsPrefix {
			d.fail(key, err)
			continue
		}
		if err != nil {
			broken = err
			break
		}
		full, err := storeKey(ctx, key)
		if err != nil {
			if ctx.Err() != nil || isKind(err, ErrClosed) {
				broken = err
				break
			}
			d.fail(key, err)
			continue
		}
		batch = append(batch, asked{key: full})
		ok := true
		for ok && len(batch) >= size {
			ok = d.send(g, batch)
			batch = d.back(size, false)
		}
		if !ok {
			break
		}
	}
	if len(batch) == 0 {
		batch = d.back(size, true)
	}
	for len(batch) > 0 && d.send(g, batch) {
		batch = d.back(size, true)
	}
	if stopped := raised(g.wait()); broken == nil {
		broken = stopped
	}
	if broken == nil && b.e.closing.Err() != nil {
		broken = &Error{Kind: ErrClosed}
	}
	d.giveUp(d.again)
	return d.result(ctx, broken)
}
