// Package bubble has a network in memory for tests in a bubble of testing/synctest. A wait for a
// connection of the system keeps the clock of a bubble from moving on; a wait for one of these does
// not. So what takes time over HTTP is held to the instant.
package bubble

import (
	"context"
	"io"
	"log"
	"net"
	"net/http"
	"sync"
	"testing"

	"github.com/polystore/storage/driver/httpdriver"
)

// Serve serves h until the test ends, which is that of the bubble, and with it the contexts of its
// requests. It returns a transport that reaches h whatever the scheme and the host, over
// connections that hold no bytes: a write takes as long as the other side takes to read.
func Serve(t *testing.T, h http.Handler) *http.Transport {
	l := &listener{conns: make(chan net.Conn), closed: make(chan struct{})}
	var open sync.WaitGroup // connections
	server := &http.Server{
		Handler: h, ErrorLog: log.New(io.Discard, "", 0),
		BaseContext: func(net.Listener) context.Context { return t.Context() },
		ConnState: func(_ net.Conn, s http.ConnState) {
			switch s {
			case http.StateNew:
				open.Add(1)
			case http.StateHijacked, http.StateClosed:
				open.Done()
			}
		},
	}
	go server.Serve(l) // until Close
	transport := httpdriver.NewTransport(nil)
	transport.Proxy, transport.DialContext, transport.DialTLSContext = nil, l.dial, l.dial
	t.Cleanup(func() {
		transport.CloseIdleConnections()
		server.Close()
		open.Wait() // in a bubble the clock stands still once its test has ended
	})
	return transport
}

// listener is where connections come from that are dialled.
type listener struct {
	conns  chan net.Conn
	closed chan struct{}
	once   sync.Once
}

func (l *listener) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	ours, theirs := net.Pipe()
	var err error
	select {
	case l.conns <- theirs:
		return ours, nil
	case <-l.closed:
		err = net.ErrClosed
	case <-ctx.Done():
		err = ctx.Err()
	}
	ours.Close()
	theirs.Close()
	return nil, err
}

// Accept implements [net.Listener].
func (l *listener) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

// Close implements [net.Listener].
func (l *listener) Close() error {
	l.once.Do(func() { close(l.closed) })
	return nil
}

// Addr implements [net.Listener].
func (l *listener) Addr() net.Addr { return addr{} }

type addr struct{}

func (addr) Network() string { return "memory" }
func (addr) String() string  { return "memory" }
