package gcsfake_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/polystore/storage/internal/gcsfake"
)

const quantum = 256 << 10

// begin starts a session and returns its URI.
func begin(
	t *testing.T, s *gcsfake.Server, query, metadata string, header map[string]string,
) string {
	t.Helper()
	a := call{method: "POST", path: "/upload/storage/v1/b/bucket/o?uploadType=resumable&" + query,
		body: metadata, header: header}.do(t, s.URL)
	if a.Status != http.StatusOK || a.Header.Get("Location") == "" {
		t.Fatalf("starting a session: %d %s", a.Status, a.Body)
	}
	return a.Header.Get("Location")
}

// send puts body to a session.
func send(t *testing.T, uri, contentRange, body string, header ...string) answer {
	t.Helper()
	h := map[string]string{}
	if contentRange != "" {
		h["Content-Range"] = contentRange
	}
	for i := 0; i < len(header); i += 2 {
		h[header[i]] = header[i+1]
	}
	return call{method: "PUT", path: uri, header: h, body: body}.do(t, "")
}

func exists(t *testing.T, s *gcsfake.Server, name string) bool {
	t.Helper()
	return call{method: "GET", path: "/storage/v1/b/bucket/o/" + name}.do(t,
		s.URL).Status == http.StatusOK
}

func TestSessionProtocol(t *testing.T) {
	s := gcsfake.Start(t, gcsfake.Options{Buckets: []string{"bucket"}})
	data := strings.Repeat("abcdefgh", quantum/8*3) + "tail"
	total := len(data)
	uri := begin(t, s, "name=k", `{"contentType":"text/x","metadata":{"a":"b"}}`, nil)
	step := func(what, contentRange, body string, status int, want string) {
		t.Helper()
		if got := send(t, uri, contentRange, body); got.Status != status ||
			got.Header.Get("Range") != want {
			t.Errorf("%s: %d %q %s, want %d %q", what, got.Status, got.Header.Get("Range"),
				got.Body, status, want)
		}
		if exists(t, s, "k") {
			t.Errorf("%s: the object is visible", what)
		}
	}
	step("query of an empty session", "bytes */*", "", 308, "")
	step("first chunk", fmt.Sprintf("bytes 0-%d/*", quantum-1), data[:quantum], 308,
		fmt.Sprintf("bytes=0-%d", quantum-1))
	step("query", "bytes */*", "", 308, fmt.Sprintf("bytes=0-%d", quantum-1))
	step("query with the total", fmt.Sprintf("bytes */%d", total), "", 308,
		fmt.Sprintf("bytes=0-%d", quantum-1))
	step("gap", fmt.Sprintf("bytes %d-%d/*", 2*quantum, 3*quantum-1), data[2*quantum:3*quantum],
		400, "")
	step("length that is not the range's", fmt.Sprintf("bytes %d-%d/*", quantum, 2*quantum),
		data[quantum:2*quantum], 400, "")
	step("odd chunk: whole multiples stay", fmt.Sprintf("bytes %d-%d/*", quantum, 2*quantum+9),
		data[quantum:2*quantum+10], 308,
		fmt.Sprintf("bytes=0-%d", 2*quantum-1))
	step("overlap: what is there is ignored", fmt.Sprintf("bytes %d-%d/%d", quantum, 3*quantum-1,
		total), "!"+data[quantum+1:3*quantum], 308,
		fmt.Sprintf("bytes=0-%d", 3*quantum-1))
	step("a total that is too small", "bytes */5", "", 400, "")
	step("no range at all", "bytes", "", 400, "")

	got := send(t, uri, fmt.Sprintf("bytes %d-%d/%d", 3*quantum, total-1, total), data[3*quantum:])
	o := got.object(t)
	if o.Name != "k" || o.Size != fmt.Sprint(total) || o.ContentType != "text/x" ||
		o.Metadata["a"] != "b" {
		t.Errorf("object %+v", o)
	}
	if body := (call{method: "GET", path: "/bucket/k"}).do(t, s.URL).Body; body != data {
		t.Errorf("read %d bytes, want the %d that were sent", len(body), total)
	}
	// Who lost the answer gets it again.
	for _, r := range []string{"bytes */*", fmt.Sprintf("bytes */%d", total)} {
		if diff := cmp.Diff(o, send(t, uri, r, "").object(t)); diff != "" {
			t.Errorf("query after the end: -want +got\n%s", diff)
		}
	}
}

// An upload of whole chunks is ended by a query with its total; one without a range is whole in one
// request.
func TestSessionEnds(t *testing.T) {
	s := gcsfake.Start(t, gcsfake.Options{Buckets: []string{"bucket"}})
	chunk := strings.Repeat("x", quantum)
	uri := begin(t, s, "name=exact", "", nil)
	send(t, uri, fmt.Sprintf("bytes 0-%d/*", quantum-1), chunk)
	if o := send(t, uri,
		fmt.Sprintf("bytes */%d", quantum), "").object(t); o.Size != fmt.Sprint(quantum) {
		t.Errorf("object %+v", o)
	}
	if o := send(t, begin(t, s, "name=whole", "", nil), "", "hello").object(t); o.Size != "5" {
		t.Errorf("object %+v", o)
	}
	if o := send(t, begin(t, s, "name=empty", "", nil), "bytes */0", "").object(t); o.Size != "0" {
		t.Errorf("object %+v", o)
	}
	uri = begin(t, s, "name=declared", "", map[string]string{"X-Upload-Content-Length": "6",
		"X-Upload-Content-Type": "text/y"})
	if got := send(t, uri, "", "hello"); got.Status != 400 {
		t.Errorf("5 bytes of 6: %d %s", got.Status, got.Body)
	}
	if got := send(t, uri, "bytes 0-4/5", "hello"); got.Status != 400 {
		t.Errorf("a total of 5, where 6 were said: %d %s", got.Status, got.Body)
	}
	if o := send(t, uri, "bytes 0-5/6", "hello!").object(t); o.Size != "6" ||
		o.ContentType != "text/y" {
		t.Errorf("object %+v", o)
	}
}

// Conditions and hashes are checked at the end, and that answer too is kept.
func TestSessionRefused(t *testing.T) {
	s := gcsfake.Start(t, gcsfake.Options{Buckets: []string{"bucket"}})
	for _, test := range []struct {
		name, query, metadata string
		header                []string
		status                int
	}{
		{"condition", "name=k&ifGenerationMatch=0", "", nil, 412},
		{"hash of the start", "name=k", `{"crc32c":"AAAAAA=="}`, nil, 400},
		{"hash of the end", "name=k", "", []string{"X-Goog-Hash", "crc32c=AAAAAA=="}, 400},
		{"MD5 of the end", "name=k", "", []string{"X-Goog-Hash", "md5=AAAAAAAAAAAAAAAAAAAAAA=="},
			400},
	} {
		t.Run(test.name, func(t *testing.T) {
			old := put(t, s, "bucket", "k", "old")
			uri := begin(t, s, test.query, test.metadata, nil)
			for _, r := range []string{"bytes 0-4/5", "bytes */*", "bytes */5"} {
				body := map[bool]string{true: "hello"}[r == "bytes 0-4/5"]
				if got := send(t, uri, r, body, test.header...); got.Status != test.status {
					t.Errorf("%s: %d %s, want %d", r, got.Status, got.Body, test.status)
				}
				if now := (call{method: "GET", path: "/storage/v1/b/bucket/o/k"}).do(t,
					s.URL).object(t); now.Generation != old.Generation {
					t.Errorf("the object was replaced by %+v", now)
				}
			}
		})
	}
	// What counts is what is there at the end.
	uri := begin(t, s, "name=new&ifGenerationMatch=0", "", nil)
	if o := send(t, uri, "bytes 0-4/5", "hello").object(t); o.Name != "new" {
		t.Errorf("object %+v", o)
	}
}

func TestSessionCancelAndExpiry(t *testing.T) {
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	s := gcsfake.Start(t, gcsfake.Options{Buckets: []string{"bucket"},
		Now: func() time.Time { return now }})
	uri := begin(t, s, "name=k", "", nil)
	if got := (call{method: "DELETE", path: uri}).do(t, ""); got.Status != 499 || got.Body != "" {
		t.Errorf("cancel: %d %q, want 499", got.Status, got.Body)
	}
	for _, method := range []string{"PUT", "DELETE"} {
		if got := (call{method: method, path: uri}).do(t, ""); got.Status != 404 {
			t.Errorf("%s of a cancelled session: %d, want 404", method, got.Status)
		}
	}
	uri = begin(t, s, "name=k", "", nil)
	now = now.Add(7*24*time.Hour - time.Second)
	if got := send(t, uri, "bytes */*", ""); got.Status != 308 {
		t.Errorf("a session in its last second: %d, want 308", got.Status)
	}
	now = now.Add(time.Second)
	if got := send(t, uri, "bytes */*", ""); got.Status != 410 {
		t.Errorf("a session after a week: %d, want 410", got.Status)
	}
	if got := send(t, s.URL+"/upload/storage/v1/b/bucket/o?upload_id=x", "",
		""); got.Status != 404 {
		t.Errorf("a session that never was: %d, want 404", got.Status)
	}
}

// What came before a connection broke stays, in whole multiples.
func TestSessionBrokenConnection(t *testing.T) {
	s := gcsfake.Start(t, gcsfake.Options{Buckets: []string{"bucket"}})
	uri := begin(t, s, "name=k", "", nil)
	conn, err := net.Dial("tcp", strings.TrimPrefix(s.URL, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprintf(conn,
		"PUT %s HTTP/1.1\r\nHost: x\r\nContent-Range: bytes 0-%d/*\r\nContent-Length: %d\r\n\r\n",
		strings.TrimPrefix(uri, s.URL), 4*quantum-1, 4*quantum)
	io.WriteString(conn, strings.Repeat("x", 2*quantum+100))
	conn.(*net.TCPConn).CloseWrite()
	// It answers, to nobody in real life, when it has seen the end.
	if resp, err := http.ReadResponse(bufio.NewReader(conn), nil); err == nil {
		resp.Body.Close()
	}
	conn.Close()
	if got := send(t, uri, "bytes */*", ""); got.Status != 308 ||
		got.Header.Get("Range") != fmt.Sprintf("bytes=0-%d", 2*quantum-1) {
		t.Errorf("query: %d %q", got.Status, got.Header.Get("Range"))
	}
}

func TestXMLSession(t *testing.T) {
	s := gcsfake.Start(t, gcsfake.Options{Buckets: []string{"bucket"}})
	start := call{method: "POST", path: "/bucket/a/b%20c",
		header: map[string]string{"X-Goog-Resumable": "start", "X-Goog-Meta-K": "v",
			"Content-Type": "text/x", "X-Goog-If-Generation-Match": "0"}}
	a := start.do(t, s.URL)
	if a.Status != http.StatusCreated {
		t.Fatalf("start: %d %s", a.Status, a.Body)
	}
	if got := send(t, a.Header.Get("Location"), "bytes 0-4/5", "hello"); got.Status != 200 ||
		got.Header.Get("X-Goog-Generation") == "" || got.Body != "" {
		t.Errorf("end: %d %v %s", got.Status, got.Header, got.Body)
	}
	if got := (call{method: "HEAD", path: "/bucket/a/b%20c"}).do(t,
		s.URL); got.Header.Get("X-Goog-Meta-K") != "v" ||
		got.Header.Get("Content-Type") != "text/x" {
		t.Errorf("head: %v", got.Header)
	}
	again := start.do(t, s.URL)
	if got := send(t, again.Header.Get("Location"), "bytes 0-4/5", "hello"); got.Status != 412 ||
		got.reason() != "PreconditionFailed" {
		t.Errorf("end of a second one: %d %s, want 412", got.Status, got.Body)
	}
}

// A session that is cancelled while its last request is under way does not end in an object.
func TestSessionCancelledWhileSending(t *testing.T) {
	s := gcsfake.Start(t, gcsfake.Options{Buckets: []string{"bucket"}})
	uri := begin(t, s, "name=k", "", nil)
	conn, err := net.Dial("tcp", strings.TrimPrefix(s.URL, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	r := bufio.NewReader(conn)
	fmt.Fprintf(conn,
		"PUT %s HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n",
		strings.TrimPrefix(uri, s.URL))
	// it has the session, and asks for the data
	if line, err := r.ReadString('\n'); err != nil || !strings.Contains(line, "100") {
		t.Fatalf("%q, %v", line, err)
	}
	r.ReadString('\n')
	if got := (call{method: "DELETE", path: uri}).do(t, ""); got.Status != 499 {
		t.Fatalf("cancel: %d, want 499", got.Status)
	}
	io.WriteString(conn, "hello")
	resp, err := http.ReadResponse(r, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != 404 || exists(t, s, "k") {
		t.Errorf("the last request: %d, the object is there: %v; want 404 and no object",
			resp.StatusCode, exists(t, s, "k"))
	}
}

// What the start of a session says about the length holds at its end, and its URI is for its own
// object only.
func TestXMLSessionLimits(t *testing.T) {
	s := gcsfake.Start(t, gcsfake.Options{Buckets: []string{"bucket"}})
	start := call{method: "POST", path: "/bucket/k",
		header: map[string]string{"X-Goog-Resumable": "start",
			"X-Goog-Content-Length-Range": "2,4"}}
	for data, code := range map[string]string{"1": "EntityTooSmall", "12345": "EntityTooLarge",
		"1234": ""} {
		uri := start.do(t, s.URL).Header.Get("Location")
		for _, other := range []string{strings.Replace(uri, "/k?", "/other?", 1),
			strings.Replace(uri, "/bucket/k", "/upload/storage/v1/b/bucket/o", 1)} {
			if got := send(t, other, "", data); got.Status != 404 {
				t.Errorf("%s: %d %s, want 404", other, got.Status, got.Body)
			}
		}
		if got := send(t, uri, "", data); got.reason() != code ||
			(got.Status == 200) != (code == "") {
			t.Errorf("%d bytes: %d %s, want %q", len(data), got.Status, got.Body, code)
		}
	}
	start.header["X-Goog-Content-Length-Range"] = "5"
	if got := start.do(t, s.URL); got.Status != 400 {
		t.Errorf("a range without an end: %d, want 400", got.Status)
	}
}
