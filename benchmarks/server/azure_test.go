package server

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/polystore/storage/benchmarks/pattern"
)

// A blob is what its block list says, in its order; blocks that it does not name are gone.
func TestBlocks(t *testing.T) {
	s := New(t.TempDir())
	const size = 3 << 20
	var all bytes.Buffer
	if err := pattern.Write(&all, size); err != nil {
		t.Fatal(err)
	}
	text, path := all.String(), "/azure/account/container/key"
	for id, block := range map[string]string{"b": text[:size/3], "a": text[size/3:], "c": "more"} {
		resp, _ := do(s, "PUT", path+"?comp=block&blockid="+id, block, "X-Ms-Content-Crc64", "sum")
		if resp.StatusCode != 201 || resp.Header.Get("X-Ms-Content-Crc64") != "sum" {
			t.Errorf("block %s: %s, %v", id, resp.Status, resp.Header)
		}
	}
	if _, _, ok := s.Object("key"); ok {
		t.Error("there is an object before its list")
	}
	const list = "<BlockList><Latest>b</Latest><Latest>a</Latest></BlockList>"
	resp, body := do(s, "PUT", path+"?comp=blocklist", list, "X-Ms-Meta-Sum", "noted")
	if resp.StatusCode != 201 {
		t.Fatalf("%s: %s", resp.Status, body)
	}
	if n, crc, ok := s.Object("key"); !ok || n != size || crc != pattern.CRC(size) {
		t.Errorf("Object = %d bytes, %x, %t", n, crc, ok)
	}
	for _, text := range []string{list, "<BlockList></BlockList>", ""} {
		if resp, _ := do(s, "PUT", path+"?comp=blocklist", text); resp.StatusCode != 400 {
			t.Errorf("the list %q after the blocks are gone: %s", text, resp.Status)
		}
	}
	if resp, _ := do(s, "GET", path, ""); resp.StatusCode != 500 {
		t.Errorf("an object whose bytes were dropped: %s", resp.Status)
	}

	etag := resp.Header.Get("Etag")
	if err := s.Fill("key"); err != nil {
		t.Fatal(err)
	}
	resp, body = do(s, "GET", path, "", "If-Match", etag, "X-Ms-Range", "bytes=7-1048580")
	if resp.StatusCode != 206 || body != text[7:1048581] ||
		resp.Header.Get("X-Ms-Meta-Sum") != "noted" || resp.Header.Get("Etag") != etag {
		t.Errorf("a range of the blob: %s, %d bytes, %v", resp.Status, len(body), resp.Header)
	}
	resp, _ = do(s, "GET", path, "", "If-Match", `"another"`)
	if resp.StatusCode != 412 {
		t.Errorf("another version: %s", resp.Status)
	}
	if err := s.Fill("key"); err == nil {
		t.Error("an object with bytes was filled")
	}
	do(s, "PUT", "/bucket/other", string(make([]byte, 2<<20)))
	if err := s.Fill("other"); err == nil {
		t.Error("an upload of other bytes was filled with the pattern")
	}
}

// A Tally counts what comes, and forgets what came before a Reset.
func TestTally(t *testing.T) {
	var tally Tally
	h := httptest.NewUnstartedServer(tally.Handler(http.NotFoundHandler()))
	h.Config.ConnState = tally.ConnState
	h.Start()
	defer h.Close()
	get := func(times int) {
		for range times {
			resp, err := h.Client().Get(h.URL)
			if err != nil {
				t.Fatal(err)
			}
			resp.Body.Close()
			h.Client().CloseIdleConnections()
		}
	}
	get(3)
	if got := tally.Stats(); got != (Stats{Requests: 3, Conns: 3}) {
		t.Errorf("Stats() = %+v after 3 requests, each by a connection of its own", got)
	}
	tally.Reset()
	get(1)
	if got := tally.Stats(); got != (Stats{Requests: 1, Conns: 1}) {
		t.Errorf("Stats() = %+v after a Reset and a request", got)
	}
}
