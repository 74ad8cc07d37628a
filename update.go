package storage

import (
	"bytes"
	"context"
	"errors"
	"fmt"
)

// Update changes the object under key: it reads it, calls change with its bytes, and writes what change returns if the
// object is still the same, else it begins again, until it succeeds, change fails or ctx ends. With no object under key,
// change gets nil and nil, and its result creates one. o's headers and metadata, as change leaves them, are the new
// object's; its tags and storage class are not carried over. A new object that needs headers is created by Put with IfAbsent.
//
// No update is lost among any number of Updates and other conditional writers; change may be called several times.
// The object has to fit into memory. An error of change is returned, of its own kind (errors.Is), and nothing is written.
// ErrUnknownOutcome is returned, not tried again: the change may have been made.
func (b *Bucket) Update(ctx context.Context, key string, change func(old []byte, o *Object) ([]byte, error)) (*Object, error) {
	o, err := b.update(ctx, key, change)
	return o, wrap("Update", key, err)
}

func (b *Bucket) update(ctx context.Context, key string, change func(old []byte, o *Object) ([]byte, error)) (*Object, error) {
	if change == nil {
		return nil, invalid("nil function")
	}
	if _, err := b.writeKey(ctx, key); err != nil {
		return nil, err
	}
	for n := 1; ; n++ {
		var po PutOptions
		old, o, err := b.readAll(ctx, key, nil)
		switch {
		case isKind(err, ErrNotExist):
			po.IfAbsent = true
		case err != nil && !isKind(err, ErrChanged):
			return nil, err
		case err == nil && o.ETag == ETagNone:
			return nil, &Error{Kind: errors.ErrUnsupported, Err: errors.New("the object has no ETag to hold on to")}
		case err == nil:
			po.IfMatch = o.ETag
		}
		if err == nil || po.IfAbsent {
			data, err := change(old, o)
			if err != nil {
				return nil, &Error{Kind: kindOf(err), Err: fmt.Errorf("change: %w", err)}
			}
			if o != nil {
				h := o.headers()
				po.ContentType, po.ContentEncoding, po.ContentDisposition = h.ContentType, h.ContentEncoding, h.ContentDisposition
				po.ContentLanguage, po.CacheControl, po.Metadata = h.ContentLanguage, h.CacheControl, h.Metadata
			}
			written, err := b.put(ctx, key, bytes.NewReader(data), &po)
			if !isKind(err, ErrExist) && !isKind(err, ErrPrecondition) {
				return written, err
			}
		}
		if !b.pause(ctx, b.closing.Done(), min(n, 4), 0) { // contention, not trouble: the ceiling stays low
			if err := ctx.Err(); err != nil {
				return nil, &Error{Err: err}
			}
			return nil, &Error{Kind: ErrPrecondition, Err: context.DeadlineExceeded}
		}
	}
}
