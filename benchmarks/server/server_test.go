package server

import (
	"bytes"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/polystore/storage/benchmarks/pattern"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// do sends a request to s, and returns the response and its body.
func do(s *Server, method, path, body string, header ...string) (*http.Response, string) {
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	return w.Result(), w.Body.String()
}

func TestCombine(t *testing.T) {
	data := []byte(strings.Repeat("something to sum ", 1000))
	want := crc32.Checksum(data, castagnoli)
	for _, n := range []int{0, 1, 7, 8192, len(data)} {
		first := crc32.Checksum(data[:n], castagnoli)
		second := crc32.Checksum(data[n:], castagnoli)
		if got := combine(castagnoliPoly, first, second, int64(len(data)-n)); got != want {
			t.Errorf("combined at %d: %x, want %x", n, got, want)
		}
	}
}

func TestMake(t *testing.T) {
	s := New(t.TempDir())
	const size = 10 << 20
	if err := s.Make("key", size); err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := pattern.Write(&b, size); err != nil {
		t.Fatal(err)
	}
	resp, got := do(s, "GET", "/bucket/key", "")
	if resp.StatusCode != 200 || got != b.String() {
		t.Errorf("%s, and %d bytes that are the pattern: %t",
			resp.Status, len(got), got == b.String())
	}
	resp, got = do(s, "GET", "/bucket/key", "", "Range", "bytes=5-9")
	if resp.StatusCode != 206 || got != b.String()[5:10] {
		t.Errorf("a range: %s, %q", resp.Status, got)
	}
	if h := resp.Header.Get("Content-Range"); h != fmt.Sprintf("bytes 5-9/%d", size) {
		t.Errorf("Content-Range %q", h)
	}
	resp, got = do(s, "GET", "/bucket/key?partNumber=2", "")
	if got != b.String()[PartSize:] || resp.Header.Get("X-Amz-Mp-Parts-Count") != "2" {
		t.Errorf("part 2: %d bytes, %v", len(got), resp.Header)
	}
	if resp, _ = do(s, "GET", "/bucket/none", ""); resp.StatusCode != 404 {
		t.Errorf("a missing object: %s", resp.Status)
	}
}

func TestUpload(t *testing.T) {
	s := New(t.TempDir())
	_, body := do(s, "POST", "/bucket/key?uploads=", "")
	_, id, _ := strings.Cut(body, "<UploadId>")
	id, _, _ = strings.Cut(id, "<")
	var all bytes.Buffer
	if err := pattern.Write(&all, 12<<20); err != nil {
		t.Fatal(err)
	}
	list := "<CompleteMultipartUpload>"
	for n, part := range []string{all.String()[:6<<20], all.String()[6<<20:]} {
		resp, _ := do(s, "PUT", fmt.Sprintf("/bucket/key?partNumber=%d&uploadId=%s", n+1, id), part)
		list += fmt.Sprintf("<Part><PartNumber>%d</PartNumber><ETag>%s</ETag></Part>",
			n+1, resp.Header.Get("Etag"))
	}
	list += "</CompleteMultipartUpload>"
	if resp, body := do(s, "POST", "/bucket/key?uploadId="+id, list); resp.StatusCode != 200 {
		t.Fatalf("%s: %s", resp.Status, body)
	}
	size, crc, ok := s.Object("key")
	if !ok || size != 12<<20 || crc != pattern.CRC(size) {
		t.Errorf("Object = %d bytes, %x, %t", size, crc, ok)
	}
	if resp, _ := do(s, "POST", "/bucket/key?uploadId="+id, list); resp.StatusCode != 404 {
		t.Errorf("a second Complete: %s", resp.Status)
	}
}

func TestChunks(t *testing.T) {
	const coded = "5;chunk-signature=00\r\nhello\r\n6\r\n world\r\n0\r\n" +
		"x-amz-checksum-crc32:AAAAAA==\r\n\r\n"
	s := New(t.TempDir())
	resp, _ := do(s, "PUT", "/bucket/key", coded, "X-Amz-Content-Sha256",
		"STREAMING-UNSIGNED-PAYLOAD-TRAILER", "X-Amz-Decoded-Content-Length", "11")
	if _, got := do(s, "GET", "/bucket/key", ""); resp.StatusCode != 200 || got != "hello world" {
		t.Errorf("%s, then %q", resp.Status, got)
	}
	for sum, want := range map[string]int{"yZRlqg==": 200, "AAAAAA==": 400} {
		resp, _ := do(s, "PUT", "/bucket/key", "b\r\nhello world\r\n0\r\n"+
			"x-amz-checksum-crc32c:"+sum+"\r\n\r\n", "X-Amz-Content-Sha256",
			"STREAMING-UNSIGNED-PAYLOAD-TRAILER", "X-Amz-Decoded-Content-Length", "11")
		got := resp.Header.Get("X-Amz-Checksum-Crc32c")
		if resp.StatusCode != want || want == 200 && got != sum {
			t.Errorf("a trailer of %s: %s, answered with %q", sum, resp.Status, got)
		}
	}
	for _, text := range []string{"", "x\r\n", "5\r\nhel", "5\r\nhello6\r\n"} {
		if _, err := io.ReadAll(newChunks(strings.NewReader(text))); err == nil {
			t.Errorf("%q is no error", text)
		}
	}
	if _, err := io.ReadAll(newChunks(strings.NewReader("5\r\nhello"))); !errors.Is(err, errChunk) {
		t.Errorf("without an end: %v, want %v", err, errChunk)
	}
}

func TestList(t *testing.T) {
	s := New(t.TempDir())
	var keys []string
	for i := range 2500 {
		keys = append(keys, fmt.Sprintf("dir/%04d", i))
	}
	s.KeepAll("dir/", keys, 4)
	n, pages, token := 0, 0, ""
	for pages < 10 {
		_, body := do(s, "GET", "/bucket?list-type=2&prefix=dir/&continuation-token="+token, "")
		n += strings.Count(body, "<Contents>")
		pages++
		_, rest, more := strings.Cut(body, "<NextContinuationToken>")
		if !more {
			break
		}
		token, _, _ = strings.Cut(rest, "<")
	}
	if n != len(keys) || pages != 3 {
		t.Errorf("%d keys in %d pages, want %d in 3", n, pages, len(keys))
	}
	_, body := do(s, "GET", "/bucket?list-type=2&delimiter=/", "")
	if strings.Count(body, "<CommonPrefixes>") != 1 || strings.Contains(body, "<Contents>") {
		t.Errorf("with a delimiter: %s", body)
	}
}

func TestFaults(t *testing.T) {
	s := New(t.TempDir())
	s.Fail(Faults{Refuse: 1})
	resp, body := do(s, "GET", "/bucket/key", "")
	if resp.StatusCode != 503 || !strings.Contains(body, "SlowDown") {
		t.Errorf("%s: %s", resp.Status, body)
	}
	if st := s.Stats(); st != (Stats{Requests: 1, Refused: 1}) {
		t.Errorf("Stats() = %+v", st)
	}
}
