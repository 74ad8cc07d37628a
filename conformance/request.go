package conformance

import (
	"context"

	"github.com/polystore/storage"
)

// requestChecks count what really goes out, by Options.Requests.
var requestChecks = []check{
	{
		name: "request/get", feature: Requests, counts: true,
		rule: "rule 16: Get of a small object costs one request, whole, in part, conditional or " +
			"refused",
		run: onObject(1000, func(ctx context.Context, e *env, key string, _ []byte) {
			o, err := e.stat(ctx, key, nil)
			if !e.got("Stat", err, nil) {
				return
			}
			for _, opts := range []storage.GetOptions{{}, {Offset: 10, Length: 20},
				{IfMatch: o.ETag}, {IfNoneMatch: o.ETag}} {
				e.costs("Get "+describeRange(&opts), 1, func() { e.get(ctx, key, &opts) })
			}
			e.costs("Get of a missing key", 1, func() { e.get(ctx, e.key("missing"), nil) })
		}),
	},
	{
		name: "request/stat", feature: Requests, counts: true,
		rule: "rule 16: Stat costs one request",
		run: onObject(1000, func(ctx context.Context, e *env, key string, _ []byte) {
			e.costs("Stat", 1, func() { e.stat(ctx, key, nil) })
			e.costs("Stat of a missing key", 1, func() { e.stat(ctx, e.key("missing"), nil) })
		}),
	},
	{
		name: "request/put", feature: Requests, counts: true,
		rule: "rule 16: Put of a small object costs one request, conditional or not",
		run: onObject(1000, func(ctx context.Context, e *env, key string, data []byte) {
			e.costs("Put", 1, func() { e.put(ctx, key, data, nil) })
			if !e.has(IfAbsent) {
				return
			}
			e.costs("Put of a new object with IfAbsent", 1, func() {
				e.put(ctx, e.key("new"), data, &storage.PutOptions{IfAbsent: true})
			})
			e.costs("Put refused by IfAbsent", 1, func() {
				e.put(ctx, key, data, &storage.PutOptions{IfAbsent: true})
			})
		}),
	},
	{
		name: "request/delete", feature: Requests, counts: true,
		rule: "rule 16: Delete costs one request, of a missing key, too",
		run: onObject(1000, func(ctx context.Context, e *env, key string, _ []byte) {
			for _, what := range []string{"Delete", "Delete of a missing key"} {
				e.costs(what, 1, func() {
					e.got(what, e.store.Delete(ctx, key, &storage.DeleteOptions{}), nil)
				})
			}
		}),
	},
	{
		name: "request/list", feature: Requests, counts: true,
		rule: "rule 16: a page of a list costs one request",
		run: func(ctx context.Context, e *env) error {
			if err := e.putAll(ctx, []string{"a/1", "a/2", "b", "c", "d"}); err != nil {
				return err
			}
			for _, d := range []string{"", "/"} {
				opts := &storage.ListOptions{Prefix: e.prefix, Delimiter: d, PageSize: 2}
				var page *storage.Page
				var err error
				e.costs("the first page", 1, func() { page, err = e.store.ListPage(ctx, opts) })
				if err != nil {
					return err
				}
				opts.PageToken = page.NextToken
				e.costs("the second page", 1, func() { _, err = e.store.ListPage(ctx, opts) })
				if err != nil {
					return err
				}
			}
			return nil
		},
	},
}

// requests is how many requests were made until now, or 0 where nobody counts them. Only a check
// that is alone may ask, since those of others are among them.
func (e *env) requests() int64 {
	switch {
	case !e.alone:
		panic("conformance: a check that counts requests must be alone")
	case e.opts.Requests == nil:
		return 0
	}
	return e.opts.Requests()
}

// costs notes when fn makes another number of requests. Where nobody counts them, none is seen: a
// check that wants some is one of counts.
func (e *env) costs(what string, want int64, fn func()) {
	before := e.requests()
	fn()
	if n := e.requests() - before; n != want {
		e.errorf("%s made %d requests, want %d", what, n, want)
	}
}
