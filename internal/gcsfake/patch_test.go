package gcsfake_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/polystore/storage/internal/gcsfake"
)

// A patch keeps what it does not name, an update keeps nothing, and neither makes a new generation.
func TestPatchAndUpdate(t *testing.T) {
	s := gcsfake.Start(t, gcsfake.Options{Buckets: []string{"bucket"}})
	const path = "/storage/v1/b/bucket/o/k"
	created := call{"POST", "/upload/storage/v1/b/bucket/o?uploadType=multipart",
		map[string]string{"Content-Type": "multipart/related; boundary=b"},
		related(`{"name":"k","contentType":"text/x","storageClass":"NEARLINE","customTime":"2020-01-01T00:00:00Z","metadata":{"a":"1","b":"2"}}`, "hello")}.do(t, s.URL).object(t)
	for _, step := range []struct {
		method, body, contentType string
		metadata                  map[string]string
	}{
		{"PATCH", `{"metadata":{"a":null,"c":"3"}}`, "text/x", map[string]string{"b": "2",
			"c": "3"}},
		{"PATCH", `{"contentType":null,"storageClass":"STANDARD"}`, "", map[string]string{"b": "2",
			"c": "3"}},
		{"PATCH", `{"metadata":null,"contentType":"text/y"}`, "text/y", nil},
		{"PUT", `{"metadata":{"d":"4"}}`, "", map[string]string{"d": "4"}},
		{"PUT", `{"contentType":"text/z"}`, "text/z", nil},
	} {
		want := created
		want.Metageneration++
		want.ContentType, want.Metadata = step.contentType, step.metadata
		got := call{method: step.method, path: path, body: step.body}.do(t, s.URL).object(t)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s %s: -want +got\n%s", step.method, step.body, diff)
		}
		created = got
	}
	for _, body := range []string{`{"customTime":null}`, `{"customTime":"2019-01-01T00:00:00Z"}`,
		`[]`} {
		if a := (call{method: "PATCH", path: path, body: body}).do(t, s.URL); a.Status != 400 {
			t.Errorf("PATCH %s: %d %s, want 400", body, a.Status, a.Body)
		}
	}
	// A hold is set and lifted; while it is there the object cannot be replaced or deleted.
	call{method: "PATCH", path: path, body: `{"eventBasedHold":true}`}.do(t, s.URL)
	for name, c := range map[string]call{
		"delete": {method: "DELETE", path: path}, "insert": {method: "POST",
			path: "/upload/storage/v1/b/bucket/o?uploadType=media&name=k"},
	} {
		if a := c.do(t, s.URL); a.Status != 403 || a.reason() != "forbidden" {
			t.Errorf("%s of a held object: %d %s, want 403", name, a.Status, a.Body)
		}
	}
	call{method: "PATCH", path: path, body: `{"eventBasedHold":null}`}.do(t, s.URL)
	if a := (call{method: "DELETE", path: path}).do(t, s.URL); a.Status != 204 {
		t.Errorf("delete: %d %s", a.Status, a.Body)
	}
}

// A noncurrent generation is changed as well, and the live one stays as it is.
func TestPatchNoncurrent(t *testing.T) {
	s := gcsfake.Start(t, gcsfake.Options{Buckets: []string{"bucket"}})
	call{method: "PATCH", path: "/storage/v1/b/bucket",
		body: `{"versioning":{"enabled":true}}`}.do(t, s.URL)
	old := put(t, s, "bucket", "k", "1")
	live := put(t, s, "bucket", "k", "22")
	path := fmt.Sprintf("/storage/v1/b/bucket/o/k?generation=%d", old.Generation)
	want := old
	want.Metageneration, want.Metadata = 2, map[string]string{"a": "b"}
	if diff := cmp.Diff(want, call{method: "PATCH", path: path,
		body: `{"metadata":{"a":"b"}}`}.do(t, s.URL).object(t)); diff != "" {
		t.Errorf("patched: -want +got\n%s", diff)
	}
	if diff := cmp.Diff(want, call{method: "GET", path: path}.do(t, s.URL).object(t)); diff != "" {
		t.Errorf("read: -want +got\n%s", diff)
	}
	if diff := cmp.Diff(live, call{method: "GET", path: "/storage/v1/b/bucket/o/k"}.do(t,
		s.URL).object(t)); diff != "" {
		t.Errorf("live: -want +got\n%s", diff)
	}
}
