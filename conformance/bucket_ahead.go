package conformance

import (
	"context"
	"fmt"
	"sync/atomic"

	"github.com/google/go-cmp/cmp"

	"github.com/polystore/storage"
)

var aheadChecks = []check{{
	name: "bucket/list-ahead", feature: Buckets,
	rule: "rule 19: a List with Concurrency asks for its pages ahead, never holds more of them, " +
		"and shows the same; ListPage takes no Concurrency above 1",
	run: func(ctx context.Context, e *env) error {
		var keys []string
		for i := range 13 {
			keys = append(keys, fmt.Sprintf("k%02d", i))
		}
		if err := e.putAll(ctx, keys); err != nil {
			return err
		}
		b := e.bucket(nil)
		for _, n := range []int{0, 1, 2, 3, 5} {
			var asked atomic.Int64
			pages := make(chan struct{}, 100)
			e.tracked.before = func(_ context.Context, op, _ string) error {
				if op == "ListPage" {
					asked.Add(1)
					pages <- struct{}{}
				}
				return nil
			}
			var got []string
			opts := &storage.ListOptions{PageSize: 2, Concurrency: n}
			for o, err := range b.List(ctx, opts) {
				if err != nil {
					return err
				}
				if got = append(got, o.Key); len(got) > 1 {
					continue
				}
				// While the first page is read, the others come.
				for range max(n, 1) {
					select {
					case <-pages:
					case <-ctx.Done():
						return fmt.Errorf("%d pages were asked for, with Concurrency %d: %w",
							asked.Load(), n, context.Cause(ctx))
					}
				}
				if held := asked.Load(); held > int64(max(n, 1)) {
					e.errorf("%d pages are held, with Concurrency %d", held, n)
				}
			}
			if diff := cmp.Diff(keys, got); diff != "" {
				e.errorf("List with Concurrency %d (-want +got):\n%s", n, diff)
			}
			for range b.List(ctx, opts) {
				break
			}
			stopped := asked.Load()
			_, err := b.ListPage(ctx, &storage.ListOptions{Concurrency: n})
			if n > 1 {
				e.got(fmt.Sprintf("ListPage with Concurrency %d", n), err, storage.ErrInvalid)
			} else if e.got("ListPage", err, nil) {
				stopped++
			}
			if more := asked.Load() - stopped; more > 0 {
				e.errorf("%d pages were asked for behind the end of a List or by a refused "+
					"ListPage", more)
			}
		}
		_, err := b.ListPage(ctx, &storage.ListOptions{Concurrency: -1})
		e.got("ListPage with a negative Concurrency", err, storage.ErrInvalid)
		return nil
	},
}}
