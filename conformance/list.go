package conformance

import (
	"context"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/google/go-cmp/cmp"

	"github.com/polystore/storage"
)

// hardKeys sort badly: neighbours of the slash, prefixes of each other, and characters whose order
// by UTF-16 is another.
var hardKeys = []string{
	"a!", "a-", "a-/x", "a.b", "a.b/c", "a/0", "a/1", "a/1/2", "a/b/c", "a/b/d", "a0", "a0/1", "aa",
	"b", "b c", "b+c", "b%2Fc",
	"é", "日本/語", "\ue000", "\uffee", "\U0001f600", "\U0001f600/x", "\U00010000", "zz",
}

var listChecks = []check{
	{
		name: "list/order", feature: Lists,
		rule: "rule 18: a flat list is in byte order, whole and without doubles, at every " +
			"page size",
		covers: []string{"ListOptions", "ListOptions.PageSize", "ListOptions.PageToken",
			"Page.Objects", "Page.NextToken"},
		run: onKeys(func(ctx context.Context, e *env, keys []string) {
			for _, size := range []int{1, 2, 3, 1000, 0} {
				e.lists(ctx, keys, storage.ListOptions{PageSize: size})
			}
		}),
	},
	{
		name: "list/delimiter", feature: Lists,
		rule: "rule 18: a delimited list merges objects and common prefixes in byte order, at " +
			"every page size",
		covers: []string{"ListOptions.Delimiter", "Object.IsPrefix"},
		run: onKeys(func(ctx context.Context, e *env, keys []string) {
			for _, size := range []int{1, 2, 3, 1000, 0} {
				e.lists(ctx, keys, storage.ListOptions{PageSize: size, Delimiter: "/"})
			}
			for _, prefix := range []string{"a", "a/", "a/b", "a/b/", "\U0001f600"} {
				e.lists(ctx, keys, storage.ListOptions{Prefix: prefix, Delimiter: "/"})
			}
		}),
	},
	{
		name: "list/any-delimiter", feature: Lists,
		rule: "rule 18: any string is a delimiter",
		run: func(ctx context.Context, e *env) error {
			keys := []string{"a--b", "a--c", "a-b", "a-b--c", "b", "c--", "d-e"}
			if err := e.putAll(ctx, keys); err != nil {
				return err
			}
			for _, d := range []string{"--", "-", "b"} {
				for _, size := range []int{1, 0} {
					e.lists(ctx, keys, storage.ListOptions{Delimiter: d, PageSize: size})
				}
			}
			return nil
		},
	},
	{
		name: "list/prefix", feature: Lists,
		rule: "rule 18: Prefix gives the keys that begin with it, and no others, also where it " +
			"is a key and a page has one entry",
		covers: []string{"ListOptions.Prefix"},
		run: onKeys(func(ctx context.Context, e *env, keys []string) {
			for _, prefix := range []string{"a", "a/", "a/1", "a/b/c", "b", "b+", "é", "nothing",
				"\U0001f600"} {
				for _, size := range []int{1, 0} {
					e.lists(ctx, keys, storage.ListOptions{Prefix: prefix, PageSize: size})
				}
			}
		}),
	},
	{
		name: "list/start-after", feature: Lists,
		rule:   "rule 18: StartAfter is exclusive, whether or not there is such a key",
		covers: []string{"ListOptions.StartAfter"},
		run: onKeys(func(ctx context.Context, e *env, keys []string) {
			for _, after := range []string{"a", "a/1", "a/1/", "a/b/c", "b", "zz", "zzz",
				"\ue000"} {
				e.lists(ctx, keys, storage.ListOptions{StartAfter: after})
			}
			e.lists(ctx, keys, storage.ListOptions{StartAfter: "a/1", PageSize: 3})
			e.lists(ctx, keys, storage.ListOptions{StartAfter: "a/1", Prefix: "a/"})
			e.lists(ctx, keys, storage.ListOptions{StartAfter: "A", Prefix: "b"})
			e.lists(ctx, keys, storage.ListOptions{StartAfter: "c", Prefix: "b"})
		}),
	},
	{
		name: "list/start-after-prefix", feature: Lists,
		rule: "rule 18: StartAfter is exclusive for common prefixes, too",
		run: onKeys(func(ctx context.Context, e *env, keys []string) {
			for _, after := range []string{"a/", "a/1", "a/zzz", "a-/", "a-/x", "a."} {
				for _, size := range []int{3, 0} {
					e.lists(ctx, keys, storage.ListOptions{
						StartAfter: after,
						Delimiter:  "/",
						PageSize:   size,
					})
				}
			}
		}),
	},
	{
		name: "list/token-wins", feature: Lists,
		rule: "rule 18: PageToken wins over StartAfter",
		run: func(ctx context.Context, e *env) error {
			keys := []string{"a", "b", "c", "d"}
			if err := e.putAll(ctx, keys); err != nil {
				return err
			}
			opts := &storage.ListOptions{Prefix: e.prefix, PageSize: 2}
			first, err := e.store.ListPage(ctx, opts)
			if err != nil {
				return err
			}
			if first.NextToken == "" {
				return fmt.Errorf("a page of 2 of 4 keys has no NextToken")
			}
			for _, after := range []string{"", e.key("a"), e.key("c"), e.key("z")} {
				second, err := e.store.ListPage(ctx, &storage.ListOptions{
					Prefix: e.prefix, PageSize: 2, PageToken: first.NextToken, StartAfter: after,
				})
				if e.got("second page", err, nil) && e.names(second.Objects) != "[c d]" {
					e.errorf("second page with StartAfter %q = %s, want [c d]", e.short(after),
						e.names(second.Objects))
				}
			}
			return nil
		},
	},
	{
		name: "list/page-size", feature: Lists,
		rule: "rule 18: a page has at most PageSize entries, and only an empty NextToken ends " +
			"the list",
		run: func(ctx context.Context, e *env) error {
			keys := []string{"a/1", "a/2", "b", "c/1", "d", "e"}
			if err := e.putAll(ctx, keys); err != nil {
				return err
			}
			for _, d := range []string{"", "/"} {
				for size := 1; size <= 4; size++ {
					opts := &storage.ListOptions{Prefix: e.prefix, Delimiter: d, PageSize: size}
					for range 20 {
						page, err := e.store.ListPage(ctx, opts)
						if err != nil {
							return err
						}
						if len(page.Objects) > size {
							e.errorf("a page of %d entries, PageSize %d", len(page.Objects), size)
						}
						next := *opts
						next.PageToken = page.NextToken
						if opts = &next; page.NextToken == "" {
							break
						}
					}
					if opts.PageToken != "" {
						e.errorf("a list of 6 keys at PageSize %d has no end after 20 pages", size)
					}
				}
			}
			return nil
		},
	},
	{
		name: "list/nothing", feature: Lists,
		rule: "rule 18: a list of nothing is empty and no error",
		run: func(ctx context.Context, e *env) error {
			for _, d := range []string{"", "/"} {
				all, err := e.list(ctx, &storage.ListOptions{
					Prefix:    e.key("nothing/"),
					Delimiter: d,
				})
				if e.got("List", err, nil) && len(all) > 0 {
					e.errorf("List of nothing = %s", e.names(all))
				}
			}
			return nil
		},
	},
	{
		name: "list/attributes", feature: Lists,
		rule: "rule 18: List gives the Size and ModTime that Stat gives",
		run: func(ctx context.Context, e *env) error {
			for i := range 3 {
				if _, err := e.put(ctx, e.key(fmt.Sprint(i)),
					pattern(i*1000, uint64(i)), nil); err != nil {
					return err
				}
			}
			all, err := e.list(ctx, &storage.ListOptions{Prefix: e.prefix})
			if err != nil {
				return err
			}
			for _, o := range all {
				s, err := e.stat(ctx, o.Key, nil)
				if err != nil {
					return err
				}
				if o.Size != s.Size || o.IsPrefix {
					e.errorf("List: %d bytes, IsPrefix %v; Stat: %d bytes", o.Size,
						o.IsPrefix, s.Size)
				}
				// HTTP dates have whole seconds, lists may have more.
				if d := o.ModTime.Sub(s.ModTime).Abs(); d.Seconds() >= 1 {
					e.errorf("List: modified at %v; Stat: %v", o.ModTime, s.ModTime)
				}
			}
			if len(all) != 3 {
				e.errorf("List = %s", e.names(all))
			}
			return nil
		},
	},
	{
		name: "list/etag", feature: ListETag,
		rule: "rule 7: List gives the ETag that Stat gives",
		run: func(ctx context.Context, e *env) error {
			if _, err := e.put(ctx, e.key("k"), pattern(10, 1), nil); err != nil {
				return err
			}
			all, err := e.list(ctx, &storage.ListOptions{Prefix: e.prefix})
			if err != nil {
				return err
			}
			s, err := e.stat(ctx, e.key("k"), nil)
			if err != nil {
				return err
			}
			for _, o := range all {
				if o.ETag == storage.ETagNone {
					return fmt.Errorf("a list of ETagNone: %w", errors.ErrUnsupported)
				}
				if o.ETag != s.ETag {
					e.errorf("List: ETag %s; Stat: %s", o.ETag, s.ETag)
				}
			}
			if len(all) != 1 {
				e.errorf("List = %s", e.names(all))
			}
			return nil
		},
	},
	{
		name: "list/prefix-entry", feature: Lists,
		rule: "rule 4: of a common prefix only Key is set",
		run: func(ctx context.Context, e *env) error {
			if err := e.putAll(ctx, []string{"a/1", "a/2"}); err != nil {
				return err
			}
			all, err := e.list(ctx, &storage.ListOptions{Prefix: e.prefix, Delimiter: "/"})
			if err != nil {
				return err
			}
			want := []*storage.Object{{Key: e.key("a/"), IsPrefix: true}}
			if diff := cmp.Diff(want, all); diff != "" {
				e.errorf("(-want +got):\n%s", diff)
			}
			return nil
		},
	},
	{
		name: "list/changes-meanwhile", feature: Lists,
		rule: "rule 18: what was there throughout is listed exactly once, whatever comes and " +
			"goes between the pages",
		run: func(ctx context.Context, e *env) error {
			var keys []string
			for i := range 12 {
				keys = append(keys, fmt.Sprintf("k%02d", i))
			}
			if err := e.putAll(ctx, keys); err != nil {
				return err
			}
			seen := make(map[string]int)
			opts := storage.ListOptions{Prefix: e.prefix, PageSize: 3}
			for n := range 20 {
				page, err := e.store.ListPage(ctx, &opts)
				if err != nil {
					return err
				}
				for _, o := range page.Objects {
					seen[e.short(o.Key)]++
				}
				if opts.PageToken = page.NextToken; opts.PageToken == "" {
					break
				}
				// Now one comes before everything, now one goes that was listed: a list that counts
				// slips.
				if n%2 == 0 {
					_, err = e.put(ctx, e.key(fmt.Sprintf("a%d", n)), nil, nil)
				} else if listed := page.Objects; len(listed) > 0 {
					err = e.store.Delete(ctx, listed[0].Key, &storage.DeleteOptions{})
				}
				if err != nil {
					return err
				}
			}
			for _, k := range keys {
				if seen[k] != 1 {
					e.errorf("%s was listed %d times", k, seen[k])
				}
			}
			return nil
		},
	},
	{
		name: "list/split", feature: ListSplit,
		rule: "rule 18: lists that start after any text, and end where the next one starts, make " +
			"up the whole list: no entry is lost or doubled at a border",
		run: func(ctx context.Context, e *env) error {
			if !e.can.caps.ListSplit { // it may be slow, which no check sees
				return fmt.Errorf("StartAfter by a jump: %w", errors.ErrUnsupported)
			}
			return onKeys(splits)(ctx, e)
		},
	},
	{
		name: "list/many", feature: Lists,
		rule: "rule 18: a list of many pages is whole, flat and delimited",
		run: func(ctx context.Context, e *env) error {
			n := e.many(2500, 60)
			keys := make([]string, n)
			for i := range keys {
				keys[i] = fmt.Sprintf("%d/%d", i%7, i*7919%n)
			}
			if err := e.putAll(ctx, keys); err != nil {
				return err
			}
			size := e.many(0, 25)
			e.lists(ctx, keys, storage.ListOptions{PageSize: size})
			e.lists(ctx, keys, storage.ListOptions{PageSize: size, Delimiter: "/"})
			e.lists(ctx, keys, storage.ListOptions{PageSize: size, Prefix: "3/"})
			return nil
		},
	},
}

// splits lists ranges between cuts, as a split List does.
func splits(ctx context.Context, e *env, keys []string) {
	cuts := []string{"", "a", "a/", "a/1", "a/1!", "a/b", "b0", "m", ""}
	for _, delimiter := range []string{"", "/"} {
		var got []string
		for i, from := range cuts[:len(cuts)-1] {
			opts := &storage.ListOptions{Prefix: e.prefix, Delimiter: delimiter, PageSize: 3}
			if from != "" {
				opts.StartAfter = e.key(from)
			}
			all, err := e.list(ctx, opts)
			if err != nil {
				e.errorf("List from %q: %w", from, err)
			}
			for _, o := range all {
				name := e.short(o.Key)
				if until := cuts[i+1]; until != "" && name > until {
					break
				}
				if o.IsPrefix {
					name += " …"
				}
				got = append(got, name)
			}
		}
		want := expected(keys, &storage.ListOptions{Delimiter: delimiter})
		if diff := cmp.Diff(want, got); diff != "" {
			e.errorf("ranges with the delimiter %q (-want +got):\n%s", delimiter, diff)
		}
	}
}

// onKeys is a check on objects under the keys that sort badly.
func onKeys(fn func(ctx context.Context, e *env, keys []string)) func(context.Context, *env) error {
	return func(ctx context.Context, e *env) error {
		keys := slices.DeleteFunc(slices.Clone(hardKeys), func(k string) bool {
			return !e.has(CoexistingKeys) && slices.Contains(hardKeys, path.Dir(k))
		})
		if err := e.putAll(ctx, keys); err != nil {
			return err
		}
		fn(ctx, e, keys)
		return nil
	}
}

// putAll writes small objects, a few at a time.
func (e *env) putAll(ctx context.Context, keys []string) error {
	next := make(chan string, len(keys))
	for _, k := range keys {
		next <- k
	}
	close(next)
	failed := make(chan error, 8)
	parallel(8, func(int) {
		for k := range next {
			if _, err := e.put(ctx, e.key(k), []byte(k), nil); err != nil {
				failed <- err
				return
			}
		}
	})
	close(failed)
	return <-failed
}

// lists notes a list that differs from the plain meaning of its options on keys. Prefix and
// StartAfter in opts are without the check's prefix.
func (e *env) lists(ctx context.Context, keys []string, opts storage.ListOptions) {
	want := expected(keys, &opts)
	what := fmt.Sprintf("List {Prefix: %q, Delimiter: %q, StartAfter: %q, PageSize: %d}",
		opts.Prefix, opts.Delimiter, opts.StartAfter, opts.PageSize)
	opts.Prefix = e.key(opts.Prefix)
	if opts.StartAfter != "" {
		opts.StartAfter = e.key(opts.StartAfter)
	}
	all, err := e.list(ctx, &opts)
	if err != nil {
		e.errorf("%s: %w", what, err)
		return
	}
	var got []string
	for _, o := range all {
		name := e.short(o.Key)
		if o.IsPrefix {
			name += " …"
		}
		got = append(got, name)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		e.errorf("%s (-want +got):\n%s", what, diff)
	}
}

// expected is what a list of keys is, said in the plainest way. Prefixes end in " …".
func expected(keys []string, opts *storage.ListOptions) []string {
	var want []string
	for _, k := range keys {
		rest, ok := strings.CutPrefix(k, opts.Prefix)
		if !ok {
			continue
		}
		if before, _, ok := strings.Cut(rest, opts.Delimiter); ok && opts.Delimiter != "" {
			k = opts.Prefix + before + opts.Delimiter + " …"
		}
		if strings.TrimSuffix(k, " …") > opts.StartAfter {
			want = append(want, k)
		}
	}
	slices.SortFunc(want, func(a, b string) int {
		return strings.Compare(strings.TrimSuffix(a, " …"), strings.TrimSuffix(b, " …"))
	})
	return slices.Compact(want)
}

// list reads every page.
func (e *env) list(ctx context.Context, opts *storage.ListOptions) ([]*storage.Object, error) {
	var all []*storage.Object
	next := *opts
	for pages := 1; ; pages++ {
		page, err := e.store.ListPage(ctx, &next)
		switch {
		case err != nil:
			return all, fmt.Errorf("ListPage %d: %w", pages, err)
		case page == nil:
			return all, fmt.Errorf("ListPage %d = nil, nil", pages)
		case page.NextToken != "" && page.NextToken == next.PageToken:
			return all, fmt.Errorf("ListPage %d: NextToken is the token of this page", pages)
		case pages > 10_000:
			return all, fmt.Errorf("the list has no end after %d pages", pages)
		}
		all = append(all, page.Objects...)
		if next.PageToken = page.NextToken; next.PageToken == "" {
			return all, nil
		}
	}
}

// names are the keys of entries, for messages.
func (e *env) names(all []*storage.Object) string {
	names := make([]string, len(all))
	for i, o := range all {
		names[i] = e.short(o.Key)
	}
	return fmt.Sprint(names)
}
