package histories

import (
	"context"
	"errors"
	"io"
	"slices"
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

// landings are the requests of one operation that landed.
type landings struct {
	now func() int64
	mu  sync.Mutex
	all []Landing
}

// counting returns a context below which the requests that land are noted in l.
func counting(ctx context.Context, l *landings) context.Context {
	return context.WithValue(ctx, landingsKey{}, l)
}

// list are those so far.
func (l *landings) list() []Landing {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.all)
}

// request begins a request. What it returns notes how it ended.
func request(ctx context.Context) func(o *storage.Object, err error) {
	l, ok := ctx.Value(landingsKey{}).(*landings)
	if !ok {
		return func(*storage.Object, error) {}
	}
	call := l.now()
	return func(o *storage.Object, err error) {
		var e *storage.Error
		if err != nil && !(errors.As(err, &e) && e.InDoubt) {
			return
		}
		landing := Landing{Call: call, Return: l.now(), Doubt: err != nil}
		if err == nil && o != nil {
			landing.ETag = known(o.ETag)
		}
		l.mu.Lock()
		defer l.mu.Unlock()
		l.all = append(l.all, landing)
	}
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
	ended := request(ctx)
	o, err := c.FullStore.Put(ctx, key, body, size, opts)
	ended(o, err)
	return o, err
}

// Delete removes an object.
func (c *Counter) Delete(ctx context.Context, key string, opts *storage.DeleteOptions) error {
	ended := request(ctx)
	err := c.FullStore.Delete(ctx, key, opts)
	ended(nil, err)
	return err
}

// Copy copies an object.
func (c *Counter) Copy(
	ctx context.Context, dst, src string, opts *storage.CopyOptions,
) (*storage.CopyResult, error) {
	ended := request(ctx)
	r, err := c.FullStore.Copy(ctx, dst, src, opts)
	switch {
	case err != nil:
		ended(nil, err)
	case r.Token == "":
		ended(r.Object, nil)
	}
	return r, err
}

// CompleteUpload makes an object of parts.
func (c *Counter) CompleteUpload(
	ctx context.Context, key, id string, parts []*storage.Part, opts *storage.PutOptions,
) (*storage.Object, error) {
	ended := request(ctx)
	o, err := c.FullStore.CompleteUpload(ctx, key, id, parts, opts)
	ended(o, err)
	return o, err
}
