package storage

import (
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// Bucket is what a program holds: a container of objects, wherever it is. It is made by [Open] or [New], and every promise of this
// package is kept here, once for all providers. Its methods may be called concurrently.
type Bucket struct {
	*core
	prefix string
	parent *Bucket // of a view
	owner  bool    // closing it closes the Store
	closed atomic.Bool
}

// core is what a Bucket shares with its views.
type core struct {
	raw     Store
	store   FullStore
	opts    Options // filled in
	credit  credit
	memory  budget
	buffers sync.Pool // of *[]byte with room for opts.PartSize
	seen    history
	pace    *pacer

	closing context.Context // ends when the Bucket is closed
	close   context.CancelCauseFunc

	mu      sync.Mutex
	uploads map[*upload]struct{} // those that Close has to abort
}

// New returns a Bucket around a Store, which Close closes. opts may be nil.
func New(s Store, opts *Options) *Bucket {
	c := &core{raw: s, store: Full(s), uploads: make(map[*upload]struct{})}
	if opts != nil {
		c.opts = *opts
	}
	o := &c.opts
	setDefault(&o.Retry.Attempts, 4)
	setDefault(&o.Retry.MinDelay, 100*time.Millisecond)
	setDefault(&o.Retry.MaxDelay, 20*time.Second)
	setDefault(&o.Retry.Budget, 100)
	setDefault(&o.StallTimeout, 30*time.Second)
	setDefault(&o.AbortTimeout, 5*time.Second)
	o.Concurrency, o.PartSize = max(o.Concurrency, 0), max(o.PartSize, 0) // there is no less than the default
	setDefault(&o.Memory, 32<<20)
	setDefault(&o.Concurrency, 4)
	setDefault(&o.PartSize, 8<<20)
	c.credit.limit = o.Retry.Budget
	c.memory.free.Store(o.Memory)
	if o.Bandwidth > 0 {
		c.pace = &pacer{rate: o.Bandwidth}
	}
	c.closing, c.close = context.WithCancelCause(context.Background())
	return &Bucket{core: c, owner: true}
}

func setDefault[T comparable](v *T, d T) {
	var zero T
	if *v == zero {
		*v = d
	}
}

// Prefix returns a view of b in which every key has p before it: keys given, keys returned, lists. Closing the view does not
// close b; closing b closes the view. The prefix is taken as it stands: give it its trailing slash.
func (b *Bucket) Prefix(p string) *Bucket {
	return &Bucket{core: b.core, prefix: b.prefix + p, parent: b}
}

// Store returns the Store that the Bucket was made of. Keys there have the Bucket's prefix. Through it a program reaches the driver's
// Client() and with it what only one service can.
func (b *Bucket) Store() Store { return b.raw }

// Capabilities tells what the Store can do of what not every service can: what a program asks
// before it offers a feature. It makes no request. A false field is what the Store refuses; some of
// that Bucket does in another way: it copies through the program where Copy is false.
func (b *Bucket) Capabilities() Capabilities { return b.store.Capabilities() }

// Close ends the Bucket: calls under way fail with ErrClosed, as later ones do, and so do its Readers and Writers; what
// Writers had begun is aborted; the Store is closed. Closing a view made by Prefix ends the view alone. Closing
// again is nil.
func (b *Bucket) Close() error {
	if b.closed.Swap(true) || !b.owner || b.closing.Err() != nil {
		return nil
	}
	b.close(ErrClosed)
	for _, u := range b.openUploads() {
		u.abort()
	}
	if err := b.store.Close(); err != nil {
		return wrap("Close", "", err)
	}
	return nil
}

func (c *core) openUploads() []*upload {
	c.mu.Lock()
	defer c.mu.Unlock()
	us := make([]*upload, 0, len(c.uploads))
	for u := range c.uploads {
		us = append(us, u)
	}
	return us
}

// ready reports why a call cannot begin.
func (b *Bucket) ready(ctx context.Context) error {
	for v := b; v != nil; v = v.parent {
		if v.closed.Load() {
			return &Error{Kind: ErrClosed}
		}
	}
	if b.closing.Err() != nil {
		return &Error{Kind: ErrClosed}
	}
	if err := ctx.Err(); err != nil {
		return &Error{Err: err}
	}
	return nil
}

// readKey returns the Store's key of a read or delete that is about to begin.
func (b *Bucket) readKey(ctx context.Context, key string) (string, error) {
	if err := b.ready(ctx); err != nil {
		return "", err
	}
	full := b.prefix + key
	if key == "" {
		full = ""
	}
	return full, validKey(full)
}

// writeKey returns the Store's key of a write that is about to begin.
func (b *Bucket) writeKey(ctx context.Context, key string) (string, error) {
	full, err := b.readKey(ctx, key)
	if err == nil && b.opts.PortableKeys {
		err = PortableKey(full)
	}
	return full, err
}

// wrap gives err the name of the Bucket's method and the key as the caller knows it.
func wrap(op, key string, err error) error {
	if err == nil {
		return nil
	}
	e := asError(err)
	e.Op, e.Key = op, key
	return e
}

// caller makes o, fresh from the Store under full, the caller's: with the caller's key, without the write ID's entry.
func (b *Bucket) caller(o *Object, full string) (*Object, lineage) {
	l := takeEntry(o, full)
	if o.ETag == "" {
		o.ETag = ETagNone
	}
	if len(l.ids) > 0 {
		b.seen.add(full, o.ETag, l)
	}
	o.Key = strings.TrimPrefix(full, b.prefix)
	return o, l
}

// isKind reports whether err is an *Error of the kind.
func isKind(err, kind error) bool {
	var e *Error
	return errors.As(err, &e) && e.Kind == kind
}
