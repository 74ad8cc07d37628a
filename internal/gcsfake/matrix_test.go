package gcsfake_test

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/polystore/storage/internal/gcsfake"
)

// target is a fresh object that every case of a matrix has for itself.
type target struct {
	bucket, name string
	object       // as written last: metageneration 2
	stale        int64
	xmlETag      string
}

func newTarget(t *testing.T, s *gcsfake.Server, name string) target {
	t.Helper()
	const bucket = "bucket"
	stale := put(t, s, bucket, name, "old")
	put(t, s, bucket, name, "new")
	o := call{method: "PATCH", path: "/storage/v1/b/" + bucket + "/o/" + name,
		body: `{"contentType":"text/x"}`}.do(t, s.URL).object(t)
	etag := call{method: "HEAD", path: "/" + bucket + "/" + name}.do(t, s.URL).Header.Get("ETag")
	return target{bucket, name, o, stale.Generation, etag}
}

// jsonMethods are all methods of the JSON API that take conditions on an object that they read,
// change or replace.
var jsonMethods = []struct {
	name    string
	creates bool // a missing object is made, and the conditions are on that
	call    func(o target) call
}{
	{"get", false, func(o target) call {
		return call{method: "GET", path: "/storage/v1/b/" + o.bucket + "/o/" + o.name + "?"}
	}},
	{"get media", false, func(o target) call {
		return call{method: "GET", path: "/storage/v1/b/" + o.bucket + "/o/" + o.name +
			"?alt=media&"}
	}},
	{"download", false, func(o target) call {
		return call{method: "GET", path: "/download/storage/v1/b/" + o.bucket + "/o/" + o.name +
			"?alt=media&"}
	}},
	{"patch", false, func(o target) call {
		return call{method: "PATCH", path: "/storage/v1/b/" + o.bucket + "/o/" + o.name + "?",
			body: `{"contentType":"a/b"}`}
	}},
	{"update", false, func(o target) call {
		return call{method: "PUT", path: "/storage/v1/b/" + o.bucket + "/o/" + o.name + "?",
			body: `{"contentType":"a/b"}`}
	}},
	{"delete", false, func(o target) call {
		return call{method: "DELETE", path: "/storage/v1/b/" + o.bucket + "/o/" + o.name + "?"}
	}},
	{"insert media", true, func(o target) call {
		return call{method: "POST", path: "/upload/storage/v1/b/" + o.bucket +
			"/o?uploadType=media&name=" + o.name + "&", body: "x"}
	}},
	{"insert multipart", true, func(o target) call {
		return call{method: "POST", path: "/upload/storage/v1/b/" + o.bucket +
			"/o?uploadType=multipart&",
			header: map[string]string{"Content-Type": "multipart/related; boundary=b"},
			body: "--b\r\nContent-Type: application/json\r\n\r\n{\"name\":\"" + o.name + "\"}\r\n" +
				"--b\r\nContent-Type: text/plain\r\n\r\nx\r\n--b--\r\n"}
	}},
	{"compose", true, func(o target) call {
		return call{method: "POST", path: "/storage/v1/b/" + o.bucket + "/o/" + o.name +
			"/compose?", body: `{"sourceObjects":[{"name":"source"}]}`}
	}},
	{"rewrite", true, func(o target) call {
		return call{method: "POST", path: "/storage/v1/b/" + o.bucket + "/o/source/rewriteTo/b/" +
			o.bucket + "/o/" + o.name + "?"}
	}},
	{"copy", true, func(o target) call {
		return call{method: "POST", path: "/storage/v1/b/" + o.bucket + "/o/source/copyTo/b/" +
			o.bucket + "/o/" + o.name + "?"}
	}},
}

// Every precondition holds on every method of the JSON API, and a refused one changes nothing.
func TestJSONConditions(t *testing.T) {
	s := gcsfake.Start(t, gcsfake.Options{Buckets: []string{"bucket"}})
	put(t, s, "bucket", "source", "source")
	n := 0
	for _, m := range jsonMethods {
		for _, c := range []struct {
			name          string
			query         func(o target) string
			want, missing int // missing: the object is not there; 0: success
		}{
			{"none", func(target) string { return "" }, 0, 0},
			{"generation", func(o target) string {
				return fmt.Sprint("ifGenerationMatch=",
					o.Generation)
			}, 0, 412},
			{"stale generation", func(o target) string {
				return fmt.Sprint("ifGenerationMatch=",
					o.stale)
			}, 412, 412},
			{"generation 0", func(target) string { return "ifGenerationMatch=0" }, 412, 0},
			{"not the generation",
				func(o target) string { return fmt.Sprint("ifGenerationNotMatch=", o.Generation) },
				304, 304},
			{"not a stale generation",
				func(o target) string { return fmt.Sprint("ifGenerationNotMatch=", o.stale) }, 0,
				304},
			{"not generation 0", func(target) string { return "ifGenerationNotMatch=0" }, 0, 304},
			{"metageneration", func(target) string { return "ifMetagenerationMatch=2" }, 0, 412},
			{"stale metageneration", func(target) string { return "ifMetagenerationMatch=1" }, 412,
				412},
			{"not the metageneration", func(target) string { return "ifMetagenerationNotMatch=2" },
				304, 0},
			{"not a stale metageneration",
				func(target) string { return "ifMetagenerationNotMatch=1" }, 0, 0},
			{"both, one of them wrong",
				func(o target) string {
					return fmt.Sprint("ifMetagenerationMatch=1&ifGenerationMatch=", o.Generation)
				}, 412, 412},
			{"no number", func(target) string { return "ifGenerationMatch=x" }, 400, 400},
		} {
			t.Run(m.name+"/"+c.name, func(t *testing.T) {
				n++
				o := newTarget(t, s, fmt.Sprint("k", n))
				request := m.call(o)
				request.path += c.query(o)
				got := request.do(t, s.URL)
				if c.want == 0 && got.Status/100 != 2 || c.want != 0 && got.Status != c.want {
					t.Errorf("%s %s: %d %s, want %d", request.method, request.path, got.Status,
						got.Body, c.want)
				}
				if reason := map[int]string{304: "", 400: "invalid",
					412: "conditionNotMet"}[c.want]; c.want != 0 && got.reason() != reason {
					t.Errorf("the reason is %q, want %q", got.reason(), reason)
				}
				after := call{method: "GET", path: "/storage/v1/b/" + o.bucket + "/o/" +
					o.name}.do(t, s.URL)
				if c.want != 0 && after.object(t).Generation != o.Generation ||
					c.want == 0 && m.creates && after.object(t).Generation <= o.Generation {
					t.Errorf("after status %d the object is %s, was generation %d", got.Status,
						after.Body, o.Generation)
				}

				n++
				o.name = fmt.Sprint("k", n)
				request = m.call(o)
				request.path += c.query(o)
				want := c.missing
				if !m.creates && want != 400 {
					want = 404
				}
				if got := request.do(t, s.URL); want == 0 && got.Status/100 != 2 ||
					want != 0 && got.Status != want {
					t.Errorf("a missing object: %d %s, want %d", got.Status, got.Body, want)
				}
			})
		}
	}
}

// The sources of copies have conditions of their own, also for the generation that is asked for.
func TestSourceConditions(t *testing.T) {
	s := gcsfake.Start(t, gcsfake.Options{Buckets: []string{"bucket"}})
	o := newTarget(t, s, "k")
	for _, method := range []string{"rewriteTo", "copyTo"} {
		for query, want := range map[string]int{
			fmt.Sprint("ifSourceGenerationMatch=", o.Generation):    200,
			fmt.Sprint("ifSourceGenerationMatch=", o.stale):         412,
			fmt.Sprint("ifSourceGenerationNotMatch=", o.Generation): 304,
			fmt.Sprint("ifSourceGenerationNotMatch=", o.stale):      200,
			"ifSourceMetagenerationMatch=2":                         200,
			"ifSourceMetagenerationMatch=3":                         412,
			"ifSourceMetagenerationNotMatch=2":                      304,
			fmt.Sprint("sourceGeneration=", o.Generation):           200,
			fmt.Sprint("sourceGeneration=", o.stale):                404,
			"sourceGeneration=x":                                    400,
		} {
			path := "/storage/v1/b/bucket/o/k/" + method + "/b/bucket/o/copy?" + query
			if got := (call{method: "POST", path: path}).do(t, s.URL); got.Status != want {
				t.Errorf("POST %s: %d %s, want %d", path, got.Status, got.Body, want)
			}
		}
	}
	for source, want := range map[string]int{
		fmt.Sprintf(`{"name":"k","generation":"%d"}`,
			o.Generation): 200,
		fmt.Sprintf(`{"name":"k","generation":"%d"}`,
			o.stale): 404,
		fmt.Sprintf(`{"name":"k","objectPreconditions":{"ifGenerationMatch":"%d"}}`,
			o.Generation): 200,
		fmt.Sprintf(`{"name":"k","objectPreconditions":{"ifGenerationMatch":"%d"}},{"name":"k"}`,
			o.stale): 412,
		`{"name":"missing"}`: 404,
	} {
		got := call{method: "POST", path: "/storage/v1/b/bucket/o/composed/compose",
			body: `{"sourceObjects":[` + source + `]}`}.do(t, s.URL)
		if got.Status != want {
			t.Errorf("compose of %s: %d %s, want %d", source, got.Status, got.Body, want)
		}
	}
}

// XML has the two conditions that match, on every method, and ETags and dates on reads.
func TestXMLConditions(t *testing.T) {
	s := gcsfake.Start(t, gcsfake.Options{Buckets: []string{"bucket"}})
	put(t, s, "bucket", "source", "source")
	const past, future = "Thu, 01 Jan 2015 00:00:00 GMT", "Thu, 01 Jan 2099 00:00:00 GMT"
	reads := []string{"GET", "HEAD"}
	all := []string{"GET", "HEAD", "PUT", "COPY", "DELETE"}
	n := 0
	for _, c := range []struct {
		methods      []string
		header       string
		value        func(o target) string
		want         int // 0: success
		wantIfAbsent int // PUT and COPY to a missing object
	}{
		{all, "X-Goog-If-Generation-Match",
			func(o target) string { return fmt.Sprint(o.Generation) }, 0, 412},
		{all, "X-Goog-If-Generation-Match", func(o target) string { return fmt.Sprint(o.stale) },
			412, 412},
		{all, "X-Goog-If-Generation-Match", func(target) string { return "0" }, 412, 0},
		{all, "X-Goog-If-Metageneration-Match", func(target) string { return "2" }, 0, 412},
		{all, "X-Goog-If-Metageneration-Match", func(target) string { return "1" }, 412, 412},
		{reads, "If-Match", func(o target) string { return o.xmlETag }, 0, 0},
		{reads, "If-Match", func(target) string { return `"x", "y"` }, 412, 0},
		{reads, "If-Match", func(target) string { return "*" }, 0, 0},
		{reads, "If-None-Match", func(o target) string { return `"x", ` + o.xmlETag }, 304, 0},
		{reads, "If-None-Match", func(target) string { return `"x"` }, 0, 0},
		{reads, "If-None-Match", func(target) string { return "*" }, 304, 0},
		{reads, "If-Modified-Since", func(target) string { return past }, 0, 0},
		{reads, "If-Modified-Since", func(target) string { return future }, 304, 0},
		{reads, "If-Unmodified-Since", func(target) string { return past }, 412, 0},
		{reads, "If-Unmodified-Since", func(target) string { return future }, 0, 0},
		{reads, "If-Unmodified-Since", func(target) string { return "yesterday" }, 0, 0},
	} {
		for _, method := range c.methods {
			n++
			o := newTarget(t, s, fmt.Sprint("k", n))
			request := call{method: method, path: "/bucket/" + o.name,
				header: map[string]string{c.header: c.value(o)}}
			if method == "COPY" {
				request.method, request.header["X-Goog-Copy-Source"] = "PUT", "/bucket/source"
			}
			got := request.do(t, s.URL)
			if c.want == 0 && got.Status/100 != 2 || c.want != 0 && got.Status != c.want {
				t.Errorf("%s with %v: %d %s, want %d", method, request.header, got.Status, got.Body,
					c.want)
			}
			if want := map[int]string{412: "PreconditionFailed"}[c.want]; method != "HEAD" &&
				got.Status == c.want && got.reason() != want {
				t.Errorf("%s with %v: code %q, want %q", method, request.header, got.reason(), want)
			}
			request.path += "missing"
			want := 404
			if request.method == "PUT" {
				want = c.wantIfAbsent
			}
			if got := request.do(t, s.URL); want == 0 && got.Status/100 != 2 ||
				want != 0 && got.Status != want {
				t.Errorf("%s of a missing object with %v: %d %s, want %d", method, request.header,
					got.Status, got.Body, want)
			}
		}
	}
}

// The ETag of the JSON API is another one, and new with every change; its conditions are for reads.
func TestJSONETags(t *testing.T) {
	s := gcsfake.Start(t, gcsfake.Options{Buckets: []string{"bucket"}})
	const path = "/storage/v1/b/bucket/o/k"
	put(t, s, "bucket", "k", "x")
	old := call{method: "GET", path: path}.do(t, s.URL).Header.Get("ETag")
	call{method: "PATCH", path: path, body: "{}"}.do(t, s.URL)
	etag := call{method: "GET", path: path}.do(t, s.URL).Header.Get("ETag")
	for _, test := range []struct {
		header, value string
		want          int
	}{
		{"If-Match", etag, 200}, {"If-Match", `"` + etag + `"`, 200}, {"If-Match", old, 412},
		{"If-None-Match", etag, 304}, {"If-None-Match", old, 200},
	} {
		for _, query := range []string{"", "?alt=media"} {
			if a := (call{method: "GET", path: path + query,
				header: map[string]string{test.header: test.value}}).do(t,
				s.URL); a.Status != test.want {
				t.Errorf("GET%s with %s: %s: %d %s, want %d", query, test.header, test.value,
					a.Status, a.Body, test.want)
			}
		}
	}
}

// Generations are never given twice, and never for something older; metagenerations begin again
// with each.
func TestGenerations(t *testing.T) {
	s := gcsfake.Start(t, gcsfake.Options{Buckets: []string{"bucket"}})
	last := int64(0)
	for i := range 50 {
		o := put(t, s, "bucket", fmt.Sprint("k", i%3), "x")
		if o.Generation <= last || o.Metageneration != 1 {
			t.Fatalf("after generation %d: %+v", last, o)
		}
		last = o.Generation
		if i%2 == 0 {
			call{method: "DELETE", path: "/storage/v1/b/bucket/o/" + o.Name}.do(t, s.URL)
		}
	}
}

// multi-delete reports each object; what is not there counts as deleted.
func TestDeleteMany(t *testing.T) {
	s := gcsfake.Start(t, gcsfake.Options{Buckets: []string{"bucket"}})
	a := put(t, s, "bucket", "a%26b%2Fc", "x")
	put(t, s, "bucket", "b", "x")
	call{method: "PATCH", path: "/storage/v1/b/bucket/o/b", body: `{"temporaryHold":true}`}.do(t,
		s.URL)
	send := func(body string) answer {
		return call{method: "POST", path: "/bucket?delete", body: body}.do(t, s.URL)
	}
	got := send(fmt.Sprintf(`<Delete><Object><Key>a&amp;b/c</Key><VersionId>%d</VersionId></Object><Object><Key>b</Key></Object>`+
		`<Object><Key>missing</Key></Object></Delete>`, a.Generation))
	var result struct {
		Deleted []struct{ Key, VersionId string }
		Error   []struct{ Key, Code string }
	}
	if err := xml.Unmarshal([]byte(got.Body), &result); err != nil {
		t.Fatalf("%s: %v", got.Body, err)
	}
	if fmt.Sprint(result) != fmt.Sprintf("{[{a&b/c %d} {missing }] [{b ObjectUnderActiveHold}]}",
		a.Generation) {
		t.Errorf("result %v", result)
	}
	got = send(`<Delete><Quiet>true</Quiet><Object><Key>missing</Key></Object></Delete>`)
	if strings.Contains(got.Body, "Deleted") {
		t.Errorf("a quiet answer: %s", got.Body)
	}
	var tooMany bytes.Buffer
	tooMany.WriteString("<Delete>")
	for i := range 1001 {
		fmt.Fprintf(&tooMany, "<Object><Key>%d</Key></Object>", i)
	}
	for _, body := range []string{tooMany.String() + "</Delete>", "<Delete></Delete>", "<Delete>"} {
		if got := send(body); got.Status != http.StatusBadRequest ||
			got.reason() != "MalformedXML" {
			t.Errorf("a bad body: %d %s", got.Status, got.Body)
		}
	}
}
