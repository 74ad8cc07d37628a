package driver

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/polystore/storage"
)

func TestCommonPrefix(t *testing.T) {
	for _, test := range []struct {
		key, prefix, delimiter string
		want                   string
		ok                     bool
	}{
		{"a/b/c", "", "/", "a/", true},
		{"a/b/c", "a/", "/", "a/b/", true},
		{"a/b/c", "a", "/", "a/", true},
		{"a/b", "a/", "/", "", false},
		{"a/b", "", "", "", false},
		{"a/b", "b", "/", "", false},
		{"a", "a/b", "/", "", false},
		{"axxb", "", "xx", "axx", true},
	} {
		got, ok := CommonPrefix(test.key, test.prefix, test.delimiter)
		if got != test.want || ok != test.ok {
			t.Errorf("CommonPrefix(%q, %q, %q) = %q, %v", test.key, test.prefix, test.delimiter,
				got, ok)
		}
	}
}

func TestPrefixEnd(t *testing.T) {
	for prefix, want := range map[string]string{
		"a/": "a0", "": "", "\xff": "", "a\xff\xff": "b", "é": "\xc3\xaa",
		"a\uFFFD": "a\xef\xbf\xbe",
	} {
		if got := PrefixEnd(prefix); got != want {
			t.Errorf("PrefixEnd(%q) = %q, want %q", prefix, got, want)
		}
	}
}

func FuzzPrefixEnd(f *testing.F) {
	f.Add("a/", "b")
	f.Add("a\xff", "a\xff\xff")
	f.Fuzz(func(t *testing.T, prefix, key string) {
		end := PrefixEnd(prefix)
		if end == "" {
			return
		}
		if in := strings.HasPrefix(key, prefix); in && key >= end ||
			!in && key >= prefix && key < end {
			t.Errorf("PrefixEnd(%q) = %q, and %q", prefix, end, key)
		}
	})
}

// walker walks keys, and counts what it yields.
func walker(keys []string, yielded *int) func(string, func(*storage.Object) bool) error {
	return func(from string, yield func(*storage.Object) bool) error {
		at, _ := slices.BinarySearch(keys, from)
		for _, key := range keys[at:] {
			*yielded++
			if !yield(&storage.Object{Key: key, Size: 1}) {
				break
			}
		}
		return nil
	}
}

var listed = []string{
	"a", "a/", "a/1", "a/2", "a0", "b/x/1", "b/x/2", "b/y", "b\U00010000/z", "c",
}

// Whatever the size of the pages, they give the same entries, once, and the walk jumps.
func TestListPage(t *testing.T) {
	for _, test := range []struct {
		name string
		opts storage.ListOptions
		want []string
	}{
		{"all", storage.ListOptions{}, listed},
		{"prefix", storage.ListOptions{Prefix: "a"}, listed[:5]},
		{"delimiter", storage.ListOptions{Delimiter: "/"},
			[]string{"a", "a/", "a0", "b/", "b\U00010000/", "c"}},
		{"prefix and delimiter", storage.ListOptions{Prefix: "b/", Delimiter: "/"},
			[]string{"b/x/", "b/y"}},
		{"start", storage.ListOptions{StartAfter: "a/1"}, listed[3:]},
		{"start in a prefix", storage.ListOptions{StartAfter: "a/1", Delimiter: "/"},
			[]string{"a0", "b/", "b\U00010000/", "c"}},
		{"start before the prefix", storage.ListOptions{Prefix: "b/", StartAfter: "a"},
			listed[5:8]},
		{"start behind the prefix", storage.ListOptions{Prefix: "b/", StartAfter: "c"}, nil},
		{"long delimiter", storage.ListOptions{Delimiter: "/x/"},
			[]string{"a", "a/", "a/1", "a/2", "a0", "b/x/", "b/y", "b\U00010000/z", "c"}},
	} {
		for size := range 4 {
			opts := test.opts
			opts.PageSize = size
			var got []string
			for range len(listed) + 1 {
				yielded := 0
				page, err := ListPage(&opts, 3, walker(listed, &yielded))
				if err != nil {
					t.Fatal(err)
				}
				if most := PageSize(size, 3); len(page.Objects) > most || yielded > 2*most+4 {
					t.Errorf("%s, %d: %d entries of %d keys", test.name, size, len(page.Objects),
						yielded)
				}
				for _, o := range page.Objects {
					got = append(got, o.Key)
					if o.IsPrefix == (o.Size == 1) {
						t.Errorf("%s: %+v", test.name, o)
					}
				}
				if opts.PageToken = page.NextToken; opts.PageToken == "" {
					break
				}
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("%s in pages of %d, -want +got:\n%s", test.name, size, diff)
			}
		}
	}
}

func TestListPageErrors(t *testing.T) {
	broken := errors.New("broken")
	walk := func(string, func(*storage.Object) bool) error { return broken }
	if _, err := ListPage(&storage.ListOptions{}, 3, walk); err != broken {
		t.Errorf("%v, want %v", err, broken)
	}
	opts := &storage.ListOptions{PageToken: "not ours!"}
	if _, err := ListPage(opts, 3, walk); !errors.Is(err, storage.ErrInvalid) {
		t.Errorf("a foreign token: %v", err)
	}
}

func TestLists(t *testing.T) {
	failed := errors.New("failed")
	for _, c := range []struct {
		name  string
		pages []string // the key of each page; "": empty
		err   error
		want  bool
	}{
		{"nothing", []string{""}, nil, false},
		{"the key", []string{"a//b"}, nil, true},
		{"behind an empty page", []string{"", "a//b"}, nil, true},
		{"a longer key", []string{"a//b/c", "a//b"}, nil, false},
		{"an error", []string{""}, failed, false},
	} {
		n := 0
		list := func(
			_ context.Context, o *storage.ListOptions,
		) (*storage.Page, error) {
			if o.Prefix != "a//b" || n > 0 && o.PageToken != "next" {
				t.Errorf("%s: page %d is asked for by %+v", c.name, n, o)
			}
			page := new(storage.Page)
			if key := c.pages[n]; key != "" {
				page.Objects = []*storage.Object{{Key: key}}
			}
			if n++; n < len(c.pages) {
				page.NextToken = "next"
			}
			return page, c.err
		}
		if got, err := Lists(t.Context(), "a//b", list); got != c.want || err != c.err {
			t.Errorf("%s: %v, %v; want %v, %v", c.name, got, err, c.want, c.err)
		}
	}
}
