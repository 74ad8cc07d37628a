package storage

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
)

// Bucket is a container of objects. [Open], [OpenWith] and [New] make one. It keeps every promise
// of this package on every provider. Its methods may be called concurrently.
type Bucket struct {
	e      *engine
	prefix string
	parent *Bucket // of a view
	owner  bool    // closing it closes the Store
	closed atomic.Bool
}

// New returns a Bucket for a Store. Closing the Bucket closes the Store. opts may be nil.
func New(s Store, opts *Options) *Bucket { return &Bucket{e: newEngine(s, opts), owner: true} }

// Prefix returns a view of b in which every key has the prefix p. This applies to keys that are
// passed in, keys that are returned, and lists. p is used as it is; add a trailing slash if you
// want one. Closing the view does not close b. Closing b closes the view.
//
// A view is a convenience and no boundary between tenants: Store returns the Store of the whole
// bucket.
func (b *Bucket) Prefix(p string) *Bucket {
	return &Bucket{e: b.e, prefix: b.StoreKey(p), parent: b}
}

// StoreKey returns the key that the Store uses for key. Use it with Store() and with the Client()
// of a driver.
func (b *Bucket) StoreKey(key string) string { return b.prefix + key }

// name is the inverse of StoreKey.
func (b *Bucket) name(storeKey string) string { return strings.TrimPrefix(storeKey, b.prefix) }

// Store returns the Store of the Bucket. Its keys are those that StoreKey returns. The Client() of
// a driver gives access to operations that only one service has. Requests made with it bypass the
// retries, checksums and timeouts of Bucket.
func (b *Bucket) Store() Store { return b.e.raw }

// Capabilities tells what the Store can do, so that a program can ask before it offers a feature.
// It makes no request. The Store refuses what a false field names. Bucket provides some of it in
// another way: where Copy is false, it copies through the program.
func (b *Bucket) Capabilities() Capabilities { return b.e.store.Capabilities() }

// CheckKey returns nil if a write would accept key, and otherwise an error that matches
// ErrInvalidKey. It makes no request. A service can still refuse the key if the driver does not
// know all of its rules.
func (b *Bucket) CheckKey(key string) error {
	full := b.StoreKey(key)
	err := b.checkNewKey(key, full)
	if err == nil {
		err = b.e.store.CheckKey(full)
		if isKind(err, errors.ErrUnsupported) {
			err = nil // the driver knows no rules beyond those of every provider
		}
	}
	return wrap("CheckKey", key, err)
}

// Close ends the Bucket and closes its Store. Calls in progress and later calls fail with
// ErrClosed, as do its Readers and Writers. Uploads that Writers have begun are aborted. Closing a
// view that Prefix returned ends only the view. Further calls of Close return nil.
func (b *Bucket) Close() error {
	if b.closed.Swap(true) || !b.owner {
		return nil
	}
	return wrap("Close", "", b.e.close())
}

// ready returns why a call cannot begin, or nil.
func (b *Bucket) ready(ctx context.Context) error {
	for v := b; v != nil; v = v.parent {
		if v.closed.Load() {
			return &Error{Kind: ErrClosed}
		}
	}
	if b.e.closing.Err() != nil {
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
	full := b.StoreKey(key)
	return full, checkOldKey(key, full)
}

// writeKey returns the Store's key of a write that is about to begin.
func (b *Bucket) writeKey(ctx context.Context, key string) (string, error) {
	if err := b.ready(ctx); err != nil {
		return "", err
	}
	full := b.StoreKey(key)
	return full, b.checkNewKey(key, full)
}

// checkOldKey refuses a key that no object can have, and the empty key of a view.
func checkOldKey(key, full string) error {
	if key == "" {
		return validKey("")
	}
	return possibleKey(full)
}

func (b *Bucket) checkNewKey(key, full string) error {
	if key == "" {
		return validKey("")
	}
	if err := validKey(full); err != nil {
		return err
	}
	if b.e.opts.PortableKeys {
		return PortableKey(full)
	}
	return nil
}

// own replaces the Store's key in o with the key that callers of b use.
func (b *Bucket) own(o *Object) *Object {
	if o != nil {
		o.Key = b.name(o.Key)
	}
	return o
}

// op is a call of a method of Bucket under way.
type op struct {
	name, key string
	trace     *tracedCall
}

// start begins a call. key is what the caller gave: a key, a prefix or nothing.
func (b *Bucket) start(ctx context.Context, name, key string) (context.Context, op) {
	ctx, trace := startCall(ctx, b.e.opts.Tracer, name, key)
	return ctx, op{name, key, trace}
}

// wrap returns err under the call's names.
func (o op) wrap(err error) error { return wrap(o.name, o.key, err) }

// end ends the call and returns err under its names.
func (o op) end(err error) error {
	err = o.wrap(err)
	o.trace.end(err)
	return err
}

// left ends the call where a panic of the caller's own code leaves it. It is deferred, and does
// nothing after end.
func (o op) left() {
	if o.trace != nil {
		o.trace.end(o.wrap(&Error{Err: errPanic}))
	}
}

var errPanic = errors.New("a panic of the caller's own code")
