package storage

import (
	"context"
	"errors"
	"iter"
	"slices"
	"strings"
	"sync"
	"time"
)

// Delete removes the object under key. A missing one is not an error, except with IfMatch, where it is ErrPrecondition. A
// conditional Delete whose answer was lost and that is then refused is ErrUnknownOutcome: nothing is left to ask.
func (b *Bucket) Delete(ctx context.Context, key string, opts *DeleteOptions) error {
	return wrap("Delete", key, b.delete(ctx, key, opts))
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
	return b.deleteOne(ctx, full, o)
}

func (b *Bucket) deleteOne(ctx context.Context, full string, o DeleteOptions) error {
	err := b.do(ctx, call{op: "Delete", key: full, write: true}, func(a *attempt) error {
		return b.store.Delete(a, full, &o)
	})
	if e := (*Error)(nil); o.IfMatch != "" && errors.As(err, &e) && e.InDoubt && e.Kind != ErrUnknownOutcome {
		u := *e
		u.Kind, u.Err = ErrUnknownOutcome, errors.Join(e.Kind, e.Err)
		return &u
	}
	return err
}

// DeleteMany removes the objects under keys, in batches where the service has them, and returns how many are gone, those
// that were not there included. keys is ranged over on the caller's goroutine. Every key is tried: those that failed are
// named by a *DeleteError (errors.As).
func (b *Bucket) DeleteMany(ctx context.Context, keys iter.Seq[string], opts *DeleteManyOptions) (int, error) {
	if keys == nil {
		return 0, wrap("DeleteMany", "", invalid("nil sequence of keys"))
	}
	n, err := b.deleteMany(ctx, func(yield func(string, error) bool) {
		for k := range keys {
			if !yield(k, nil) {
				return
			}
		}
	}, opts)
	return n, wrap("DeleteMany", "", err)
}

// DeletePrefix removes every object whose key begins with prefix; with an empty prefix, every object of the Bucket. It is a
// List and a DeleteMany: what is written meanwhile may stay. It returns how many objects are gone.
func (b *Bucket) DeletePrefix(ctx context.Context, prefix string, opts *DeleteManyOptions) (int, error) {
	n, err := b.deleteMany(ctx, func(yield func(string, error) bool) {
		for o, err := range b.List(ctx, &ListOptions{Prefix: prefix}) {
			key := ""
			if err == nil {
				key = o.Key
			}
			if !yield(key, err) || err != nil {
				return
			}
		}
	}, opts)
	return n, wrap("DeletePrefix", prefix, err)
}

func (b *Bucket) deleteMany(ctx context.Context, keys iter.Seq2[string, error], opts *DeleteManyOptions) (int, error) {
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
	setDefault(&o.Concurrency, b.opts.Concurrency)
	size := b.store.MaxBatch()
	if o.BatchSize > 0 {
		size = min(size, o.BatchSize)
	}
	size = max(size, 1)

	d := &deletion{b: b, failed: new(DeleteError)}
	g := newGroup(ctx, o.Concurrency)
	defer func() { // also when the sequence panics
		g.cancel()
		_ = g.wait()
	}()
	var broken error // the sequence's own failure
	var batch []string
	flush := func() bool {
		keys := batch
		batch = nil
		return len(keys) == 0 || g.start(func(ctx context.Context) error { d.batch(ctx, keys); return nil })
	}
	for key, err := range keys {
		if err != nil {
			broken = err
			break
		}
		full, err := b.readKey(ctx, key)
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
	if stopped := g.wait(); broken == nil {
		broken = stopped
	}
	if broken == nil && b.closing.Err() != nil {
		broken = &Error{Kind: ErrClosed}
	}
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

// deletion gathers what became of many keys.
type deletion struct {
	b      *Bucket
	mu     sync.Mutex
	gone   int
	failed *DeleteError
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

// batch deletes keys by one request, and again those whose failure may pass. Where the service does not take them together,
// a poisoned key among them perhaps, they are deleted one by one.
func (d *deletion) batch(ctx context.Context, keys []string) {
	b := d.b
	var results []error
	err := errors.ErrUnsupported
	if len(keys) > 1 && b.store.MaxBatch() > 1 {
		err = b.do(ctx, call{op: "DeleteBatch", write: true}, func(a *attempt) (err error) {
			results, err = b.store.DeleteBatch(a, keys, &DeleteBatchOptions{})
			if err == nil && len(results) != len(keys) {
				err = &Error{Kind: ErrIntegrity, Err: errors.New("a batch with more or fewer answers than keys")}
			}
			return err
		})
	}
	for i, key := range keys {
		one := err
		if err == nil {
			one = results[i]
		}
		trouble := isKind(err, ErrUnavailable) || isKind(err, ErrThrottled) || isKind(err, ErrNoBucket)
		if one != nil && !trouble && ctx.Err() == nil {
			// Alone it gets its own attempts, and its own reason.
			one = b.deleteOne(ctx, key, DeleteOptions{})
		}
		if one != nil {
			d.fail(key[len(b.prefix):], one)
			continue
		}
		d.deleted(1)
	}
}

// CleanUploads aborts the multipart uploads that were begun longer ago than olderThan and are neither complete nor aborted, and
// returns how many. Uploads whose age the service does not tell stay. It is for what killed processes left behind.
func (b *Bucket) CleanUploads(ctx context.Context, olderThan time.Duration, opts *CleanOptions) (int, error) {
	var o CleanOptions
	if opts != nil {
		o = *opts
	}
	n, err := b.cleanUploads(ctx, time.Now().Add(-olderThan), o)
	return n, wrap("CleanUploads", o.Prefix, err)
}

func (b *Bucket) cleanUploads(ctx context.Context, before time.Time, o CleanOptions) (int, error) {
	n := 0
	list := ListOptions{Prefix: b.prefix + o.Prefix}
	if list.Prefix != "" {
		if err := validKey(list.Prefix); err != nil {
			return 0, err
		}
	}
	for {
		if err := b.ready(ctx); err != nil {
			return n, err
		}
		var page *UploadPage
		err := b.do(ctx, call{op: "ListUploadsPage", key: list.Prefix}, func(a *attempt) (err error) {
			page, err = b.store.ListUploadsPage(a, &list)
			return err
		})
		if err != nil {
			return n, err
		}
		for _, u := range page.Uploads {
			// Some servers list by prefix what has another one.
			if u.Created.IsZero() || u.Created.After(before) || !strings.HasPrefix(u.Key, list.Prefix) {
				continue
			}
			err := b.do(ctx, call{op: "AbortUpload", key: u.Key}, func(a *attempt) error {
				return b.store.AbortUpload(a, u.Key, u.ID)
			})
			if err != nil {
				return n, err
			}
			n++
		}
		if page.NextToken == "" {
			return n, nil
		}
		if page.NextToken == list.PageToken {
			return n, &Error{Kind: ErrUnavailable, Err: errors.New("the list does not advance")}
		}
		list.PageToken = page.NextToken
	}
}
