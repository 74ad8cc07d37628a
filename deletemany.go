package storage

import (
	"context"
	"errors"
	"iter"
	"slices"
	"sync"
)

// DeleteMany removes the objects under keys, in batches if the service has them. It returns the
// number of keys that are gone, including those that did not exist. keys is iterated on the
// caller's goroutine. Every key is tried. A *DeleteError (errors.As) names the keys that failed.
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

	d := &deletion{e: b.e, name: b.name, failed: new(DeleteError)}
	g := newGroup(ctx, o.Concurrency, nil)
	defer func() { // also when the sequence panics
		g.cancel()
		_ = g.wait()
	}()
	var broken error // the sequence's own failure
	var batch []string
	flush := func() bool {
		keys := batch
		batch = nil
		return len(keys) == 0 || g.start(0, func(ctx context.Context) error {
			d.batch(ctx, keys)
			return nil
		})
	}
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
		batch = append(batch, full)
		if len(batch) >= size && !flush() {
			break
		}
	}
	flush()
	if stopped := raised(g.wait()); broken == nil {
		broken = stopped
	}
	if broken == nil && b.e.closing.Err() != nil {
		broken = &Error{Kind: ErrClosed}
	}
	return d.result(ctx, broken)
}

// deletion gathers what became of many keys.
type deletion struct {
	e      *engine
	name   func(key string) string // the caller's, of the Store's
	mu     sync.Mutex
	gone   int
	failed *DeleteError
}

// result is what the call returns; broken is why not every key was tried.
func (d *deletion) result(ctx context.Context, broken error) (int, error) {
	switch {
	case broken != nil:
		e := asError(broken)
		if e.InDoubt = d.inDoubt(); d.failed.Failed > 0 {
			e.Err = errors.Join(e.Err, d.failed)
		}
		return d.gone, ended(ctx, e)
	case d.failed.Failed > 0:
		return d.gone, &Error{Kind: d.kind(), InDoubt: d.inDoubt(), Err: d.failed}
	}
	return d.gone, nil
}

func (d *deletion) fail(key string, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.failed.add(wrap("Delete", key, err).(*Error))
}

func (d *deletion) deleted(n int) {
	d.mu.Lock()
	d.gone += n
	d.mu.Unlock()
}

// kind is the kind of all failures, if they are of one.
func (d *deletion) kind() error {
	kind := d.failed.Errors[0].Kind
	for _, e := range d.failed.Errors {
		if e.Kind != kind {
			return nil
		}
	}
	return kind
}

// inDoubt reports whether any of the keys may be gone all the same.
func (d *deletion) inDoubt() bool {
	return slices.ContainsFunc(d.failed.Errors, func(e *Error) bool { return e.InDoubt })
}

// batch deletes keys with one request, which is retried if its failure may pass. If the service
// refuses the batch, perhaps because of a single key, the keys are deleted one by one.
func (d *deletion) batch(ctx context.Context, keys []string) {
	var results []error
	err := errors.ErrUnsupported
	if len(keys) > 1 && d.e.store.MaxBatch() > 1 {
		c := call{op: "DeleteBatch", write: true, probe: true}
		err = d.e.do(ctx, c, func(a *attempt) (err error) {
			results, err = d.e.store.DeleteBatch(a, keys, &DeleteBatchOptions{})
			if err == nil && len(results) != len(keys) {
				err = &Error{Kind: ErrIntegrity, Err: errors.New(
					"the batch response does not have one entry per key")}
			}
			return err
		})
	}
	for i, key := range keys {
		one := err
		if err == nil {
			one = results[i]
		}
		trouble := isKind(err, ErrUnavailable) || isKind(err, ErrThrottled) ||
			isKind(err, ErrNoBucket)
		if one != nil && !trouble && ctx.Err() == nil {
			// Alone it gets its own attempts, and its own reason.
			one = d.e.delete(ctx, key, DeleteOptions{})
		}
		if one != nil {
			d.fail(d.name(key), one)
			continue
		}
		d.deleted(1)
	}
}
