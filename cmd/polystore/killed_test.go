//go:build unix

package main

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/polystore/storage/internal/gcsfake"
)

// partGate is a service that begins uploads and, while it is open, takes some parts. Others wait in
// front of it until their client has gone.
type partGate struct {
	*httptest.Server
	begun, parts, left atomic.Int64
}

func newPartGate(t *testing.T, service string, open int64) *partGate {
	t.Helper()
	target, err := url.Parse(service)
	if err != nil {
		t.Fatal(err)
	}
	g := new(partGate)
	g.left.Store(open)
	pass := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(target) }}
	g.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		q := r.URL.Query()
		switch {
		case r.Method == http.MethodPost && q.Has("uploads"):
			g.begun.Add(1)
		case r.Method == http.MethodPut && q.Has("partNumber"):
			if g.left.Add(-1) < 0 {
				io.Copy(io.Discard, r.Body) // or nobody hears that the client has gone
				<-r.Context().Done()
				return
			}
			g.parts.Add(1)
		}
		pass.ServeHTTP(w, r)
	}))
	t.Cleanup(g.Close)
	t.Cleanup(http.DefaultTransport.(*http.Transport).CloseIdleConnections)
	return g
}

// kept is how many parts the states of the command say that the service has.
func kept(t *testing.T) int {
	t.Helper()
	states, err := filepath.Glob(filepath.Join(os.Getenv("XDG_CACHE_HOME"), "polystore", "*",
		"*.json"))
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, name := range states {
		var s struct{ Parts []json.RawMessage }
		// It is replaced by a rename, and may be gone.
		if text, err := os.ReadFile(name); err == nil && json.Unmarshal(text, &s) == nil {
			n += len(s.Parts)
		}
	}
	return n
}

// A large upload whose process is killed is gone on with by the same command: the same upload, and
// the parts that the service lacks.
func TestKilledUpload(t *testing.T) {
	const size, parts, sent = large + 1<<20, 13, 4 // parts of 5 MiB
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	fake := gcsfake.Start(t, gcsfake.Options{Buckets: []string{"bucket"}})
	gate := newPartGate(t, fake.URL, sent)
	source := filepath.Join(t.TempDir(), "source")
	if err := os.WriteFile(source, make([]byte, size), 0o600); err != nil {
		t.Fatal(err)
	}
	object := "gs://bucket/key?anonymous=true&endpoint=" + url.QueryEscape(gate.URL)
	upload := exec.CommandContext(limited(t), "polystore", "put", source, object)
	if err := upload.Start(); err != nil {
		t.Fatal(err)
	}
	for end := time.Now().Add(time.Minute); kept(t) < sent; time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%d parts are kept, want %d", kept(t), sent)
		}
	}
	upload.Process.Kill()
	upload.Wait()
	before := gate.parts.Load()
	gate.left.Store(parts)
	again := exec.CommandContext(limited(t), "polystore", "put", source, object)
	if out, err := again.CombinedOutput(); err != nil || len(out) > 0 {
		t.Fatalf("the same command: %v\n%s", err, out)
	}
	if all := gate.parts.Load(); gate.begun.Load() != 1 || before != sent || all != parts {
		t.Errorf("%d uploads, %d parts and then %d; want 1, %d and %d", gate.begun.Load(), before,
			all-before, sent, parts-sent)
	}
	got, err := exec.CommandContext(limited(t), "polystore", "get", object, "-").Output()
	if err != nil || len(got) != size {
		t.Errorf("the object has %d bytes, %v; want %d", len(got), err, size)
	}
	if n := kept(t); n > 0 {
		t.Errorf("%d parts are kept in a state", n)
	}
}
