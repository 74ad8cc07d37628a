package storage

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
)

// Bucket is what a program holds: a container of objects, wherever it is. It is made by [Open],
// [OpenWith] or [New], and every promise of this package is kept behind it, once for all providers.
// Its methods may be called concurrently.
type Bucket struct {
	e      *engine
	prefix string
	parent *Bucket // of a view
	owner  bool    // closing it closes the Store
	closed atomic.Bool
}

// New returns a Bucket around a Store, which Close closes. opts may be nil.
func New(s Store, opts *Options) *Bucket { return &Bucket{e: newEngine(s, opts), owner: true} }

// Prefix returns a view of b in which every key has p before it: keys given, keys returned, lists.
// The prefix is taken as it stands: give it its trailing slash. Closing the view does not close b;
// closing b closes the view.
//
// A view is a convenience and no boundary between tenants: Store goes around it, and so does
// whoever holds b.
func (b *Bucket) Prefix(p string) *Bucket {
	return &Bucket{e: b.e, prefix: b.StoreKey(p), parent: b}
}

// StoreKey returns the key under which the Store has what b calls key: for requests that a program
// makes with the driver's Client(), and for Store().
func (b *Bucket) StoreKey(key string) string { return b.prefix + key }

// name undoes StoreKey.
func (b *Bucket) name(storeKey string) string { return strings.TrimPrefix(storeKey, b.prefix) }

// Store returns the Store that the Bucket was made of. Its keys are those of StoreKey. Through it a
// program reaches the driver's Client(), and with that what only one service can do.
func (b *Bucket) Store() Store { return b.e.raw }

// Capabilities tells what the Store can do of what not every service can: what a program asks
// before it offers a feature. It makes no request. A false field is what the Store refuses; some of
// that Bucket does in another way: it copies through the program where Copy is false.
func (b *Bucket) Capabilities() Capabilities { return b.e.store.Capabilities() }

// CheckKey reports whether a write would take key: nil, or an error that matches ErrInvalidKey. It
// makes no request. A key that it takes may still be refused by a service whose rules its driver
// does not know.
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

// Close ends the Bucket: calls under way fail with ErrClosed, as later ones do, and so do its
// Readers and Writers; what Writers had begun is aborted; the Store is closed. Closing a view made by
// Prefix ends the view alone. Closing again is nil.
func (b *Bucket) Close() error {
	if b.closed.Swap(true) || !b.owner {
		return nil
	}
	return wrap("Close", "", b.e.close())
}

// ready reports why a call cannot begin.
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

// checkOldKey refuses keys that no object can have, and the empty one of a view.
func checkOldKey(key, full string) error {
	if key == "" {
		return validKey("")
	}
	return validKey(full)
}

func (b *Bucket) checkNewKey(key, full string) error {
	if err := checkOldKey(key, full); err != nil {
		return err
	}
	if b.e.opts.PortableKeys {
		return PortableKey(full)
	}
	return nil
}

// own gives o, which the engine knows by the Store's key, the key that b's callers use.
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
func (o op) left() { o.trace.end(o.wrap(&Error{Err: errPanic})) }

var errPanic = errors.New("a panic of the caller's own code")
