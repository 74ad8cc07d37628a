package histories

import (
	"context"
	"errors"
	"io"
	"sync"

	"github.com/polystore/storage"
)

// Counter is a Store that notes the requests of each operation that changed the object of its key,
// or may have, with the ETag that came of it. It belongs below whatever loses answers or doubles
// requests.
type Counter struct{ storage.FullStore }

// Count returns a Counter around inner.
func Count(inner storage.Store) *Counter { return &Counter{storage.Full(inner)} }

// Unwrap returns the wrapped Store.
func (c *Counter) Unwrap() storage.Store { return c.FullStore }

type landingsKey struct{}

// landings are the ETags of the requests that landed; "" where a request has none, or nobody knows.
type landings struct {
	mu    sync.Mutex
	etags []string
}

// counting returns a context below which the requests that land are noted in l.
func counting(ctx context.Context, l *landings) context.Context {
	return context.WithValue(ctx, landingsKey{}, l)
}

func note(ctx context.Context, o *storage.Object, err error) {
	l, ok := ctx.Value(landingsKey{}).(*landings)
	var e *storage.Error
	if !ok || err != nil && !(errors.As(err, &e) && e.InDoubt) {
		return
	}
	etag := ""
	if err == nil && o != nil {
		etag = known(o.ETag)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.etags = append(l.etags, etag)
}

// known is an ETag; "" stands for one that nobody knows.
func known(etag string) string {
	if etag == storage.ETagNone {
		return ""
	}
	return etag
}

// Put writes an object.
func (c *Counter) Put(
	ctx context.Context, key string, body io.ReadSeeker, size int64, opts *storage.PutOptions,
) (*storage.Object, error) {
	o, err := c.FullStore.Put(ctx, key, body, size, opts)
	note(ctx, o, err)
	return o, err
}

// Delete removes an object.
func (c *Counter) Delete(ctx context.Context, key string, opts *storage.DeleteOptions) error {
	err := c.FullStore.Delete(ctx, key, opts)
	note(ctx, nil, err)
	return err
}

// Copy copies an object.
func (c *Counter) Copy(
	ctx context.Context, dst, src string, opts *storage.CopyOptions,
) (*storage.CopyResult, error) {
	r, err := c.FullStore.Copy(ctx, dst, src, opts)
	switch {
	case err != nil:
		note(ctx, nil, err)
	case r.Token == "":
		note(ctx, r.Object, nil)
	}
	return r, err
}

// CompleteUpload makes an object of parts.
func (c *Counter) CompleteUpload(
	ctx context.Context, key, id string, parts []*storage.Part, opts *storage.PutOptions,
) (*storage.Object, error) {
	o, err := c.FullStore.CompleteUpload(ctx, key, id, parts, opts)
	note(ctx, o, err)
	return o, err
}
