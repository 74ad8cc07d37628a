package httpdriver

import (
	"bytes"
	"crypto/tls"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"runtime"
	"testing"
	"time"

	"github.com/polystore/storage/internal/calmclock"
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
	clock := calmclock.Start()
	defer clock.Close()
	for _, url := range []string{plain.URL, secure.URL} {
		start := clock.Now()
		resp, err := client.Post(url, "", struct{ io.Reader }{io.LimitReader(zeros{}, 64<<20)})
		if err == nil {
			resp.Body.Close()
			t.Errorf("%s: an answer of nobody", url)
		}
		if d := clock.Now() - start; d > 10*time.Second {
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

// A body takes no buffer of its own on its way into a connection.
func TestBodyBuffers(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	got := make(chan int64)
	go func() {
		there, err := l.Accept()
		if err != nil {
			close(got)
			return
		}
		defer there.Close()
		n, _ := io.Copy(io.Discard, there)
		got <- n
	}()
	dial := listening(new(net.Dialer).DialContext)
	c, err := dial(t.Context(), "tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	const bodies, size = 100, 64 << 10
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for range bodies {
		n, err := c.(io.ReaderFrom).ReadFrom(io.LimitReader(zeros{}, size))
		if n != size || err != nil {
			t.Fatal(n, err)
		}
	}
	runtime.ReadMemStats(&after)
	c.Close()
	if n := <-got; n != bodies*size {
		t.Errorf("%d bytes arrived, want %d", n, bodies*size)
	}
	// With the race detector a sync.Pool forgets a quarter.
	if made := after.TotalAlloc - before.TotalAlloc; made > bodies*(16<<10) {
		t.Errorf("%d bodies made %d bytes of buffers", bodies, made)
	}
}
