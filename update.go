package storage

import (
	"bytes"
	"context"
	"errors"
	"fmt"
)

// Update changes the object under key. It reads the object, calls change with its bytes, and writes
// the result on condition that the object is still the same. If another writer was faster, it
// begins again. It ends when it succeeds, when change fails or when ctx ends. If there is no
// object, change gets nil and nil, and its result creates one. The new object has the headers and
// metadata of o as change leaves them. Tags and storage class are not kept.
//
// No update is lost among any number of Updates and other conditional writers. change can be called
// several times. The object has to fit into memory. If change returns an error, nothing is written,
// and errors.Is finds that error. ErrUnknownOutcome is returned and not retried, because the change
// may have been made.
func (b *Bucket) Update(
	ctx context.Context, key string, change func(old []byte, o *Object) ([]byte, error),
) (*Object, error) {
	return b.UpdateWith(ctx, key, change, nil)
}

// UpdateWith is Update with options. opts may be nil.
func (b *Bucket) UpdateWith(
	ctx context.Context, key string, change func(old []byte, o *Object) ([]byte, error),
	opts *UpdateOptions,
) (*Object, error) {
	ctx, op := b.start(ctx, "Update", key)
	defer op.left()
	o, err := b.update(ctx, key, change, opts)
	return b.own(o), op.end(err)
}

func (b *Bucket) update(
	ctx context.Context, key string, change func(old []byte, o *Object) ([]byte, error),
	opts *UpdateOptions,
) (*Object, error) {
	if change == nil {
		return nil, invalid("nil function")
	}
	full, err := b.writeKey(ctx, key)
	if err != nil {
		return nil, err
	}
	var create PutOptions
	if opts != nil && opts.Create != nil {
		create = *opts.Create
	}
	if create.IfAbsent || create.IfMatch != "" || !create.Checksums.IsZero() {
		return nil, invalid("UpdateOptions.Create must not have conditions or Checksums")
	}
	if _, err := b.e.newWrite(full, &create, b.ready); err != nil {
		return nil, err
	}
	for n := 1; ; n++ {
		if err := b.ready(ctx); err != nil {
			return nil, err
		}
		o, again, err := b.updateOnce(ctx, full, change, create)
		if !again {
			return o, err
		}
		// Contention is no trouble of the service: the ceiling stays low.
		if !b.e.pause(ctx, b.e.closing.Done(), min(n, 4), 0) {
			if err := ctx.Err(); err != nil {
				return nil, &Error{Err: err}
			}
			return nil, &Error{Kind: ErrPrecondition, Err: context.DeadlineExceeded}
		}
	}
}

// updateOnce reads, changes and writes. again says that another writer was quicker.
func (b *Bucket) updateOnce(
	ctx context.Context, full string, change func([]byte, *Object) ([]byte, error),
	create PutOptions,
) (_ *Object, again bool, _ error) {
	var old []byte
	var o *Object
	r, err := b.e.get(ctx, full, GetOptions{})
	if err == nil {
		old, err = r.all()
	}
	po := create
	switch {
	case isKind(err, ErrNotExist):
		po.IfAbsent = true
	case err != nil:
		return nil, isKind(err, ErrChanged), err
	default:
		if o = b.own(r.Object()); o.ETag == ETagNone {
			err := errors.New("the object has no ETag for a condition")
			return nil, false, &Error{Kind: errors.ErrUnsupported, Err: err}
		}
		po = PutOptions{IfMatch: o.ETag}
	}
	data, err := change(old, o)
	if err != nil {
		return nil, false, &Error{Kind: kindOf(err), Err: fmt.Errorf("change: %w", err)}
	}
	if o != nil {
		h := o.headers()
		h.StorageClass = ""
		po.setHeaders(h)
	}
	w, err := b.e.newWrite(full, &po, b.ready)
	if err != nil {
		return nil, false, err
	}
	written, err := w.section(ctx, bytes.NewReader(data), 0, int64(len(data)))
	return written, isKind(err, ErrExist) || isKind(err, ErrPrecondition), err
}
