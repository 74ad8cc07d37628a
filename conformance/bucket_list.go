package conformance

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/polystore/storage"
)

var bucketListChecks = []check{
	{
		name: "bucket/list", feature: Buckets,
		rule: "rule 19: List asks nothing before it is ranged over, shows every key once and " +
			"in order, and lists again when ranged again",
		covers: []string{"Bucket.List", "ListOptions.Concurrency"},
		run: onKeys(func(ctx context.Context, e *env, keys []string) {
			b := e.bucket(nil)
			for _, opts := range []*storage.ListOptions{
				nil, {PageSize: 2}, {PageSize: 3, Concurrency: 2}, {Delimiter: "/"}, {Prefix: "a"},
				{Prefix: "a/", Delimiter: "/", PageSize: 1},
				{StartAfter: "a/1"}, {StartAfter: "b", PageSize: 3, Concurrency: 3},
			} {
				before := e.tracked.requests.Load()
				seq := b.List(ctx, opts)
				if e.tracked.requests.Load() > before {
					e.errorf("List made requests before it was ranged over")
				}
				if opts == nil {
					opts = new(storage.ListOptions)
				}
				for n := range 2 {
					var got []string
					for o, err := range seq {
						if err != nil {
							e.errorf("List %+v: %w", *opts, err)
							break
						}
						name := o.Key
						if o.IsPrefix {
							name += " …"
						}
						got = append(got, name)
					}
					if diff := cmp.Diff(expected(keys, opts), got); diff != "" {
						e.errorf("List %+v, ranged over %d times (-want +got):\n%s", *opts,
							n+1, diff)
					}
				}
			}
		}),
	},
	{
		name: "bucket/list-break", feature: Buckets,
		rule: "rule 19: leaving a List stops it at once",
		run: func(ctx context.Context, e *env) error {
			var keys []string
			for i := range 20 {
				keys = append(keys, fmt.Sprintf("k%02d", i))
			}
			if err := e.putAll(ctx, keys); err != nil {
				return err
			}
			for _, ahead := range []int{0, 3} {
				before := e.tracked.requests.Load()
				for o, err := range e.bucket(nil).List(ctx, &storage.ListOptions{
					PageSize:    2,
					Concurrency: ahead,
				}) {
					if err != nil {
						return err
					}
					if o.Key != "k00" {
						e.errorf("the first key = %q, want k00", o.Key)
					}
					break
				}
				if n := e.tracked.requests.Load() - before; n > int64(ahead)+1 {
					e.errorf("%d pages were asked for to see one entry, with Concurrency %d",
						n, ahead)
				}
			}
			return nil
		},
	},
	{
		name: "bucket/list-error", feature: Buckets,
		rule: "rule 19: an error of a List comes once, last, with a nil object, behind what was " +
			"listed before it",
		run: func(ctx context.Context, e *env) error {
			if err := e.putAll(ctx, []string{"a", "b", "c", "d", "e"}); err != nil {
				return err
			}
			for _, ahead := range []int{0, 2} {
				var pages atomic.Int64 // several are asked for at once
				e.tracked.before = func(_ context.Context, op, _ string) error {
					if op == "ListPage" && pages.Add(1) > 1 {
						return &storage.Error{Kind: storage.ErrPermission}
					}
					return nil
				}
				var got []string
				var errs []error
				for o, err := range e.bucket(nil).List(ctx, &storage.ListOptions{
					PageSize:    2,
					Concurrency: ahead,
				}) {
					switch {
					case err != nil && o != nil:
						e.errorf("an error with an object: %v, %v", o, err)
					case err != nil:
						errs = append(errs, err)
					case len(errs) > 0:
						e.errorf("%q after an error", o.Key)
					default:
						got = append(got, o.Key)
					}
				}
				if diff := cmp.Diff([]string{"a", "b"}, got); diff != "" || len(errs) != 1 ||
					!errors.Is(errs[0], storage.ErrPermission) {
					e.errorf("List whose second page fails = %q and the errors %v", got, errs)
				}
			}
			return nil
		},
	},
	{
		name: "bucket/list-page", feature: Buckets,
		rule:   "rule 19: ListPage goes on from NextToken, in another Bucket, too",
		covers: []string{"Bucket.ListPage"},
		run: func(ctx context.Context, e *env) error {
			want := []string{"a", "b/1", "b/2", "c", "d"}
			if err := e.putAll(ctx, want); err != nil {
				return err
			}
			var got []string
			opts := &storage.ListOptions{PageSize: 2}
			for range 10 {
				page, err := e.bucket(nil).ListPage(ctx, opts)
				if err != nil {
					return err
				}
				if len(page.Objects) > 2 {
					e.errorf("a page of %d entries, PageSize 2", len(page.Objects))
				}
				for _, o := range page.Objects {
					got = append(got, o.Key)
				}
				if opts.PageToken = page.NextToken; opts.PageToken == "" {
					break
				}
			}
			if diff := cmp.Diff(want, got); diff != "" {
				e.errorf("(-want +got):\n%s", diff)
			}
			return nil
		},
	},
	{
		name: "bucket/prefix", feature: Buckets,
		rule:   "rule 22: a view by Prefix sees and reaches what has its prefix, and nothing else",
		covers: []string{"Bucket.Prefix", "Bucket.Store"},
		run: func(ctx context.Context, e *env) error {
			b := e.bucket(nil)
			one, two := b.Prefix("one/"), b.Prefix("two")
			for _, v := range []*storage.Bucket{one, two, b} {
				if _, err := v.Put(ctx, "k", strings.NewReader("x"), nil); err != nil {
					return err
				}
			}
			e.listed(ctx, "", "one/k", "twok", "k")
			var got []string
			for o, err := range one.List(ctx, nil) {
				if err != nil {
					return err
				}
				got = append(got, o.Key)
			}
			if diff := cmp.Diff([]string{"k"}, got); diff != "" {
				e.errorf("List of a view (-want +got):\n%s", diff)
			}
			if o, err := one.Stat(ctx, "k", nil); e.got("Stat in a view", err, nil) &&
				o.Key != "k" {
				e.errorf("Stat in a view: key %q", o.Key)
			}
			_, err := storage.Full(two.Store()).Stat(ctx, e.key("twok"), &storage.StatOptions{})
			e.got("Stat by Store, with the whole key", err, nil)
			if _, err := one.DeletePrefix(ctx, "", nil); err != nil {
				return err
			}
			e.listed(ctx, "", "twok", "k")
			e.got("Close of a view", one.Close(), nil)
			_, err = one.Stat(ctx, "k", nil)
			e.got("Stat in a closed view", err, storage.ErrClosed)
			_, err = b.Stat(ctx, "k", nil)
			e.got("Stat beside a closed view", err, nil)
			_, err = b.Prefix(strings.Repeat("p", 1000)).Put(ctx, strings.Repeat("k", 100),
				strings.NewReader("x"), nil)
			e.got("Put of a key of 1100 bytes with its prefix", err, storage.ErrInvalidKey)
			return nil
		},
	},
	{
		name: "bucket/delete", feature: Buckets,
		rule:   "rule 20: Delete removes the object, and a missing one is no error",
		covers: []string{"Bucket.Delete"},
		run: onObject(10, func(ctx context.Context, e *env, key string, _ []byte) {
			b := e.bucket(nil)
			for range 2 {
				e.got("Delete", b.Delete(ctx, "object", nil), nil)
				e.missing(ctx, key)
			}
		}),
	},
	{
		name: "bucket/delete-many", feature: Buckets,
		rule: "rule 20: DeleteMany tries every key, and names those that failed",
		covers: []string{"Bucket.DeleteMany", "DeleteManyOptions.BatchSize",
			"DeleteManyOptions.Concurrency"},
		run: func(ctx context.Context, e *env) error {
			b := e.bucket(nil)
			keys := []string{"k0 <&>", "k1", "k2", "k3", "k4", "k5", "stays"}
			if err := e.putAll(ctx, keys); err != nil {
				return err
			}
			poisoned := slices.Insert(slices.Clone(keys[:6]), 3, "", "missing", "\xff")
			n, err := b.DeleteMany(ctx, slices.Values(poisoned), &storage.DeleteManyOptions{
				BatchSize:   2,
				Concurrency: 2,
			})
			if n != 7 {
				e.errorf("DeleteMany of 7 keys and 2 that are invalid = %d", n)
			}
			var de *storage.DeleteError
			if !errors.As(err, &de) {
				return fmt.Errorf("DeleteMany with invalid keys = %v; want a *DeleteError", err)
			}
			var named []string
			for _, one := range de.Errors {
				named = append(named, one.Key)
				e.got("the error of an invalid key", one, storage.ErrInvalidKey)
			}
			slices.Sort(named)
			if diff := cmp.Diff([]string{"", "\xff"}, named); diff != "" || de.Failed != 2 {
				e.errorf("%d failed (-want +got):\n%s", de.Failed, diff)
			}
			e.listed(ctx, "", "stays")
			n, err = b.DeleteMany(ctx, slices.Values([]string{"stays"}), nil)
			if n != 1 || err != nil {
				e.errorf("DeleteMany of one key = %d, %v", n, err)
			}
			e.listed(ctx, "")
			return nil
		},
	},
	{
		name: "bucket/delete-prefix", feature: Buckets,
		rule:   "rule 20: DeletePrefix deletes what begins with the prefix, and nothing else",
		covers: []string{"Bucket.DeletePrefix"},
		run: func(ctx context.Context, e *env) error {
			keys := []string{"a-b", "a.b", "a/1", "a/2/3",
				"a0", "b"} // no a: not every service has it beside a/1
			if err := e.putAll(ctx, keys); err != nil {
				return err
			}
			b := e.bucket(nil)
			if n, err := b.DeletePrefix(ctx, "a/", nil); n != 2 || err != nil {
				e.errorf(`DeletePrefix("a/") = %d, %v; want 2`, n, err)
			}
			e.listed(ctx, "", "a-b", "a.b", "a0", "b")
			if n, err := b.DeletePrefix(ctx, "nothing", nil); n != 0 || err != nil {
				e.errorf(`DeletePrefix("nothing") = %d, %v`, n, err)
			}
			if n, err := b.DeletePrefix(ctx, "a", nil); n != 3 || err != nil {
				e.errorf(`DeletePrefix("a") = %d, %v; want 3`, n, err)
			}
			e.listed(ctx, "", "b")
			return nil
		},
	},
	{
		name: "bucket/clean-uploads", feature: Buckets,
		needs: []Feature{Multipart, AbortUpload, ListUploads, ListUploadsPrefix},
		rule: "rule 3: CleanUploads aborts the uploads that are old enough, below its prefix, " +
			"and tells how many",
		covers: []string{"Bucket.CleanUploads", "CleanOptions.Prefix"},
		run: func(ctx context.Context, e *env) error {
			for _, name := range []string{"in/a", "in/b c+d%41", "out"} { // which lists may encode
				if _, err := e.begin(ctx, e.key(name), nil); err != nil {
					return err
				}
			}
			b := e.bucket(nil)
			left := func(want int) {
				all, err := e.uploads(ctx, e.prefix, 0)
				if e.got("ListUploadsPage", err, nil) && len(all) != want {
					e.errorf("%d uploads are left, want %d", len(all), want)
				}
			}
			if n, err := b.CleanUploads(ctx, 25*time.Hour, nil); n != 0 || err != nil {
				e.errorf("CleanUploads of what is older than a day = %d, %v", n, err)
			}
			left(3)
			// Negative: older than a time to come, whatever the service's clock says.
			if n, err := b.CleanUploads(ctx, -25*time.Hour,
				&storage.CleanOptions{Prefix: "in/"}); n != 2 || err != nil {
				e.errorf("CleanUploads below in/ = %d, %v; want 2", n, err)
			}
			left(1)
			if n, err := b.CleanUploads(ctx, -25*time.Hour, nil); n != 1 || err != nil {
				e.errorf("CleanUploads = %d, %v; want 1", n, err)
			}
			left(0)
			return nil
		},
	},
}
