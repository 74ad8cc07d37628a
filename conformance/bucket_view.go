package conformance

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/polystore/storage"
)

// notPortable are keys that some service or other does not take. None is beside or below another.
var notPortable = []string{"o//b", "p/", "q.", "..", "r/../b", `s\b`, "t\tb", "u/./b", "\u0085v"}

var viewChecks = []check{
	{
		name: "bucket/check-key", feature: Buckets,
		rule: "rule 22: CheckKey refuses, without a request, the keys that a write refuses, " +
			"and takes every portable key",
		covers: []string{"Bucket.CheckKey"},
		run: func(ctx context.Context, e *env) error {
			long := strings.Repeat("k", 1025-len(e.prefix)) // with the prefix of the view
			for _, portable := range []bool{false, true} {
				b := e.bucket(&storage.Options{PortableKeys: portable})
				for _, key := range []string{"a", "a b/c+d", "日本語"} {
					e.got(fmt.Sprintf("CheckKey(%.20q)", key), e.checkKey(b, key), nil)
					_, err := b.WriteAll(ctx, key, []byte(key), nil)
					if e.got("WriteAll", err, nil) {
						e.holds(ctx, e.key(key), []byte(key))
					}
				}
				for _, key := range []string{"", "\xff", "a\xc3", long} {
					err := e.checkKey(b, key)
					e.got(fmt.Sprintf("CheckKey(%.20q)", key), err, storage.ErrInvalidKey)
				}
				for _, key := range notPortable {
					err := e.checkKey(b, key)
					if err == nil && !portable {
						continue // key/check has it
					}
					e.got(fmt.Sprintf("CheckKey(%q)", key), err, storage.ErrInvalidKey)
					_, err = b.WriteAll(ctx, key, nil, nil)
					e.got(fmt.Sprintf("WriteAll under %q", key), err, storage.ErrInvalidKey)
				}
			}
			return nil
		},
	},
	{
		name: "key/check", feature: Keys, alone: true,
		rule: "rule 22: CheckKey of a Store refuses the keys that a write refuses without a " +
			"request, " +
			"and makes none itself",
		run: func(ctx context.Context, e *env) error {
			for _, name := range append([]string{"a", "b c/d+e"}, notPortable...) {
				key := e.key(name)
				var err error
				e.costs(fmt.Sprintf("CheckKey(%q)", name), 0, func() {
					err = e.store.CheckKey(key)
				})
				if errors.Is(err, errors.ErrUnsupported) {
					return notRun("the Store says that it knows no rules for keys")
				}
				if err != nil {
					e.got(fmt.Sprintf("CheckKey(%q)", name), err, storage.ErrInvalidKey)
				}
				before := e.requests()
				_, put := e.put(ctx, key, nil, nil)
				refused := errors.Is(put, storage.ErrInvalidKey)
				// Where nobody counts, all but one half can be seen: the keys that a Put refuses.
				local := e.opts.Requests != nil && e.requests() == before
				switch {
				case refused && local && err == nil:
					e.errorf("Put refuses %q, and CheckKey takes it: %w", name, put)
				case !refused && err != nil:
					e.errorf("Put takes %q, and CheckKey refuses it: %w", name, err)
				}
			}
			return nil
		},
	},
	{
		name: "bucket/store-key", feature: Buckets,
		rule: "rule 22: StoreKey is the key under which the Store has an object of a view, " +
			"also of a view's view",
		covers: []string{"Bucket.StoreKey"},
		run: func(ctx context.Context, e *env) error {
			root := storage.New(e.tracked, nil)
			for i, view := range []struct {
				b    *storage.Bucket
				want string
			}{
				{root, ""},
				{root.Prefix(e.prefix), e.prefix},
				{root.Prefix(e.prefix).Prefix("one/").Prefix("two+"), e.key("one/two+")},
			} {
				key, data := fmt.Sprint("k+", i), []byte{byte(i)}
				if i == 0 {
					key = e.key(key)
				}
				if got := view.b.StoreKey(key); got != view.want+key {
					e.errorf("StoreKey(%q) = %q, want %q", key, got, view.want+key)
				}
				if _, err := view.b.WriteAll(ctx, key, data, nil); err != nil {
					return err
				}
				e.holds(ctx, view.b.StoreKey(key), data)
			}
			return nil
		},
	},
	{
		name: "bucket/tracer-probe", feature: Buckets,
		rule: "rule 26: a request that only tries whether the Store can is a Probe, " +
			"and its errors.ErrUnsupported is no failure of the call",
		run: onObject(1000, func(ctx context.Context, e *env, _ string, data []byte) {
			t := new(probes)
			b := e.bucket(&storage.Options{Tracer: t})
			e.tracked.before = func(_ context.Context, op, _ string) error {
				if op == "Copy" || op == "CopyPart" || op == "DeleteBatch" {
					return &storage.Error{Kind: errors.ErrUnsupported}
				}
				return nil
			}
			_, err := b.Copy(ctx, "copy", "object", nil)
			if e.got("Copy", err, nil) {
				e.holds(ctx, e.key("copy"), data)
			}
			got, err := b.ReadAll(ctx, "object", &storage.GetOptions{Offset: -10})
			if e.got("ReadAll of a suffix", err, nil) {
				e.same("ReadAll of a suffix", got, data[990:])
			}
			n, err := b.DeleteMany(ctx, func(yield func(string) bool) {
				_ = yield("object") && yield("copy")
			}, nil)
			if n != 2 || err != nil {
				e.errorf("DeleteMany of two keys = %d, %v", n, err)
			}
			e.listed(ctx, "")
			t.check(e)
		}),
	},
}

// checkKey asks b, and notes a request.
func (e *env) checkKey(b *storage.Bucket, key string) error {
	before := e.tracked.requests.Load()
	err := b.CheckKey(key)
	if n := e.tracked.requests.Load() - before; n > 0 {
		e.errorf("CheckKey(%.20q) made %d requests", key, n)
	}
	return err
}
