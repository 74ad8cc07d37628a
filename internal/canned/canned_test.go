package canned

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// Every form of a body is read, so that the next request is found behind it.
func TestServe(t *testing.T) {
	url := Serve(t, func(line []byte) []byte {
		return Response("200 OK", "ETag: \"e\"\r\n", string(line))
	})
	transport := new(http.Transport)
	client := &http.Client{Transport: transport}
	defer transport.CloseIdleConnections()
	long := strings.Repeat("0123456789\r\n", 10_000)
	for _, body := range []io.Reader{
		nil, strings.NewReader("content"), strings.NewReader(long),
		struct{ io.Reader }{strings.NewReader("chunks")},
		struct{ io.Reader }{strings.NewReader(long)},
		struct{ io.Reader }{strings.NewReader("")},
	} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPut, url+"/path", body)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := client.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		const want = "PUT /path HTTP/1.1\r\n"
		if err != nil || string(got) != want || resp.Header.Get("ETag") != `"e"` {
			t.Errorf("the answer is %q, %v, %v", got, resp.Header, err)
		}
	}
}
