package gcsfake_test

import (
	"fmt"
	"testing"

	"github.com/polystore/storage/internal/gcsfake"
)

func TestCompose(t *testing.T) {
	s := gcsfake.Start(t, gcsfake.Options{Buckets: []string{"bucket"}})
	put(t, s, "bucket", "a", "1")
	put(t, s, "bucket", "b", "23")
	compose := func(name, sources string) object {
		return call{method: "POST", path: "/storage/v1/b/bucket/o/" + name + "/compose",
			body: `{"destination":{"contentType":"text/x","metadata":{"a":"b"}},"deleteSourceObjects":` +
				fmt.Sprint(name == "c") +
				`,"sourceObjects":[` + sources + `]}`}.do(t, s.URL).object(t)
	}
	one := compose("one", `{"name":"a"},{"name":"b"}`)
	if one.ComponentCount != 2 || one.MD5Hash != "" || one.ContentType != "text/x" ||
		one.Metadata["a"] != "b" || one.Size != "3" {
		t.Errorf("composed %+v", one)
	}
	if two := compose("one", `{"name":"one"},{"name":"a"}`); two.ComponentCount != 3 ||
		two.Size != "4" {
		t.Errorf("composed onto itself %+v", two)
	}
	if a := (call{method: "GET", path: "/bucket/one"}).do(t, s.URL); a.Body != "1231" ||
		a.Header.Get("X-Goog-Component-Count") != "3" {
		t.Errorf("read %q %v", a.Body, a.Header)
	}
	compose("c", `{"name":"a"},{"name":"b"}`)
	if exists(t, s, "a") || exists(t, s, "b") {
		t.Error("deleteSourceObjects left them")
	}
}

// A composite object is of the class of its sources, which are all of one.
func TestComposeClass(t *testing.T) {
	s := gcsfake.Start(t, gcsfake.Options{Buckets: []string{"bucket"}})
	put(t, s, "bucket", "standard", "1")
	insertWith(`{"name":"cold","storageClass":"COLDLINE"}`).do(t, s.URL)
	for _, test := range []struct {
		sources, class string
		status         int
		want           string
	}{
		{`{"name":"cold"},{"name":"cold"}`, "", 200, "COLDLINE"},
		{`{"name":"cold"}`, "COLDLINE", 200, "COLDLINE"},
		{`{"name":"standard"}`, "", 200, "STANDARD"},
		{`{"name":"cold"},{"name":"standard"}`, "", 400, ""},
		{`{"name":"cold"}`, "STANDARD", 400, ""},
	} {
		body := `{"sourceObjects":[` + test.sources + `],"destination":{"storageClass":"` +
			test.class + `"}}`
		a := call{method: "POST", path: "/storage/v1/b/bucket/o/c/compose", body: body}.do(t, s.URL)
		if a.Status != test.status || a.Status == 200 && a.object(t).StorageClass != test.want {
			t.Errorf("%s: %d %s, want %d %s", body, a.Status, a.Body, test.status, test.want)
		}
	}
}

// A CRC32C that the client knows already is checked before anything becomes visible; an MD5 is
// ignored, as is documented.
func TestComposeChecksum(t *testing.T) {
	s := gcsfake.Start(t, gcsfake.Options{Buckets: []string{"bucket"}})
	put(t, s, "bucket", "a", "hel")
	put(t, s, "bucket", "b", "lo")
	for sums, want := range map[string]int{
		`"crc32c":"mnG7TA=="`:                  200,
		`"crc32c":"AAAAAA=="`:                  400,
		`"crc32c":"x"`:                         400,
		`"crc32c":1`:                           400,
		`"md5Hash":"AAAAAAAAAAAAAAAAAAAAAA=="`: 200,
	} {
		c := call{method: "POST", path: "/storage/v1/b/bucket/o/c/compose",
			body: `{"destination":{` + sums + `},"sourceObjects":[{"name":"a"},{"name":"b"}]}`}
		if a := c.do(t, s.URL); a.Status != want {
			t.Errorf("%s: %d %s, want %d", sums, a.Status, a.Body, want)
		}
		if exists(t, s, "c") != (want == 200) {
			t.Errorf("%s: status %d, the object is there: %v", sums, want, want != 200)
		}
		call{method: "DELETE", path: "/storage/v1/b/bucket/o/c"}.do(t, s.URL)
	}
}

// A generation may be text, as in answers, or a number.
func TestComposeGenerations(t *testing.T) {
	s := gcsfake.Start(t, gcsfake.Options{Buckets: []string{"bucket"}})
	g := put(t, s, "bucket", "a", "x").Generation
	for source, want := range map[string]int{
		fmt.Sprintf(`{"name":"a","generation":%d}`, g):                                  200,
		fmt.Sprintf(`{"name":"a","generation":"%d"}`, g):                                200,
		fmt.Sprintf(`{"name":"a","objectPreconditions":{"ifGenerationMatch":%d}}`, g):   200,
		fmt.Sprintf(`{"name":"a","objectPreconditions":{"ifGenerationMatch":%d}}`, g-1): 412,
		fmt.Sprintf(`{"name":"a","generation":%d}`, g-1):                                404,
		`{"name":"a","generation":1.5}`:                                                 400,
		`{"name":"a","generation":"-1"}`:                                                400,
	} {
		a := call{method: "POST", path: "/storage/v1/b/bucket/o/c/compose",
			body: `{"sourceObjects":[` + source + `]}`}.do(t, s.URL)
		if a.Status != want {
			t.Errorf("%s: %d %s, want %d", source, a.Status, a.Body, want)
		}
	}
}

// Sources are deleted for good, also where versioning would keep them; a held one is in the way of
// all of it.
func TestComposeDeletesSources(t *testing.T) {
	s := gcsfake.Start(t, gcsfake.Options{Buckets: []string{"bucket"}})
	call{method: "PATCH", path: "/storage/v1/b/bucket",
		body: `{"versioning":{"enabled":true}}`}.do(t, s.URL)
	old := put(t, s, "bucket", "a", "1").Generation
	live := put(t, s, "bucket", "a", "2").Generation
	put(t, s, "bucket", "held", "3")
	call{method: "PATCH", path: "/storage/v1/b/bucket/o/held", body: `{"temporaryHold":true}`}.do(t,
		s.URL)
	compose := func(sources string) int {
		return call{method: "POST", path: "/storage/v1/b/bucket/o/c/compose",
			body: `{"deleteSourceObjects":true,"sourceObjects":[` + sources + `]}`}.do(t,
			s.URL).Status
	}
	get := func(generation int64) int {
		return call{method: "GET", path: fmt.Sprintf("/storage/v1/b/bucket/o/a?generation=%d",
			generation)}.do(t, s.URL).Status
	}
	if status := compose(`{"name":"a"},{"name":"held"}`); status != 403 || exists(t, s, "c") ||
		get(live) != 200 {
		t.Errorf("with a held source: %d, want 403 and nothing done", status)
	}
	if status := compose(`{"name":"a"}`); status != 200 || get(live) != 404 || get(old) != 200 {
		t.Errorf("of the live source: %d, live %d, old %d, want 200, 404, 200", status, get(live),
			get(old))
	}
	if status := compose(fmt.Sprintf(`{"name":"a","generation":"%d"}`, old)); status != 200 ||
		get(old) != 404 {
		t.Errorf("of a noncurrent source: %d, then %d, want 200, 404", status, get(old))
	}
}
