// Package stub is a service in the test's own process that answers as the test says: what no server
// that can be installed does, connections that break at a chosen byte, headers seen exactly as
// sent.
package stub

import (
	"crypto/tls"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync"
	"testing"
)

// Server is a server that remembers what it was asked.
type Server struct {
	*httptest.Server
	mu       sync.Mutex
	requests []*Request
}

// Request is a request that arrived, whole.
type Request struct {
	*http.Request
	Body []byte
}

// Answer answers a request whose body has been read.
type Answer func(w http.ResponseWriter, r *Request)

// New starts a server that ends with the test.
func New(tb testing.TB, answer Answer) *Server {
	return start(tb, (*httptest.Server).Start, answer)
}

// NewTLS is New over TLS. Clients that do not trust it get no line in the log.
func NewTLS(tb testing.TB, answer Answer) *Server {
	return start(tb, (*httptest.Server).StartTLS, answer)
}

// NewTLSAs is NewTLS with a certificate of the test's own.
func NewTLSAs(tb testing.TB, certificate tls.Certificate, answer Answer) *Server {
	return start(tb, func(s *httptest.Server) {
		s.TLS = &tls.Config{Certificates: []tls.Certificate{certificate}}
		s.StartTLS()
	}, answer)
}

func start(tb testing.TB, start func(*httptest.Server), answer Answer) *Server {
	s := new(Server)
	handle := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body) // what did arrive of it
		req := &Request{r, body}
		s.mu.Lock()
		s.requests = append(s.requests, req)
		s.mu.Unlock()
		answer(w, req)
	})
	s.Server = httptest.NewUnstartedServer(handle)
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	start(s.Server)
	tb.Cleanup(s.Close)
	tb.Cleanup(s.Client().CloseIdleConnections)
	return s
}

// Seen returns the requests so far, and forgets them.
func (s *Server) Seen() []*Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.requests
	s.requests = nil
	return r
}

// One is Seen of exactly one request.
func (s *Server) One(tb testing.TB) *Request {
	tb.Helper()
	r := s.Seen()
	if len(r) != 1 {
		tb.Fatalf("%d requests, want 1", len(r))
	}
	return r[0]
}

// Reset breaks the connection as a dying server does.
func Reset(w http.ResponseWriter) {
	conn, _, err := w.(http.Hijacker).Hijack()
	if err != nil {
		return
	}
	if c, ok := conn.(*net.TCPConn); ok {
		c.SetLinger(0)
	}
	conn.Close()
}

// Everywhere is a transport to a Server whatever the host of a request, of which it notes the last.
type Everywhere struct {
	Server *Server
	mu     sync.Mutex
	last   string
}

// RoundTrip sends r to the Server.
func (e *Everywhere) RoundTrip(r *http.Request) (*http.Response, error) {
	e.mu.Lock()
	e.last = r.URL.Scheme + "://" + r.URL.Host
	e.mu.Unlock()
	u, err := url.Parse(e.Server.URL)
	if err != nil {
		return nil, err
	}
	r = r.Clone(r.Context())
	r.URL.Scheme, r.URL.Host = u.Scheme, u.Host
	return e.Server.Client().Transport.RoundTrip(r)
}

// Last is the scheme and host of the last request.
func (e *Everywhere) Last() string {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.last
}
