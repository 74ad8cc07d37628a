package gocdk

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"
	"gocloud.dev/blob"

	"github.com/polystore/storage"
	kit "github.com/polystore/storage/driver"
	"github.com/polystore/storage/providers/memory"
)

// unordered lists in the order of keys, which is none, and starts after no key, as a directory
// bucket of S3.
type unordered struct {
	storage.FullStore
	keys []string
}

func (u *unordered) Capabilities() storage.Capabilities {
	c := u.FullStore.Capabilities()
	c.ListSplit = false
	return c
}

func (u *unordered) ListPage(
	_ context.Context, opts *storage.ListOptions,
) (*storage.Page, error) {
	if opts.StartAfter != "" {
		return nil, kit.Unsupportedf("StartAfter")
	}
	at, _ := strconv.Atoi(opts.PageToken)
	page := new(storage.Page)
	for size := kit.PageSize(opts.PageSize, maxPage); at < len(u.keys); at++ {
		if len(page.Objects) == size {
			break
		}
		if !strings.HasPrefix(u.keys[at], opts.Prefix) {
			continue
		}
		o := &storage.Object{Key: u.keys[at], Size: 1}
		if p, ok := kit.CommonPrefix(o.Key, opts.Prefix, opts.Delimiter); ok {
			if slices.ContainsFunc(u.keys[:at], func(key string) bool {
				return strings.HasPrefix(key, p)
			}) {
				continue
			}
			o = &storage.Object{Key: p, IsPrefix: true}
		}
		page.Objects = append(page.Objects, o)
	}
	if at < len(u.keys) {
		page.NextToken = strconv.Itoa(at)
	}
	return page, nil
}

// tree lists in an order of its own, as an account of Azure with a hierarchical namespace does. It
// learns that from its first entry, and starts after a key by leaving out what sorts before it.
type tree struct {
	unordered
	seen atomic.Bool
}

func (s *tree) Capabilities() storage.Capabilities {
	c := s.unordered.Capabilities()
	c.ListSplit = !s.seen.Load()
	return c
}

func (s *tree) ListPage(ctx context.Context, opts *storage.ListOptions) (*storage.Page, error) {
	start, err := kit.DecodeToken(opts.PageToken, 2)
	if err != nil {
		return nil, err
	}
	o := *opts
	o.StartAfter, o.PageToken = "", start[1]
	if opts.PageToken == "" {
		start[0] = opts.StartAfter
	}
	page, err := s.unordered.ListPage(ctx, &o)
	if err != nil {
		return nil, err
	}
	if len(page.Objects) > 0 {
		s.seen.Store(true)
	}
	page.Objects = slices.DeleteFunc(page.Objects, func(o *storage.Object) bool {
		return o.Key <= start[0]
	})
	if page.NextToken != "" {
		page.NextToken = kit.EncodeToken(start[0], page.NextToken)
	}
	return page, nil
}

// A list whose first page shows that the bucket has another order goes on by the service's tokens.
func TestListLearnsTheOrder(t *testing.T) {
	keys := []string{"a/1", "a/2", "a/3", "a/4", "a-b", "a0"}
	for delimiter, want := range map[string][]string{"": keys, "/": {"a/", "a-b", "a0"}} {
		for _, size := range []int{1, 2, 3, 1000} {
			s, err := memory.New(nil)
			if err != nil {
				t.Fatal(err)
			}
			b := Bucket(newBucket(t, &tree{
				unordered: unordered{FullStore: storage.Full(s), keys: keys},
			}, nil))
			got := pages(t, b, size, &blob.ListOptions{Delimiter: delimiter})
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("pages of %d by %q (-want +got):\n%s", size, delimiter, diff)
			}
		}
	}
}

// Where nothing starts after a key, a list goes on by the service's own tokens.
func TestListUnordered(t *testing.T) {
	s, err := memory.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	u := &unordered{FullStore: storage.Full(s)}
	b := Bucket(newBucket(t, u, nil))
	for i := range 25 {
		u.keys = append(u.keys, fmt.Sprintf("k%d", (i*7)%25))
	}
	u.keys = append(u.keys, "d/2", "d/1", "b", "c/3", "a")
	for delimiter, want := range map[string][]string{
		"":  u.keys,
		"/": append(slices.Clone(u.keys[:25]), "d/", "b", "c/", "a"),
	} {
		for _, size := range []int{1, 2, 7, 1000} {
			got := pages(t, b, size, &blob.ListOptions{Delimiter: delimiter})
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("pages of %d by %q (-want +got):\n%s", size, delimiter, diff)
			}
		}
	}
	_, _, err = b.ListPage(t.Context(), []byte("other"), 1, nil)
	if !errors.Is(err, storage.ErrInvalid) {
		t.Errorf("a token of another list: %v", err)
	}
}

// A directory is shown once, wherever its keys stand.
func TestListUnorderedDirectories(t *testing.T) {
	for _, test := range []struct {
		keys              []string // as they are stored
		prefix, delimiter string
		want              []string
	}{
		{[]string{"d__0x2f__", "k", "d/x"}, "", "/", []string{"k", "d/"}},
		{[]string{"d/x", "k", "d__0x2f__"}, "", "/", []string{"d/", "k"}},
		{[]string{"k", "d__0x2f__"}, "", "/", []string{"k", "d/"}},
		{[]string{"a/__0x2f__b", "a/k", "a/__0x2f__c/d"}, "a/", "/", []string{"a//", "a/k"}},
		{[]string{"s/2", "k", "s/1", "soap/1", "s/3"}, "s", "/", []string{"s/", "soap/"}},
		{[]string{"d-2", "k", "d-1", "e-1", "d-3"}, "", "-", []string{"d-", "k", "e-"}},
		{[]string{"d__0x2f__x", "d/2", "d__0x2f__", "d/1"}, "d/", "/",
			[]string{"d/", "d/2", "d/1"}},
	} {
		for _, size := range []int{1, 2, 1000} {
			s, err := memory.New(nil)
			if err != nil {
				t.Fatal(err)
			}
			u := &unordered{FullStore: storage.Full(s), keys: test.keys}
			got := pages(t, Bucket(newBucket(t, u, nil)), size, &blob.ListOptions{
				Prefix: test.prefix, Delimiter: test.delimiter,
			})
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("List(%q, %q) of %q by pages of %d (-want +got):\n%s", test.prefix,
					test.delimiter, test.keys, size, diff)
			}
		}
	}
}
