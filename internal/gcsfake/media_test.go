package gcsfake_test

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/polystore/storage/internal/gcsfake"
)

// What an XML write says comes back in the headers of an XML read, and in the resource.
func TestXMLHeaders(t *testing.T) {
	s := gcsfake.Start(t, gcsfake.Options{Buckets: []string{"bucket"}})
	sent := map[string]string{
		"Content-Type": "text/x", "Cache-Control": "no-store", "Content-Disposition": "inline",
		"Content-Language": "de", "Content-Encoding": "br",
		"X-Goog-Meta-Some-Key": "grüße", "X-Goog-Storage-Class": "COLDLINE",
		"X-Goog-Custom-Time":          "2020-01-02T03:04:05Z",
		"X-Goog-Hash":                 "crc32c=mnG7TA==,md5=XUFAKrxLKna5cZ2REBfFkg==",
		"X-Goog-Content-Length-Range": "1,5",
	}
	written := call{"PUT", "/bucket/k", sent, "hello"}.do(t, s.URL)
	if written.Status != 200 || written.Header.Get("ETag") != md5Tag("hello") ||
		written.Header.Get("X-Goog-Generation") == "" {
		t.Fatalf("put: %d %v %s", written.Status, written.Header, written.Body)
	}
	delete(sent, "X-Goog-Content-Length-Range")
	sent["X-Goog-Generation"],
		sent["X-Goog-Metageneration"] = written.Header.Get("X-Goog-Generation"), "1"
	sent["X-Goog-Stored-Content-Length"], sent["X-Goog-Stored-Content-Encoding"],
		sent["Content-Length"] = "5", "br", "5"
	sent["ETag"], sent["Accept-Ranges"] = md5Tag("hello"), "bytes"
	for _, method := range []string{"GET", "HEAD"} {
		a := call{method: method, path: "/bucket/k"}.do(t, s.URL)
		got := map[string]string{}
		for name := range sent {
			got[name] = strings.Join(a.Header.Values(name), ",")
		}
		if diff := cmp.Diff(sent, got); diff != "" ||
			a.Body != map[string]string{"GET": "hello"}[method] {
			t.Errorf("%s: %q; headers: -want +got\n%s", method, a.Body, diff)
		}
	}
	o := call{method: "GET", path: "/storage/v1/b/bucket/o/k"}.do(t, s.URL).object(t)
	if o.Metadata["some-key"] != "grüße" || o.StorageClass != "COLDLINE" ||
		fmt.Sprint(o.Generation) != sent["X-Goog-Generation"] {
		t.Errorf("resource %+v", o)
	}
	plain := put(t, s, "bucket", "plain", "")
	a := call{method: "GET", path: "/bucket/plain"}.do(t, s.URL)
	for name, want := range map[string]string{"Cache-Control": "private, max-age=0",
		"X-Goog-Stored-Content-Encoding": "identity", "Content-Type": "application/octet-stream",
		"X-Goog-Storage-Class": "STANDARD", "Content-Encoding": ""} {
		if got := a.Header.Get(name); got != want {
			t.Errorf("%s of an object that says nothing: %q, want %q", name, got, want)
		}
	}
	if plain.ContentType != "" {
		t.Errorf("resource %+v, want no type", plain)
	}
}

func TestXMLRefusals(t *testing.T) {
	s := gcsfake.Start(t, gcsfake.Options{Buckets: []string{"bucket"}})
	for name, test := range map[string]struct {
		method, path string
		header       map[string]string
		status       int
		code         string
	}{
		"missing bucket": {"PUT", "/missing/k", nil, 404, "NoSuchBucket"},
		"missing object": {"GET", "/bucket/k", nil, 404, "NoSuchKey"},
		"delete":         {"DELETE", "/bucket/k", nil, 404, "NoSuchKey"},
		"CRC32C": {"PUT", "/bucket/k", map[string]string{"X-Goog-Hash": "crc32c=AAAAAA=="},
			400, "CrcMismatch"},
		"MD5": {"PUT", "/bucket/k",
			map[string]string{"Content-Md5": "AAAAAAAAAAAAAAAAAAAAAA=="}, 400, "BadDigest"},
		"no MD5": {"PUT", "/bucket/k", map[string]string{"Content-Md5": "x"}, 400,
			"InvalidDigest"},
		"unknown hash": {"PUT", "/bucket/k", map[string]string{"X-Goog-Hash": "sha1=x"}, 400,
			"InvalidArgument"},
		"class": {"PUT", "/bucket/k", map[string]string{"X-Goog-Storage-Class": "COLD"},
			400, "InvalidStorageClass"},
		"too short": {"PUT", "/bucket/k",
			map[string]string{"X-Goog-Content-Length-Range": "9,10"}, 400, "EntityTooSmall"},
		"too long": {"PUT", "/bucket/k",
			map[string]string{"X-Goog-Content-Length-Range": "0,4"}, 400, "EntityTooLarge"},
		"acme": {"PUT", "/bucket/.well-known/acme-challenge/x", nil, 400,
			"InvalidObjectName"},
		"dot":        {"PUT", "/bucket/%2E", nil, 400, "InvalidObjectName"},
		"line feed":  {"PUT", "/bucket/a%0Ab", nil, 400, "InvalidObjectName"},
		"no UTF-8":   {"PUT", "/bucket/%FF", nil, 400, "InvalidObjectName"},
		"1025 bytes": {"PUT", "/bucket/" + strings.Repeat("x", 1025), nil, 400, "KeyTooLong"},
		"no bucket":  {"GET", "/", nil, 405, "MethodNotAllowed"},
		"copy of nothing": {"PUT", "/bucket/k",
			map[string]string{"X-Goog-Copy-Source": "/bucket/k"}, 404, "NoSuchKey"},
	} {
		got := call{test.method, test.path, test.header, "hello"}.do(t, s.URL)
		if got.Status != test.status || got.reason() != test.code {
			t.Errorf("%s: %d %s, want %d %s", name, got.Status, got.Body, test.status, test.code)
		}
	}
	if a := (call{method: "GET", path: "/storage/v1/b/bucket/o"}).do(t,
		s.URL); strings.Contains(a.Body, "items") {
		t.Errorf("a refused write left something: %s", a.Body)
	}
	for _, name := range []string{"..a", "a/..", "a//b", "%5C", "%00", "%7F",
		strings.Repeat("x", 1024)} {
		if a := (call{method: "PUT", path: "/bucket/" + name}).do(t, s.URL); a.Status != 200 {
			t.Errorf("the name %q: %d %s", name, a.Status, a.Body)
		}
	}
}

func TestXMLCopy(t *testing.T) {
	s := gcsfake.Start(t, gcsfake.Options{Buckets: []string{"bucket", "other"}})
	call{"PUT", "/bucket/k%20ü", map[string]string{"X-Goog-Meta-A": "1", "Content-Type": "text/x"},
		"hello"}.do(t, s.URL)
	for _, test := range []struct {
		header            map[string]string
		contentType, meta string
	}{
		{nil, "text/x", "1"},
		{map[string]string{"X-Goog-Metadata-Directive": "REPLACE", "X-Goog-Meta-A": "2",
			"Content-Type": "text/y"}, "text/y", "2"},
	} {
		c := call{"PUT", "/other/k", map[string]string{"X-Goog-Copy-Source": "/bucket/k%20%C3%BC"},
			""}
		for name, v := range test.header {
			c.header[name] = v
		}
		if a := c.do(t, s.URL); a.Status != 200 || !strings.Contains(a.Body, "<CopyObjectResult>") {
			t.Errorf("copy: %d %s", a.Status, a.Body)
		}
		a := call{method: "GET", path: "/other/k"}.do(t, s.URL)
		if a.Body != "hello" || a.Header.Get("Content-Type") != test.contentType ||
			a.Header.Get("X-Goog-Meta-A") != test.meta {
			t.Errorf("the copy: %q %v", a.Body, a.Header)
		}
	}
	source := call{method: "HEAD", path: "/bucket/k%20%C3%BC"}.do(t, s.URL).Header
	for name, v := range map[string][2]string{
		"If-Generation-Match":     {source.Get("X-Goog-Generation"), "1"},
		"If-Metageneration-Match": {"1", "2"},
		"If-Match":                {source.Get("ETag"), `"x"`},
		"If-None-Match":           {`"x"`, source.Get("ETag")},
		"Generation":              {source.Get("X-Goog-Generation"), "1"},
	} {
		for i, v := range v {
			want := []int{200, 412}[i]
			if name == "Generation" && i == 1 {
				want = 404
			}
			a := call{"PUT", "/other/k",
				map[string]string{"X-Goog-Copy-Source": "/bucket/k%20%C3%BC",
					"X-Goog-Copy-Source-" + name: v}, ""}.do(t, s.URL)
			if a.Status != want {
				t.Errorf("%s %s: %d %s, want %d", name, v, a.Status, a.Body, want)
			}
		}
	}
}

func TestRanges(t *testing.T) {
	s := gcsfake.Start(t, gcsfake.Options{Buckets: []string{"bucket"}})
	put(t, s, "bucket", "k", "0123456789")
	put(t, s, "bucket", "empty", "")
	for _, test := range []struct {
		name, header string
		status       int
		body, span   string
	}{
		{"k", "bytes=2-4", 206, "234", "bytes 2-4/10"},
		{"k", "bytes=8-99", 206, "89", "bytes 8-9/10"},
		{"k", "bytes=8-4611686018427387903", 206, "89", "bytes 8-9/10"},
		{"k", "bytes=7-", 206, "789", "bytes 7-9/10"},
		{"k", "bytes=-3", 206, "789", "bytes 7-9/10"},
		{"k", "bytes=-30", 206, "0123456789", "bytes 0-9/10"},
		{"k", "bytes=-0", 416, "", "bytes */10"},
		{"k", "bytes=10-", 416, "", "bytes */10"},
		{"k", "bytes=4-2", 200, "0123456789", ""},
		{"k", "bytes=0-1,3-4", 200, "0123456789", ""},
		{"k", "items=1-2", 200, "0123456789", ""},
		{"empty", "bytes=0-", 416, "", "bytes */0"},
		{"empty", "bytes=-1", 416, "", "bytes */0"},
	} {
		for _, path := range []string{"/bucket/" + test.name, "/storage/v1/b/bucket/o/" +
			test.name + "?alt=media"} {
			a := call{method: "GET", path: path,
				header: map[string]string{"Range": test.header}}.do(t, s.URL)
			if a.Status != test.status || a.Header.Get("Content-Range") != test.span ||
				a.Status != 416 && a.Body != test.body {
				t.Errorf("%s of %s: %d %q %q", test.header, path, a.Status,
					a.Header.Get("Content-Range"), a.Body)
			}
			if want := map[bool]string{true: "requestedRangeNotSatisfiable",
				false: "InvalidRange"}[path[1] == 's']; a.Status == 416 && a.reason() != want {
				t.Errorf("reason %q, want %q", a.reason(), want)
			}
			if want := map[string]int{"k": 1, "empty": 1}[test.name]; a.Status < 300 &&
				len(a.Header.Values("X-Goog-Generation")) != want {
				t.Errorf("%s: no generation", path)
			}
		}
	}
}

func TestJSONRefusals(t *testing.T) {
	s := gcsfake.Start(t, gcsfake.Options{Buckets: []string{"bucket"}})
	put(t, s, "bucket", "k", "x")
	const upload = "/upload/storage/v1/b/bucket/o?uploadType="
	related := map[string]string{"Content-Type": "multipart/related; boundary=b"}
	metadata := "--b\r\nContent-Type: application/json\r\n\r\n"
	for name, test := range map[string]struct {
		method, path string
		header       map[string]string
		body         string
		status       int
		reason       string
	}{
		"missing bucket": {"POST", "/upload/storage/v1/b/missing/o?uploadType=media&name=k",
			nil, "x", 404, "notFound"},
		"list of missing": {"GET", "/storage/v1/b/missing/o", nil, "", 404, "notFound"},
		"no upload type":  {"POST", upload + "&name=k", nil, "x", 400, "invalid"},
		"no name":         {"POST", upload + "media", nil, "x", 400, "required"},
		"truncated": {"POST", upload + "multipart", related, metadata + `{"name":"k"}` +
			"\r\n--b\r\n\r\nhalf", 400, "invalid"},
		"three parts": {"POST", upload + "multipart", related, metadata + `{"name":"k"}` +
			"\r\n--b\r\n\r\nx\r\n--b\r\n\r\nx\r\n--b--", 400, "invalid"},
		"no multipart": {"POST", upload + "multipart", nil, "x", 400, "invalid"},
		"no JSON": {"POST", upload + "multipart", related, metadata +
			"{\r\n--b\r\n\r\nx\r\n--b--", 400, "parseError"},
		"CRC32C": {"POST", upload + "multipart", related, metadata +
			`{"name":"k","crc32c":"AAAAAA=="}` + "\r\n--b\r\n\r\nx\r\n--b--", 400, "invalid"},
		"MD5": {"POST", upload + "media&name=k",
			map[string]string{"Content-Md5": "AAAAAAAAAAAAAAAAAAAAAA=="}, "x", 400, "invalid"},
		"no such class": {"PATCH", "/storage/v1/b/bucket/o/k", nil, `{"cacheControl":1}`, 400,
			"invalid"},
		"too much metadata": {"PATCH", "/storage/v1/b/bucket/o/k", nil, `{"metadata":{"a":"` +
			strings.Repeat("x", 9000) + `"}}`, 400, "invalid"},
		"unknown method": {"POST", "/storage/v1/b/bucket/o/k/watch", nil, "", 404, "notFound"},
		"compose of nothing": {"POST", "/storage/v1/b/bucket/o/k/compose", nil,
			`{"sourceObjects":[]}`, 400, "required"},
		"compose of 33": {"POST", "/storage/v1/b/bucket/o/k/compose", nil,
			`{"sourceObjects":[` + strings.Repeat(`{"name":"k"},`, 32) + `{"name":"k"}]}`, 400,
			"invalid"},
		"rewrite token": {"POST", "/storage/v1/b/bucket/o/k/rewriteTo/b/bucket/o/l?rewriteToken=x",
			nil, "", 400, "invalid"},
		"rewrite size": {"POST",
			"/storage/v1/b/bucket/o/k/rewriteTo/b/bucket/o/l?maxBytesRewrittenPerCall=5", nil, "",
			400, "invalid"},
		"bucket name": {"POST", "/storage/v1/b?project=p", nil, `{"name":"Bucket"}`, 400,
			"invalid"},
		"bucket again": {"POST", "/storage/v1/b?project=p", nil, `{"name":"bucket"}`, 409,
			"conflict"},
	} {
		got := call{test.method, test.path, test.header, test.body}.do(t, s.URL)
		if got.Status != test.status || got.reason() != test.reason {
			t.Errorf("%s: %d %s, want %d %s", name, got.Status, got.Body, test.status, test.reason)
		}
	}
	if o := (call{method: "GET", path: "/storage/v1/b/bucket/o/k"}).do(t,
		s.URL).object(t); o.Metageneration != 1 || o.Size != "1" {
		t.Errorf("a refused write changed the object: %+v", o)
	}
}

// A copy that takes several calls shows nothing before the last, and is one version of the source.
func TestRewriteTokens(t *testing.T) {
	s := gcsfake.Start(t, gcsfake.Options{Buckets: []string{"bucket", "other"}, RewriteLimit: 4})
	put(t, s, "bucket", "k", "0123456789")
	const path = "/storage/v1/b/bucket/o/k/rewriteTo/b/other/o/copy?"
	type result struct {
		TotalBytesRewritten, ObjectSize int64 `json:",string"`
		Done                            bool
		RewriteToken                    string
	}
	token, used := "", ""
	for i, want := range []result{{4, 10, false, ""}, {8, 10, false, ""}, {10, 10, true, ""}} {
		a := call{method: "POST", path: path + "ifGenerationMatch=0&rewriteToken=" + token}.do(t,
			s.URL)
		got := decode[result](t, a)
		used, token, got.RewriteToken = token, got.RewriteToken, ""
		if diff := cmp.Diff(want, got); diff != "" || (token == "") != want.Done {
			t.Errorf("call %d: -want +got\n%s", i, diff)
		}
		if there := (call{method: "GET", path: "/storage/v1/b/other/o/copy"}).do(t,
			s.URL).Status == http.StatusOK; there != want.Done {
			t.Errorf("after call %d the copy is visible: %v", i, there)
		}
	}
	if a := (call{method: "POST", path: path + "rewriteToken=" + used}).do(t,
		s.URL); a.Status != 400 {
		t.Errorf("a token that was used up: %d %s", a.Status, a.Body)
	}
	if a := (call{method: "POST", path: path + "ifGenerationMatch=0"}).do(t,
		s.URL); a.Status != 412 {
		t.Errorf("the first call of a copy that is in the way: %d %s", a.Status, a.Body)
	}
	token = decode[result](t, call{method: "POST", path: path}.do(t, s.URL)).RewriteToken
	if a := (call{method: "POST", path: strings.Replace(path, "copy", "elsewhere", 1) +
		"rewriteToken=" + token}).do(t, s.URL); a.Status != 400 {
		t.Errorf("the token of another destination: %d %s", a.Status, a.Body)
	}
	// it is still the same generation
	call{method: "PATCH", path: "/storage/v1/b/bucket/o/k", body: `{"contentType":"text/x"}`}.do(t,
		s.URL)
	if token = decode[result](t, call{method: "POST", path: path + "rewriteToken=" + token}.do(t,
		s.URL)).RewriteToken; token == "" {
		t.Error("the second call of three has no token")
	}
	put(t, s, "bucket", "k", "changed...")
	if a := (call{method: "POST", path: path + "rewriteToken=" + token}).do(t,
		s.URL); a.Status != 400 {
		t.Errorf("a token whose source has changed: %d %s", a.Status, a.Body)
	}
}

// Without a limit, only what changes the class goes in steps.
func TestRewriteClass(t *testing.T) {
	s := gcsfake.Start(t, gcsfake.Options{Buckets: []string{"bucket"}})
	put(t, s, "bucket", "k", strings.Repeat("x", 2<<20))
	const path = "/storage/v1/b/bucket/o/k/rewriteTo/b/bucket/o/copy?maxBytesRewrittenPerCall=1048576"
	type result struct{ Done bool }
	if r := decode[result](t, call{method: "POST", path: path}.do(t, s.URL)); !r.Done {
		t.Error("a copy in the same class took several calls")
	}
	if r := decode[result](t, call{method: "POST", path: path,
		body: `{"storageClass":"NEARLINE"}`}.do(t, s.URL)); r.Done {
		t.Error("a copy to another class took one call")
	}
}

// The answer to a range that cannot be satisfied is about no object: a client that believed its
// Content-Encoding could not read it.
func TestRangeErrorHeaders(t *testing.T) {
	s := gcsfake.Start(t, gcsfake.Options{Buckets: []string{"bucket"}})
	call{"PUT", "/bucket/k", map[string]string{"Content-Encoding": "gzip",
		"Content-Disposition": "inline", "X-Goog-Meta-A": "b"}, "hello"}.do(t, s.URL)
	for _, path := range []string{"/bucket/k", "/storage/v1/b/bucket/o/k?alt=media"} {
		a := call{"GET", path, map[string]string{"Range": "bytes=5-", "Accept-Encoding": "gzip"},
			""}.do(t, s.URL)
		if a.Status != 416 || a.reason() == "" {
			t.Errorf("%s: %d %s, want 416", path, a.Status, a.Body)
		}
		for _, name := range []string{"Content-Encoding", "Content-Disposition", "ETag",
			"Last-Modified", "X-Goog-Generation", "X-Goog-Meta-A", "X-Goog-Hash"} {
			if v := a.Header.Get(name); v != "" {
				t.Errorf("%s: %s: %s", path, name, v)
			}
		}
	}
}

// An object stored with gzip is unpacked for whoever does not take that: all of it, of unknown
// length, and nothing that is cut short looks whole.
func TestTranscoding(t *testing.T) {
	s := gcsfake.Start(t, gcsfake.Options{Buckets: []string{"bucket"}})
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	io.WriteString(z, strings.Repeat("gzip me ", 100))
	z.Close()
	stored, plain := packed.String(), strings.Repeat("gzip me ", 100)
	for name, test := range map[string]struct {
		stored, cacheControl, accept, want, encoding,
		length string
	}{
		"taken":     {stored, "", "br, gzip", stored, "gzip", fmt.Sprint(len(stored))},
		"not taken": {stored, "", "", plain, "", ""},
		"refused":   {stored, "", "gzip;q=0, br", plain, "", ""},
		"no-transform": {stored, "public, no-transform", "", stored, "gzip",
			fmt.Sprint(len(stored))},
		"no gzip": {"plain", "", "", "plain", "gzip", "5"},
	} {
		call{"PUT", "/bucket/k", map[string]string{"Content-Encoding": "gzip",
			"Cache-Control": test.cacheControl}, test.stored}.do(t, s.URL)
		for _, path := range []string{"/bucket/k", "/storage/v1/b/bucket/o/k?alt=media"} {
			a := call{"GET", path, map[string]string{"Accept-Encoding": test.accept}, ""}.do(t,
				s.URL)
			if a.Status != 200 || a.Body != test.want ||
				a.Header.Get("Content-Encoding") != test.encoding ||
				a.Header.Get("Content-Length") != test.length ||
				a.Header.Get("X-Goog-Stored-Content-Encoding") != "gzip" ||
				a.Header.Get("X-Goog-Stored-Content-Length") != fmt.Sprint(len(test.stored)) {
				t.Errorf("%s: %s: %d, %d bytes, %v", name, path, a.Status, len(a.Body), a.Header)
			}
		}
	}
	call{"PUT", "/bucket/cut", map[string]string{"Content-Encoding": "gzip"},
		stored[:len(stored)-4]}.do(t, s.URL)
	resp, err := bare.Get(s.URL + "/bucket/cut")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if b, err := io.ReadAll(resp.Body); err == nil {
		t.Errorf("%d bytes of a broken object, and no error", len(b))
	}
}
