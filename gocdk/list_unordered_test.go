package gocdk

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
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
	for ; at < len(u.keys) && len(page.Objects) < opts.PageSize; at++ {
		o := &storage.Object{Key: u.keys[at], Size: 1}
		if p, ok := kit.CommonPrefix(o.Key, opts.Prefix, opts.Delimiter); ok {
			o = &storage.Object{Key: p, IsPrefix: true}
			for at+1 < len(u.keys) && strings.HasPrefix(u.keys[at+1], p) {
				at++
			}
		}
		page.Objects = append(page.Objects, o)
	}
	if at < len(u.keys) {
		page.NextToken = strconv.Itoa(at)
	}
	return page, nil
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
