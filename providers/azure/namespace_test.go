package azure

import (
	"encoding/xml"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/polystore/storage"
	"github.com/polystore/storage/internal/stub"
)

// newTree opens a container of an account with a hierarchical namespace that holds names. Without a
// delimiter its directories are in lists, too.
func newTree(t *testing.T, names []string) *Store {
	byDelimiter := map[string]fakeList{"/": newTreeList(names)}
	directories := make(map[string]bool)
	for _, name := range names {
		if directory, _, ok := strings.Cut(name, "/"); ok {
			directories[directory] = true
		}
	}
	byDelimiter[""] = newTreeList(slices.AppendSeq(slices.Clone(names), maps.Keys(directories)))
	return newStub(t, func(w http.ResponseWriter, r *stub.Request) {
		q := r.URL.Query()
		size, err := strconv.Atoi(q.Get("maxresults"))
		if err != nil {
			size = 100
		}
		delimiter := q.Get("delimiter")
		page, next := byDelimiter[delimiter].list(q.Get("prefix"), delimiter, q.Get("startFrom"),
			q.Get("marker"), size)
		w.Header().Set("Content-Type", "application/xml")
		io.WriteString(w, `<?xml version="1.0" encoding="utf-8"?><EnumerationResults><Blobs>`)
		for _, e := range page {
			element, kind := "Blob", "file"
			if e.IsPrefix {
				element = "BlobPrefix"
			}
			if e.IsPrefix || directories[e.Key] {
				kind = "directory"
			}
			fmt.Fprintf(w, "<%s><Name>", element)
			xml.EscapeText(w, []byte(e.Key))
			fmt.Fprintf(w, "</Name><Properties><ResourceType>%s</ResourceType>", kind)
			fmt.Fprintf(w, "<Content-Length>1</Content-Length><Etag>0x1</Etag></Properties></%s>",
				element)
		}
		fmt.Fprintf(w, "</Blobs><NextMarker>%s</NextMarker></EnumerationResults>", next)
	}).store(t)
}

func newTreeList(names []string) fakeList {
	s := fakeList{names: slices.Clone(names), tree: true}
	slices.SortFunc(s.names, s.compare)
	return s
}

// pagesOf lists page by page, and sorts: a tree has an order of its own.
func pagesOf(t *testing.T, s *Store, opts storage.ListOptions) (keys []string) {
	t.Helper()
	for {
		page, err := s.ListPage(t.Context(), &opts)
		if err != nil {
			t.Fatal(err)
		}
		for _, o := range page.Objects {
			keys = append(keys, o.Key)
		}
		if opts.PageToken = page.NextToken; opts.PageToken == "" {
			slices.Sort(keys)
			return keys
		}
	}
}

// Each key of a tree is listed once, by any page, with any options, and whatever of the account is
// known before.
func TestTreeIsListedWhole(t *testing.T) {
	names := []string{"A/1", "A/2", "A/3", "A/4", "A-B", "A-\U0001f600", "A-\uff5e", "B"}
	starts := []string{"", "A", "A-", "A-B", "A-C", "A/", "A/2", "AA", "B", "C"}
	for size := 1; size <= len(names)+1; size++ {
		for _, delimiter := range []string{"", "/"} {
			for _, after := range starts {
				opts := storage.ListOptions{
					PageSize: size, Delimiter: delimiter, StartAfter: after,
				}
				s, want := newTree(t, names), wanted(names, opts)
				for _, what := range []string{"a new Store", "a Store that knows"} {
					if got := pagesOf(t, s, opts); !slices.Equal(got, want) {
						t.Errorf("%s, %+v: %+q, want %+q", what, opts, got, want)
					}
				}
			}
		}
	}
}

// Pages of one list also go to Stores that know nothing, and fit together.
func TestTreeByTokens(t *testing.T) {
	names := []string{"A/1", "A/2", "A/3", "A/4", "A-B"}
	for size := 1; size <= 3; size++ {
		var got []string
		opts := storage.ListOptions{PageSize: size}
		for {
			page, err := newTree(t, names).ListPage(t.Context(), &opts)
			if err != nil {
				t.Fatal(err)
			}
			for _, o := range page.Objects {
				got = append(got, o.Key)
			}
			if opts.PageToken = page.NextToken; opts.PageToken == "" {
				break
			}
		}
		if slices.Sort(got); !slices.Equal(got, wanted(names, opts)) {
			t.Errorf("pages of %d: %q", size, got)
		}
	}
}

// List does not cut a tree into ranges of keys, not even when it learns by its first page that it
// is one.
func TestTreeIsNotSplit(t *testing.T) {
	var names []string
	for i := range 2000 {
		names = append(names, fmt.Sprintf("A/%04d", i), fmt.Sprintf("A-%04d", i))
	}
	s := newTree(t, names)
	b := storage.New(s, nil)
	defer b.Close()
	if !s.Capabilities().ListSplit {
		t.Error("nothing is known, and lists cannot be split")
	}
	var got []string
	for o, err := range b.List(t.Context(), &storage.ListOptions{Concurrency: 8}) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, o.Key)
	}
	if slices.Sort(got); !slices.Equal(got, wanted(names, storage.ListOptions{})) {
		t.Errorf("%d keys, %d of them different, want %d once each", len(got),
			len(slices.Compact(slices.Clone(got))), len(names))
	}
	if s.Capabilities().ListSplit {
		t.Error("a tree is known, and lists can be split")
	}
}
