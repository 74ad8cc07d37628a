package storage

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
)

// Update changes the object under key. It reads the object, calls change with its bytes, and writes
// the result on condition that the object is still the same. If another writer was faster, it
// begins again. It ends when it succeeds, when change fails or when ctx ends. If there is no
// object, change gets nil and nil, and its result creates one. The new object has the headers and
// metadata of o as change leaves them, the storage class included, and the tags of the old one.
// What change leaves as it was is kept, even if a new object could not have it. What cannot be kept
// is an error before change is called: see UpdateOptions.AllowLoss. Tags have no version: a change
// of the tags alone, between the read and the write, is lost.
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
	keep := keeping{from: b.e, to: b.e, key: full}
	if opts != nil {
		if opts.Create != nil {
			create = *opts.Create
		}
		if err := keep.allow(opts.AllowLoss); err != nil {
			return nil, err
		}
	}
	if create.IfAbsent || create.IfMatch != "" || !create.Checksums.IsZero() {
		return nil, invalid("UpdateOptions.Create must not have conditions or Checksums")
	}
	if _, err := b.e.newWrite(full, &create, b.ready); err != nil {
		return nil, err
	}
	u := &updating{b: b, key: full, change: change, create: create, keep: keep}
	for n := 1; ; n++ {
		if err := b.ready(ctx); err != nil {
			return nil, err
		}
		o, again, err := u.once(ctx)
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

// updating is an Update under way.
type updating struct {
	b      *Bucket
	key    string // as the Store sees it
	change func([]byte, *Object) ([]byte, error)
	create PutOptions
	keep   keeping

	// The write before, which was refused. Where its request was delivered twice it happened all
	// the same, and the next read shows its ID.
	id   string
	data []byte
	base string // its IfMatch; empty: it was to create
	same int    // how often in a row the service has refused that base and shown it again
}

// stubborn is how often the service may refuse a version that it shows. Two writers who take turns
// with the same bytes can do that on S3; more often it is a service that does not know its ETags.
const stubborn = 2

// once reads, changes and writes. again says that another writer was quicker.
func (u *updating) once(ctx context.Context) (_ *Object, again bool, _ error) {
	e := u.b.e
	var old []byte
	var o *Object
	r, err := e.get(ctx, u.key, GetOptions{})
	if err == nil {
		old, err = r.all()
	}
	po := u.create
	switch {
	case isKind(err, ErrNotExist):
		po.IfAbsent = true
	case err != nil:
		return nil, isKind(err, ErrChanged), err
	case r.first.line.has(u.id):
		if u.base == "" && u.create.Progress != nil { // whose own end was the refusal
			size := int64(len(u.data))
			u.create.Progress(Progress{Done: size, Total: size})
		}
		return u.happened(r, old), false, nil
	default:
		if o = u.b.own(r.Object()); o.ETag == ETagNone {
			return nil, false, errNoETag()
		}
		if err := r.first.classOf(ctx); err != nil {
			return nil, isKind(err, ErrPrecondition) || isKind(err, ErrNotExist), err
		}
		po = PutOptions{IfMatch: o.ETag}
		if po.Tags, err = u.keep.tagsOf(ctx, o); err != nil {
			return nil, isKind(err, ErrNotExist), err
		}
		if o.StorageClass, err = u.keep.classOf(o); err != nil {
			return nil, false, err
		}
	}
	if u.id != "" && po.IfMatch == u.base {
		if u.same++; u.same == stubborn {
			return nil, false, u.refused()
		}
	} else {
		u.same = 0
	}
	var was headers
	if o != nil {
		was = o.headers()
		was.Metadata = maps.Clone(was.Metadata)
	}
	data, err := u.change(old, o)
	if err != nil {
		return nil, false, &Error{Kind: kindOf(err), Err: fmt.Errorf("change: %w", err)}
	}
	if o != nil {
		po.setHeaders(o.headers())
	}
	w, err := e.newWriteBeside(u.key, &po, was, u.b.ready)
	if err != nil {
		return nil, false, err
	}
	w.trust = true
	written, err := w.section(ctx, bytes.NewReader(data), 0, int64(len(data)))
	u.id, u.data, u.base = w.lastID, data, po.IfMatch
	return written, isKind(err, ErrExist) || isKind(err, ErrPrecondition), err
}

// happened is the object of the write before, as r shows that it happened.
func (u *updating) happened(r *Reader, old []byte) *Object {
	if r.first.line.newest() == u.id && bytes.Equal(old, u.data) {
		return r.Object()
	}
	return &Object{Key: u.key, Size: int64(len(u.data)), ETag: ETagNone}
}

// refused is the error of an Update that the service refuses again and again, although nobody else
// writes.
func (u *updating) refused() error {
	text := "the service refuses to create the object, and says that there is none"
	if u.base != "" {
		text = "the service refuses the ETag " + u.base + ", which it gives for the object"
	}
	return &Error{Kind: ErrPrecondition, Err: errors.New(text)}
}
