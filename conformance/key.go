package conformance

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"path"
	"slices"
	"strings"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/polystore/storage"
)

var keyChecks = []check{
	{
		name: "key/portable", feature: Keys,
		rule: "rule 22: a portable key works unchanged",
		run: func(ctx context.Context, e *env) error {
			keys := []string{
				" !\"#$%&'()*+,-", ":;<=>?@[]^_`{|}~", "a b+c", "%41%2F", "a=b&c=d", "x?y#z", "..a",
				".a", "a..b", "~", "-", "con",
				"Ünïcödé", "日本語", "\u0301e", "\U0001f600\U0001f469\u200d\U0001f680", "\u202eabc",
				"a\u00a0b", "a/ b/c ", "tmp", "tmp/x",
			}
			r := e.rand()
			for len(keys) < e.many(300, 40) {
				if k := randomKey(r); storage.PortableKey(e.key(k)) == nil {
					keys = append(keys, k)
				}
			}
			keys = apart(keys, e.has(CoexistingKeys), e.has(CaseSensitiveKeys))
			if err := e.putAll(ctx, keys); err != nil {
				return err
			}
			for _, k := range keys {
				if !e.holds(ctx, e.key(k), []byte(k)) {
					e.errorf("the key was %+q", k)
				}
			}
			e.lists(ctx, keys, storage.ListOptions{})
			return nil
		},
	},
	{
		name: "key/long", feature: Keys,
		rule: "rule 22: a key may have 1024 bytes, and a segment 254",
		run: func(ctx context.Context, e *env) error {
			segment := strings.Repeat("s", 254)
			long := e.prefix + segment
			for len(long) < 1024 {
				long += "/" + segment
			}
			long = long[:1024]
			if strings.HasSuffix(long, "/") {
				long = long[:1023] + "x"
			}
			wide := e.prefix + strings.Repeat("é", 127)
			deep := strings.TrimSuffix(e.prefix+strings.Repeat("d/", 200), "/")
			for _, key := range []string{long, wide, deep} {
				if _, err := e.put(ctx, key, []byte(key), nil); err != nil {
					e.errorf("%d bytes: %w", len(key), err)
					continue
				}
				e.holds(ctx, key, []byte(key))
				all, err := e.list(ctx, &storage.ListOptions{Prefix: key})
				if e.got("List", err, nil) && (len(all) != 1 || all[0].Key != key) {
					e.errorf("List of a key of %d bytes = %s", len(key), e.names(all))
				}
			}
			return nil
		},
	},
	{
		name: "key/odd", feature: Keys,
		rule: "rule 22: a key that is not portable comes back byte for byte or is ErrInvalidKey, " +
			"and is never rewritten",
		run: func(ctx context.Context, e *env) error {
			odd := []string{
				"a//b", "a/", "a//", "a/./b", "a/../b", "..", ".", "../a", "a/..", "a/.", "a.",
				"a./b", "a...", `a\b`, `\`, "a\tb", "a\nb",
				"a\rb", "a\x00b", "\x01", "\x7f", "\u0085", "\ufffe", "\uffff",
				strings.Repeat("s", 255), strings.Repeat("s", 300),
				strings.TrimSuffix(strings.Repeat("d/", 260), "/"), "tmp./x", "x/.../y",
			}
			parallel(8, func(worker int) {
				for i := worker; i < len(odd); i += 8 {
					e.oddKey(ctx, fmt.Sprintf("%02d/", i), odd[i])
				}
			})
			return nil
		},
	},
	{
		name: "key/coexist", feature: CoexistingKeys,
		rule: "rule 22: a and a/b coexist, whichever comes or goes first",
		run: func(ctx context.Context, e *env) error {
			for i, order := range [][]string{{"a", "a/b", "a/b/c"}, {"a/b/c", "a/b", "a"},
				{"a/b", "a/b/c", "a"}} {
				dir := fmt.Sprint(i, "/")
				for _, k := range order {
					if _, err := e.put(ctx, e.key(dir+k), []byte(k), nil); err != nil {
						return err
					}
				}
				for _, k := range order {
					e.holds(ctx, e.key(dir+k), []byte(k))
				}
				e.listed(ctx, dir, "a", "a/b", "a/b/c")
				left := []string{"a", "a/b", "a/b/c"}
				for _, k := range order[:2] {
					if err := e.store.Delete(ctx, e.key(dir+k),
						&storage.DeleteOptions{}); err != nil {
						return err
					}
					left = slices.DeleteFunc(left, func(l string) bool { return l == k })
					e.missing(ctx, e.key(dir+k))
					e.listed(ctx, dir, left...)
				}
				e.holds(ctx, e.key(dir+order[2]), []byte(order[2]))
			}
			return nil
		},
	},
	{
		name: "key/case", feature: CaseSensitiveKeys,
		rule: "rule 22: keys that differ in case are two",
		run: func(ctx context.Context, e *env) error {
			keys := []string{"Key", "key", "straße", "STRASSE", "i", "İ"}
			if err := e.putAll(ctx, keys); err != nil {
				return err
			}
			for _, k := range keys {
				e.holds(ctx, e.key(k), []byte(k))
			}
			e.listed(ctx, "", keys...)
			return nil
		},
	},
	{
		name: "key/normal-forms", feature: Keys,
		rule: "rule 22: keys that look alike are two: no Unicode normalisation",
		run: func(ctx context.Context, e *env) error {
			keys := []string{"\u00e9", "e\u0301", "\u212b", "\u00c5", "A\u030a", "\ufb01", "fi"}
			if err := e.putAll(ctx, keys); err != nil {
				return err
			}
			for _, k := range keys {
				e.holds(ctx, e.key(k), []byte(k))
			}
			e.listed(ctx, "", keys...)
			return nil
		},
	},
}

// listed notes a list below dir that is not just names.
func (e *env) listed(ctx context.Context, dir string, names ...string) {
	want := slices.Clone(names)
	slices.Sort(want)
	all, err := e.list(ctx, &storage.ListOptions{Prefix: e.key(dir)})
	if !e.got("List", err, nil) {
		return
	}
	var got []string
	for _, o := range all {
		got = append(got, strings.TrimPrefix(o.Key, e.key(dir)))
	}
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
		e.errorf("List (-want +got):\n%s", diff)
	}
}

// oddKey notes an odd key that is neither refused nor itself.
func (e *env) oddKey(ctx context.Context, dir, odd string) {
	key := e.key(dir + odd)
	what := fmt.Sprintf("key %.40q", odd)
	_, err := e.put(ctx, key, []byte(odd), nil)
	if errors.Is(err, storage.ErrInvalidKey) {
		if !errors.Is(err, storage.ErrInvalid) {
			e.errorf("%s: %w; want one that is ErrInvalid, too", what, err)
		}
		return
	}
	if err != nil {
		e.errorf("%s: %w; want success or %v", what, err, storage.ErrInvalidKey)
		return
	}
	if !e.holds(ctx, key, []byte(odd)) {
		e.errorf("that was the %s", what)
	}
	all, err := e.list(ctx, &storage.ListOptions{Prefix: e.key(dir)})
	if e.got(what+": List", err, nil) && (len(all) != 1 || all[0].Key != key) {
		e.errorf("%s: List = %.200q", what, e.names(all))
	}
	if err := e.store.Delete(ctx, key, &storage.DeleteOptions{}); e.got(what+": Delete", err, nil) {
		e.missing(ctx, key)
	}
}

// randomKey mixes what keys are made of. It may be portable or not.
func randomKey(r *rand.Rand) string {
	var s strings.Builder
	for n := 1 + r.IntN(12); n > 0; n-- {
		switch r.IntN(8) {
		case 0:
			s.WriteRune(rune(0x20 + r.IntN(0x5f)))
		case 1:
			s.WriteRune(rune(0xa0 + r.IntN(0xd000)))
		case 2:
			s.WriteRune(rune(0xe000 + r.IntN(0x1ff0)))
		case 3:
			s.WriteRune(rune(0x10000 + r.IntN(0x10000)))
		case 4:
			s.WriteString("/")
		case 5:
			s.WriteString([]string{".", "..", "%", "+", " ", "-", "_", "&"}[r.IntN(8)])
		default:
			s.WriteRune(rune('a' + r.IntN(26)))
		}
	}
	return s.String()
}

// apart drops doubles, and the keys that a bucket without coexisting or case-sensitive keys cannot
// hold beside others.
func apart(keys []string, coexist, cased bool) []string {
	seen := make(map[string]bool)
	dirs := make(map[string]bool)
	var some []string
next:
	for _, k := range keys {
		name := k
		if !cased {
			name = strings.ToUpper(k)
		}
		if seen[name] || !coexist && dirs[name] {
			continue
		}
		if !coexist {
			for d := path.Dir(name); d != "."; d = path.Dir(d) {
				if seen[d] {
					continue next
				}
			}
			for d := path.Dir(name); d != "."; d = path.Dir(d) {
				dirs[d] = true
			}
		}
		seen[name] = true
		some = append(some, k)
	}
	return some
}
