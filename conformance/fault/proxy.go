package fault

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"syscall"
)

// Proxy is a server between a program and its service, for programs that take an address and no
// http.Client. What a [Transport] only tells of happens here on a connection: a lost answer is a
// reset, and a body that breaks is a connection that breaks. A NoHost and an Unsent are a
// connection that is closed before anything is read. The host that the program named is passed on,
// since signatures have it.
type Proxy struct {
	*Transport
	URL string // of the proxy: "http://127.0.0.1:1234"

	target *url.URL
	server http.Server
	ended  context.CancelFunc
	done   chan struct{}
}

// NewProxy starts a proxy on a free port of this machine in front of the service at target, a URL
// without a path. t has the script, and makes the requests to the service by its Base. Call Close
// when done.
func NewProxy(target string, t *Transport) (*Proxy, error) {
	to, err := url.Parse(target)
	switch {
	case err != nil:
		return nil, fmt.Errorf("fault: %w", err)
	case to.Host == "" || strings.Trim(to.Path, "/") != "":
		return nil, fmt.Errorf("fault: %q is not the URL of a server", target)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("fault: %w", err)
	}
	ctx, ended := context.WithCancel(context.Background())
	p := &Proxy{
		Transport: t, URL: "http://" + l.Addr().String(), target: to,
		ended: ended, done: make(chan struct{}),
	}
	p.server = http.Server{
		Handler:     http.HandlerFunc(p.serve),
		BaseContext: func(net.Listener) context.Context { return ctx },
		ConnContext: func(ctx context.Context, c net.Conn) context.Context {
			return context.WithValue(ctx, connKey{}, c)
		},
	}
	go func() {
		defer close(p.done)
		p.server.Serve(l)
	}()
	return p, nil
}

// Close ends all connections and waits for requests that are delivered late.
func (p *Proxy) Close() error {
	p.ended()
	err := p.server.Close()
	<-p.done
	p.Wait()
	return err
}

type connKey struct{}

// serve passes one request on, and gives what came of it.
func (p *Proxy) serve(w http.ResponseWriter, req *http.Request) {
	out := req.Clone(req.Context())
	out.URL.Scheme, out.URL.Host, out.RequestURI = p.target.Scheme, p.target.Host, ""
	resp, err := p.RoundTrip(out)
	if err != nil {
		reset(req, !errors.Is(err, ErrUnsent))
	}
	defer resp.Body.Close()
	maps.Copy(w.Header(), resp.Header)
	if resp.ContentLength >= 0 {
		w.Header().Set("Content-Length", strconv.FormatInt(resp.ContentLength, 10))
	}
	w.WriteHeader(resp.StatusCode)
	buf := make([]byte, 32<<10)
	for {
		n, err := resp.Body.Read(buf)
		if n > 0 {
			if _, err := w.Write(buf[:n]); err != nil {
				reset(req, false)
			}
			if err == nil {
				http.NewResponseController(w).Flush()
			}
		}
		switch {
		case errors.Is(err, syscall.ECONNRESET):
			reset(req, true)
		case err != nil && err != io.EOF:
			reset(req, false)
		case err != nil:
			return
		}
	}
}

// reset ends the connection of req, hard or by closing it. It does not return.
func reset(req *http.Request, hard bool) {
	if c, ok := req.Context().Value(connKey{}).(*net.TCPConn); ok && hard {
		c.SetLinger(0)
	}
	panic(http.ErrAbortHandler)
}
