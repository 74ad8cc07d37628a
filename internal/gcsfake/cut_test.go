package gcsfake_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/polystore/storage/internal/gcsfake"
)

// A request whose body is cut does nothing, though all that it asks for has arrived.
func TestCutBodies(t *testing.T) {
	s := gcsfake.Start(t, gcsfake.Options{Buckets: []string{"bucket"}})
	put(t, s, "bucket", "source", "hello")
	id := initiate(t, s, "/bucket/k", nil)
	tag := sendPart(t, s, "/bucket/k", id, 1, "hello", nil).Header.Get("ETag")
	related := "--b\r\n\r\n{\"name\":\"k\"}\r\n--b\r\n\r\nhello\r\n--b--\r\n"
	for _, test := range []struct{ what, method, path, typ, body string }{
		{"insert", "POST", "/upload/storage/v1/b/bucket/o?uploadType=media&name=k", "", "hello"},
		{"multipart insert", "POST", "/upload/storage/v1/b/bucket/o?uploadType=multipart",
			"multipart/related; boundary=b", related},
		{"XML put", "PUT", "/bucket/k", "", "hello"},
		{"completion", "POST", "/bucket/k?uploadId=" + id, "",
			"<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>" + tag +
				"</ETag></Part></CompleteMultipartUpload>"},
		{"compose", "POST", "/storage/v1/b/bucket/o/k/compose", "application/json",
			`{"sourceObjects":[{"name":"source"}]}`},
		{"rewrite", "POST", "/storage/v1/b/bucket/o/source/rewriteTo/b/bucket/o/k",
			"application/json", `{}`},
		{"deletes", "POST", "/bucket?delete", "",
			"<Delete><Object><Key>source</Key></Object></Delete>"},
	} {
		if status := sendCut(t, s, test.method, test.path, test.typ, test.body); status != 400 {
			t.Errorf("%s: %d, want 400", test.what, status)
		}
		if exists(t, s, "k") || !exists(t, s, "source") {
			t.Errorf("%s: k is there: %v; source: %v; want the source alone", test.what,
				exists(t, s, "k"), exists(t, s, "source"))
		}
	}
}

// sendCut sends body as one chunk, and ends the connection instead of the body.
func sendCut(t *testing.T, s *gcsfake.Server, method, path, typ, body string) int {
	t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(s.URL, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprintf(conn, "%s %s HTTP/1.1\r\nHost: x\r\nContent-Type: %s\r\n"+
		"Transfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n", method, path, typ, len(body), body)
	if err := conn.(*net.TCPConn).CloseWrite(); err != nil {
		t.Fatal(err)
	}
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatalf("%s %s: %v", method, path, err)
	}
	defer resp.Body.Close()
	io.Copy(io.Discard, resp.Body)
	return resp.StatusCode
}
