package httpdriver

import (
	"bytes"
	"crypto/tls"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"testing"
	"time"

	"github.com/polystore/storage/internal/stub"
)

// A refusal whose connection is cut behind it, while the body is still going up, is that refusal.
func TestEarlyRefusal(t *testing.T) {
	const answer = "HTTP/1.1 403 Forbidden\r\nConnection: close\r\nContent-Length: 6\r\n\r\nreason"
	server := stub.NewRefuser(t, answer)
	client := &http.Client{Transport: NewTransport(nil)}
	defer client.CloseIdleConnections()
	for i := range 50 {
		body := bytes.NewReader(make([]byte, 8<<20))
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPut, server.URL,
			struct{ io.Reader }{body})
		if err != nil {
			t.Fatal(err)
		}
		req.ContentLength = 8 << 20
		resp, err := client.Do(req)
		if err != nil {
			t.Fatalf("request %d: %v", i, err)
		}
		text, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		if resp.StatusCode != http.StatusForbidden || string(text) != "reason" || err != nil {
			t.Fatalf("request %d: %d %q, %v", i, resp.StatusCode, text, err)
		}
	}
}

// A cut without an answer is noticed at once, over TLS, too.
func TestCutWithoutAnswer(t *testing.T) {
	hangUp := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { stub.Reset(w) })
	plain, secure := httptest.NewServer(hangUp), httptest.NewTLSServer(hangUp)
	defer plain.Close()
	defer secure.Close()
	trusted := secure.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs
	transport := NewTransport(&tls.Config{RootCAs: trusted})
	client := &http.Client{Transport: transport}
	defer client.CloseIdleConnections()
	for _, url := range []string{plain.URL, secure.URL} {
		start := time.Now()
		resp, err := client.Post(url, "", struct{ io.Reader }{io.LimitReader(zeros{}, 64<<20)})
		if err == nil {
			resp.Body.Close()
			t.Errorf("%s: an answer of nobody", url)
		}
		if d := time.Since(start); d > 10*time.Second {
			t.Errorf("%s: it took %v", url, d)
		}
	}
}

// An answer to nothing is not printed, as net/http would, and no later request takes it for its
// own.
func TestUnaskedAnswer(t *testing.T) {
	answered, more := make(chan bool), make(chan bool)
	twice := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		defer c.Close()
		io.WriteString(c, "HTTP/1.1 204 No Content\r\nFor: "+r.URL.Path+"\r\n\r\n")
		if r.URL.Path == "/second" {
			return
		}
		<-more
		io.WriteString(c, "HTTP/1.1 204 No Content\r\nFor: nobody\r\n\r\n")
		io.Copy(io.Discard, c) // until the client hangs up
		close(answered)
	})
	var printed bytes.Buffer
	log.SetOutput(&printed)
	defer log.SetOutput(os.Stderr)
	plain, secure := httptest.NewServer(twice), httptest.NewTLSServer(twice)
	defer plain.Close()
	defer secure.Close()
	trusted := secure.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs
	transport := NewTransport(&tls.Config{RootCAs: trusted})
	defer transport.CloseIdleConnections()
	client := NewClient(&http.Client{Transport: transport}, nil)
	for _, url := range []string{plain.URL, secure.URL} {
		answered, more = make(chan bool), make(chan bool)
		for _, path := range []string{"/first", "/second"} {
			req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url+path, nil)
			if err != nil {
				t.Fatal(err)
			}
			resp, err := client.Do(req)
			if err != nil {
				t.Fatalf("%s%s: %v", url, path, err)
			}
			resp.Body.Close()
			if got := resp.Header.Get("For"); got != path {
				t.Errorf("%s%s: the answer is for %s", url, path, got)
			}
			if path == "/first" {
				close(more)
				<-answered
			}
		}
	}
	log.SetOutput(io.Discard) // and nobody writes to it any more
	if printed.Len() > 0 {
		t.Errorf("printed: %s", &printed)
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }
