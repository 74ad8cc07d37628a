package gcsfake_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"cloud.google.com/go/storage"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"google.golang.org/api/iterator"

	"github.com/polystore/storage/internal/gcsfake"
)

// contexts are the custom contexts of the resource in a, as KEY=VALUE in order.
func contexts(t *testing.T, a answer) []string {
	t.Helper()
	var body struct {
		Resource json.RawMessage
		Contexts struct {
			Custom map[string]struct{ Value string }
		}
	}
	if err := json.Unmarshal([]byte(a.Body), &body); err != nil || a.Status != http.StatusOK {
		t.Fatalf("answer %d %s, want an object", a.Status, a.Body)
	}
	if body.Resource != nil { // of a rewrite
		if err := json.Unmarshal(body.Resource, &body); err != nil {
			t.Fatal(err)
		}
	}
	var list []string
	for key, v := range body.Contexts.Custom {
		list = append(list, key+"="+v.Value)
	}
	slices.Sort(list)
	return list
}

// custom is an object resource with contexts of KEY, VALUE, …
func custom(name string, pairs ...string) string {
	custom := map[string]any{}
	for i := 0; i < len(pairs); i += 2 {
		custom[pairs[i]] = map[string]string{"value": pairs[i+1]}
	}
	b, _ := json.Marshal(map[string]any{"name": name, "contexts": map[string]any{"custom": custom}})
	return string(b)
}

func insertWith(resource string) call {
	return call{"POST", "/upload/storage/v1/b/bucket/o?uploadType=multipart",
		map[string]string{"Content-Type": "multipart/related; boundary=b"},
		related(resource, "hello")}
}

// Contexts come with an upload of either kind that has metadata, are changed one by one, and say
// when they were written.
func TestContexts(t *testing.T) {
	now := time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC)
	s := gcsfake.Start(t, gcsfake.Options{Buckets: []string{"bucket"},
		Now: func() time.Time { return now }})
	const path = "/storage/v1/b/bucket/o/k"
	if got := contexts(t, insertWith(custom("k", "a", "1", "b", "2", "é", "ü x")).do(t,
		s.URL)); !slices.Equal(got, []string{"a=1", "b=2", "é=ü x"}) {
		t.Errorf("after the insert: %q", got)
	}
	for _, step := range []struct {
		method, body string
		want         []string
	}{
		{"PATCH", `{"contentType":"text/x"}`, []string{"a=1", "b=2", "é=ü x"}},
		{"PATCH",
			`{"contexts":{"custom":{"a":{"value":"3"},"b":null,"c":{"value":"4","createTime":"2001-01-01T00:00:00Z"}}}}`, []string{"a=3", "c=4", "é=ü x"}},
		{"PATCH", `{"contexts":{"custom":{"é":{}}}}`, []string{"a=3", "c=4"}},
		{"PUT", `{"contexts":{"custom":{"a":{"value":"5"}}}}`, []string{"a=5"}},
		{"PATCH", `{"contexts":{"custom":{}}}`, []string{"a=5"}},
		{"PATCH", `{"contexts":{}}`, []string{"a=5"}},
	} {
		now = now.Add(time.Minute)
		if got := contexts(t, call{method: step.method, path: path, body: step.body}.do(t,
			s.URL)); !slices.Equal(got, step.want) {
			t.Errorf("after %s %s: %q, want %q", step.method, step.body, got, step.want)
		}
	}
	get := call{method: "GET", path: path + "?fields=contexts"}
	const want = `{"contexts":{"custom":{"a":{"createTime":"2030-01-02T03:04:05Z","updateTime":"2030-01-02T03:08:05Z","value":"5"}}}}`
	if got := get.do(t, s.URL).Body; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	for _, clear := range []call{
		{method: "PATCH", path: path, body: `{"contexts":null}`},
		{method: "PATCH", path: path, body: `{"contexts":{"custom":null}}`},
		{method: "PUT", path: path, body: `{}`},
		{method: "POST", path: "/upload/storage/v1/b/bucket/o?uploadType=media&name=k"},
	} {
		insertWith(custom("k", "a", "1")).do(t, s.URL)
		clear.do(t, s.URL)
		if got := get.do(t, s.URL).Body; got != `{}` {
			t.Errorf("after %s %s: %s", clear.method, clear.body, got)
		}
	}

	begin := call{"POST", "/upload/storage/v1/b/bucket/o?uploadType=resumable", nil,
		custom("r", "a", "1")}.do(t, s.URL)
	if got := contexts(t, call{method: "PUT", path: begin.Header.Get("Location"), body: "x"}.do(t,
		s.URL)); !slices.Equal(got, []string{"a=1"}) {
		t.Errorf("of a resumable upload: %q", got)
	}
}

func TestInvalidContexts(t *testing.T) {
	s := gcsfake.Start(t, gcsfake.Options{Buckets: []string{"bucket"}})
	many := func(n int) (pairs []string) {
		for i := range n {
			pairs = append(pairs, fmt.Sprint("k", i), "v")
		}
		return pairs
	}
	long := strings.Repeat("é", 128)
	for _, pairs := range [][]string{{long, long}, {"a:b c=*", "9{}"}, many(50)} {
		if a := insertWith(custom("ok", pairs...)).do(t, s.URL); a.Status != 200 {
			t.Errorf("%q: %d %s", pairs, a.Status, a.Body)
		}
	}
	for _, pairs := range [][]string{
		{"", "v"}, {"k", ""}, {long + "a", "v"}, {"k", long + "a"}, {"_k", "v"}, {"k", "-v"},
		{" k", "v"}, {"k'", "v"}, {`k"`, "v"},
		{`k\`, "v"}, {"k/", "v"}, {"k", "v'"}, {"k", `v"`}, {"k", `v\`}, {"k", "v/"},
		{"google:k", "v"}, many(51),
	} {
		if a := insertWith(custom("no", pairs...)).do(t, s.URL); a.Status != 400 ||
			a.reason() != "invalid" {
			t.Errorf("%q: %d %s, want 400 invalid", pairs, a.Status, a.Body)
		}
		if a := (call{method: "PATCH", path: "/storage/v1/b/bucket/o/ok", body: custom("ok",
			pairs...)}).do(t, s.URL); a.Status != 400 {
			t.Errorf("patch %q: %d %s, want 400", pairs, a.Status, a.Body)
		}
	}
	for _, v := range []string{`[]`, `{"custom":[]}`, `{"system":{}}`,
		`{"custom":{"k":{"value":"v","extendedData":{}}}}`, `{"custom":{"k":"v"}}`,
		`{"custom":{"k":{"value":1}}}`} {
		if a := insertWith(`{"name":"no","contexts":`+v+`}`).do(t, s.URL); a.Status != 400 ||
			a.reason() != "invalid" {
			t.Errorf("%s: %d %s, want 400 invalid", v, a.Status, a.Body)
		}
	}
	if a := (call{method: "GET", path: "/storage/v1/b/bucket/o/no"}).do(t, s.URL); a.Status != 404 {
		t.Errorf("a refused insert left %s", a.Body)
	}
}

// What is made of other objects has their contexts, unless the request brings contexts or drops
// them; other metadata does not matter.
func TestInheritedContexts(t *testing.T) {
	s := gcsfake.Start(t, gcsfake.Options{Buckets: []string{"bucket"}})
	insertWith(custom("x", "a", "1", "b", "2")).do(t, s.URL)
	insertWith(custom("y", "b", "3", "c", "4")).do(t, s.URL)
	const own = `"contexts":{"custom":{"d":{"value":"5"}}}`
	inherited, composed := []string{"a=1", "b=2"}, []string{"a=1", "b=3", "c=4"}
	for _, c := range []struct {
		verb, query, resource string
		want                  []string
	}{
		{"rewriteTo/b/bucket/o/z", "", `{}`, inherited},
		{"rewriteTo/b/bucket/o/z", "", `{"metadata":{"m":"1"},"contexts":null}`, inherited},
		{"rewriteTo/b/bucket/o/z", "", `{` + own + `}`, []string{"d=5"}},
		{"rewriteTo/b/bucket/o/z", "?dropContextGroups=custom", `{"metadata":{"m":"1"}}`, nil},
		{"rewriteTo/b/bucket/o/z", "?dropContextGroups=custom", `{` + own + `}`, []string{"d=5"}},
		{"copyTo/b/bucket/o/z", "", ``, inherited},
		{"copyTo/b/bucket/o/z", "", `{` + own + `}`, []string{"d=5"}},
		{"compose", "", `{}`, composed},
		{"compose", "", `{"contentType":"text/x"}`, composed},
		{"compose", "", `{` + own + `}`, []string{"d=5"}},
		{"compose", "?dropContextGroups=custom", `{}`, nil},
	} {
		source, body := "x", c.resource
		if c.verb == "compose" {
			source, body = "z", `{"sourceObjects":[{"name":"x"},{"name":"y"}],"destination":`+
				c.resource+`}`
		}
		a := call{method: "POST", path: "/storage/v1/b/bucket/o/" + source + "/" + c.verb + c.query,
			body: body}.do(t, s.URL)
		if got := contexts(t, a); !slices.Equal(got, c.want) {
			t.Errorf("%s%s %s: %q, want %q", c.verb, c.query, c.resource, got, c.want)
		}
	}
	for _, directive := range []string{"COPY", "REPLACE"} {
		call{"PUT", "/bucket/w", map[string]string{"X-Goog-Copy-Source": "/bucket/x",
			"X-Goog-Metadata-Directive": directive}, ""}.do(t, s.URL)
		if got := contexts(t, call{method: "GET", path: "/storage/v1/b/bucket/o/w"}.do(t,
			s.URL)); !slices.Equal(got, inherited) {
			t.Errorf("an XML copy with %s: %q, want %q", directive, got, inherited)
		}
	}
	for verb, body := range map[string]string{"x/rewriteTo/b/bucket/o/z": "",
		"z/compose": `{"sourceObjects":[{"name":"x"}]}`} {
		c := call{method: "POST", path: "/storage/v1/b/bucket/o/" + verb +
			"?dropContextGroups=other", body: body}
		if a := c.do(t, s.URL); a.Status != 400 {
			t.Errorf("%s: %d %s, want 400", c.path, a.Status, a.Body)
		}
	}
	var pairs []string
	for i := range 50 {
		pairs = append(pairs, fmt.Sprint("k", i), "v")
	}
	insertWith(custom("full", pairs...)).do(t, s.URL)
	c := call{method: "POST", path: "/storage/v1/b/bucket/o/z/compose",
		body: `{"sourceObjects":[{"name":"x"},{"name":"full"}]}`}
	if a := c.do(t, s.URL); a.Status != 400 {
		t.Errorf("a composition with 52 contexts: %d, want 400", a.Status)
	}
}

// The filters are those of the documentation; what is none of them is refused.
func TestContextFilter(t *testing.T) {
	s := gcsfake.Start(t, gcsfake.Options{Buckets: []string{"bucket"}})
	insertWith(custom("1", "a", "x", "b", "y")).do(t, s.URL)
	insertWith(custom("2", "a", "z")).do(t, s.URL)
	put(t, s, "bucket", "3", "")
	put(t, s, "bucket", "d/4", "")
	list := func(query url.Values) answer {
		return call{method: "GET", path: "/storage/v1/b/bucket/o?" + query.Encode()}.do(t, s.URL)
	}
	for filter, want := range map[string][]string{
		`contexts."a"="x"`:  {"1"},
		`-contexts."a"="x"`: {"2", "3"},
		`contexts."a":*`:    {"1", "2"},
		`-contexts."b":*`:   {"2", "3"},
		`contexts."c":*`:    nil,
	} {
		var got []string
		query := url.Values{"filter": {filter}, "delimiter": {"/"}, "maxResults": {"1"}}
		prefixes := 0
		for more := true; more; more = query.Get("pageToken") != "" {
			page := decode[struct {
				Items         []object
				Prefixes      []string
				NextPageToken string
			}](t, list(query))
			for _, o := range page.Items {
				got = append(got, o.Name)
			}
			prefixes += len(page.Prefixes)
			query.Set("pageToken", page.NextPageToken)
		}
		if !slices.Equal(got, want) || prefixes != 1 {
			t.Errorf("%s: %q and %d prefixes, want %q and one", filter, got, prefixes, want)
		}
	}
	for _, filter := range []string{`name="1"`, `contexts.a="x"`, `contexts."a"`,
		`contexts."a">"x"`, `contexts."a"="x" OR contexts."b":*`} {
		if a := list(url.Values{"filter": {filter}}); a.Status != 400 || a.reason() != "invalid" {
			t.Errorf("%s: %d %s, want 400 invalid", filter, a.Status, a.Body)
		}
	}
}

// Google's client writes, deletes and finds contexts.
func TestClientContexts(t *testing.T) {
	s := gcsfake.Start(t, gcsfake.Options{Buckets: []string{"bucket"}})
	bucket := newClient(t, s).Bucket("bucket")
	ctx := t.Context()
	w := bucket.Object("k").NewWriter(ctx)
	w.Contexts = &storage.ObjectContexts{Custom: map[string]storage.ObjectCustomContextPayload{
		"a": {Value: "1"}, "b": {Value: "2"},
	}}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	change := &storage.ObjectContexts{Custom: map[string]storage.ObjectCustomContextPayload{
		"a": {Delete: true}, "c": {Value: "3"},
	}}
	attrs, err := bucket.Object("k").Update(ctx, storage.ObjectAttrsToUpdate{Contexts: change})
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]storage.ObjectCustomContextPayload{"b": {Value: "2"}, "c": {Value: "3"}}
	if diff := cmp.Diff(want, attrs.Contexts.Custom, cmpopts.IgnoreTypes(time.Time{})); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	it := bucket.Objects(ctx, &storage.Query{Filter: `contexts."c"="3"`})
	if found, err := it.Next(); err != nil || found.Name != "k" {
		t.Errorf("found %v, %v", found, err)
	}
	if _, err := it.Next(); err != iterator.Done {
		t.Errorf("then %v", err)
	}
	if attrs, err = bucket.Object("k").Update(ctx,
		storage.ObjectAttrsToUpdate{Contexts: &storage.ObjectContexts{
			Custom: map[string]storage.ObjectCustomContextPayload{}}}); err != nil ||
		attrs.Contexts != nil {
		t.Errorf("cleared: %v, %v", attrs, err)
	}
}
