package gcsfake_test

import (
	"encoding/json"
	"encoding/xml"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/polystore/storage/internal/gcsfake"
)

// query is a list's parameters.
type query struct {
	Prefix, Delimiter, StartOffset, EndOffset string
	IncludeTrailingDelimiter                  bool
}

func (q query) values() url.Values {
	v := url.Values{}
	for name, s := range map[string]string{"prefix": q.Prefix, "delimiter": q.Delimiter,
		"startOffset": q.StartOffset, "endOffset": q.EndOffset} {
		if s != "" {
			v.Set(name, s)
		}
	}
	if q.IncludeTrailingDelimiter {
		v.Set("includeTrailingDelimiter", "true")
	}
	return v
}

// expect is what the reference says of a list, in the plainest way.
func (q query) expect(names []string) (items, prefixes []string) {
	for _, name := range slices.Sorted(slices.Values(names)) {
		if !strings.HasPrefix(name, q.Prefix) || name < q.StartOffset ||
			q.EndOffset != "" && name >= q.EndOffset {
			continue
		}
		rest := name[len(q.Prefix):]
		i := -1
		if q.Delimiter != "" {
			i = strings.Index(rest, q.Delimiter)
		}
		if i < 0 {
			items = append(items, name)
			continue
		}
		end := i + len(q.Delimiter)
		if q.IncludeTrailingDelimiter && end == len(rest) {
			items = append(items, name)
		}
		if p := q.Prefix + rest[:end]; !slices.Contains(prefixes, p) {
			prefixes = append(prefixes, p)
		}
	}
	return items, prefixes
}

// Lists of any form, at any page size, are what the reference says: complete, in order, and no page
// larger than it may be.
func TestListModel(t *testing.T) {
	s := gcsfake.Start(t, gcsfake.Options{})
	word := rapid.StringOfN(rapid.SampledFrom([]rune("ab/é")), 0, 4, -1)
	rapid.Check(t, func(r *rapid.T) {
		bucket := s.NewBucket(t)
		names := rapid.SliceOfNDistinct(rapid.StringOfN(rapid.SampledFrom([]rune("ab/é")), 1, 5,
			-1), 0, 12, rapid.ID[string]).Draw(r, "names")
		for _, name := range names {
			put(t, s, bucket, url.QueryEscape(name), "")
		}
		q := query{word.Draw(r, "prefix"), rapid.SampledFrom([]string{"", "/", "b", "a/",
			"é"}).Draw(r, "delimiter"), word.Draw(r, "start"),
			word.Draw(r, "end"), rapid.Bool().Draw(r, "trailing")}
		size := rapid.IntRange(1, 6).Draw(r, "page size")

		var items, prefixes []string
		v := q.values()
		v.Set("maxResults", fmt.Sprint(size))
		for {
			var page struct {
				NextPageToken string
				Items         []struct{ Name string }
				Prefixes      []string
			}
			a := call{method: "GET", path: "/storage/v1/b/" + bucket + "/o?" + v.Encode()}.do(t,
				s.URL)
			if err := json.Unmarshal([]byte(a.Body), &page); err != nil {
				r.Fatalf("%s: %v", a.Body, err)
			}
			if n := len(page.Items) + len(page.Prefixes); n > size ||
				n < size && page.NextPageToken != "" {
				r.Errorf("a page of %d entries, want %d", n, size)
			}
			for _, o := range page.Items {
				items = append(items, o.Name)
			}
			prefixes = append(prefixes, page.Prefixes...)
			if page.NextPageToken == "" {
				break
			}
			v.Set("pageToken", page.NextPageToken)
		}
		wantItems, wantPrefixes := q.expect(names)
		if diff := cmp.Diff([][]string{wantItems, wantPrefixes}, [][]string{items,
			prefixes}); diff != "" {
			r.Errorf("%+v of %q: -want +got\n%s", q, names, diff)
		}
	})
}

func TestListPages(t *testing.T) {
	s := gcsfake.Start(t, gcsfake.Options{Buckets: []string{"bucket"}})
	for i := range 1005 {
		put(t, s, "bucket", fmt.Sprintf("k%04d", i), "")
	}
	var page struct {
		NextPageToken string
		Items         []struct{ Name string }
	}
	a := call{method: "GET",
		path: "/storage/v1/b/bucket/o?maxResults=5000&fields=nextPageToken,items/name"}.do(t, s.URL)
	if err := json.Unmarshal([]byte(a.Body), &page); err != nil || len(page.Items) != 1000 ||
		page.NextPageToken == "" || strings.Contains(a.Body, "generation") {
		t.Errorf("%d items, %v, want 1000 and no other fields", len(page.Items), err)
	}
	for query, want := range map[string]int{"maxResults=0": 400, "maxResults=x": 400,
		"pageToken=!": 400, "matchGlob=*": 501, "fields=(": 400} {
		if a := (call{method: "GET", path: "/storage/v1/b/bucket/o?" + query}).do(t,
			s.URL); a.Status != want {
			t.Errorf("%s: %d %s, want %d", query, a.Status, a.Body, want)
		}
	}
}

func TestXMLList(t *testing.T) {
	s := gcsfake.Start(t, gcsfake.Options{Buckets: []string{"bucket"}})
	for _, name := range []string{"a", "b%2F1", "b%2F2", "c%26", "d"} {
		put(t, s, "bucket", name, "x")
	}
	get := func(query string) (entries []string, next string) {
		t.Helper()
		var page struct {
			XMLName                           xml.Name `xml:"ListBucketResult"`
			NextMarker, NextContinuationToken string
			Contents                          []struct{ Key, ETag string }
			CommonPrefixes                    []struct{ Prefix string }
		}
		a := call{method: "GET", path: "/bucket?" + query}.do(t, s.URL)
		if err := xml.Unmarshal([]byte(a.Body), &page); err != nil {
			t.Fatalf("%s: %v", a.Body, err)
		}
		for _, o := range page.Contents {
			if o.ETag != md5Tag("x") {
				t.Errorf("ETag %s", o.ETag)
			}
			entries = append(entries, o.Key)
		}
		for _, p := range page.CommonPrefixes {
			entries = append(entries, p.Prefix)
		}
		return entries, page.NextMarker + page.NextContinuationToken
	}
	for _, version := range []struct{ query, token string }{{"", "marker"},
		{"list-type=2&", "continuation-token"}} {
		var all []string
		for token := ""; ; {
			entries, next := get(version.query + "delimiter=/&max-keys=1&" + version.token + "=" +
				url.QueryEscape(token))
			all = append(all, entries...)
			if token = next; token == "" {
				break
			}
		}
		if diff := cmp.Diff([]string{"a", "b/", "c&", "d"}, all); diff != "" {
			t.Errorf("%s: -want +got\n%s", version.query, diff)
		}
	}
	if entries, _ := get("list-type=2&start-after=b/1&prefix="); !cmp.Equal(entries,
		[]string{"b/2", "c&", "d"}) {
		t.Errorf("start-after: %v", entries)
	}
	if entries, _ := get("encoding-type=url&prefix=c"); !cmp.Equal(entries, []string{"c%26"}) {
		t.Errorf("encoded: %v", entries)
	}
	if a := (call{method: "HEAD", path: "/missing"}).do(t, s.URL); a.Status != 404 {
		t.Errorf("HEAD of a missing bucket: %d", a.Status)
	}
}
