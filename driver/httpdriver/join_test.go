package httpdriver

import (
	"bytes"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/polystore/storage/driver"
)

// joining is a connection whose request is a write of body, and what comes at the other side, once
// the connection is closed.
func joining(t *testing.T, body string) (c *conn, p *driver.Payload, came func() string) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	near, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	far, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { near.Close(); far.Close() })
	read := make(chan string, 1)
	go func() {
		b, err := io.ReadAll(far)
		if err != nil {
			t.Error(err)
		}
		read <- string(b)
	}()
	if p, err = driver.NewPayload(strings.NewReader(body), int64(len(body))); err != nil {
		t.Fatal(err)
	}
	c = &conn{TCPConn: near.(*net.TCPConn), closed: make(chan struct{})}
	c.bind(&trip{ctx: t.Context(), attempt: &Attempt{Write: true, Body: p}})
	return c, p, func() string { c.Close(); return <-read }
}

// What is written before a small body waits for it, and everything comes in its order.
func TestJoin(t *testing.T) {
	large := strings.Repeat("large", smallBody)
	readFrom := func(c *conn, body io.Reader) (int64, error) { return c.ReadFrom(body) }
	for _, tt := range []struct {
		name, body string
		held       bool
		write      func(c *conn, body io.Reader) (int64, error)
		want       string
	}{
		{"ReadFrom", "body", true, readFrom, "body"},
		{"ReadFrom, byte by byte", "body", true, func(c *conn, body io.Reader) (int64, error) {
			return c.ReadFrom(iotest.OneByteReader(body))
		}, "body"},
		{"ReadFrom, with more around it", "body", true, func(c *conn, b io.Reader) (int64, error) {
			return c.ReadFrom(io.MultiReader(strings.NewReader(large), b))
		}, large + "body"},
		{"Write, as over TLS", "body", true, func(c *conn, body io.Reader) (int64, error) {
			return io.Copy(struct{ io.Writer }{c}, body)
		}, "body"},
		{"Write, byte by byte", "body", true, func(c *conn, body io.Reader) (int64, error) {
			return io.Copy(struct{ io.Writer }{c}, iotest.OneByteReader(body))
		}, "body"},
		{"none", "", false, readFrom, ""},
		{"large", large, false, readFrom, large},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c, p, came := joining(t, tt.body)
			if n, err := c.Write([]byte("header ")); n != len("header ") || err != nil {
				t.Fatal(n, err)
			}
			if held := len(c.held) > 0; held != tt.held || held == (c.written > 0) {
				t.Errorf("held %v, want %v; %d bytes were written", held, tt.held, c.written)
			}
			if n, err := tt.write(c, p); n != int64(len(tt.want)) || err != nil {
				t.Errorf("%d bytes were written of %d: %v", n, len(tt.want), err)
			}
			if len(c.held) > 0 {
				t.Errorf("%d bytes are held", len(c.held))
			}
			if got := came(); got != "header "+tt.want {
				t.Errorf("%d bytes came, want %d: %.50q", len(got), len("header "+tt.want), got)
			}
		})
	}
}

// A service that is asked about a body gets the header at once.
func TestJoinExpects(t *testing.T) {
	c, _, came := joining(t, "body")
	c.trip.expects = true
	if _, err := c.Write([]byte("header ")); err != nil {
		t.Fatal(err)
	}
	if got := came(); got != "header " {
		t.Errorf("%q was sent", got)
	}
}

// A request whose body fails is not sent, in no part.
func TestJoinFails(t *testing.T) {
	c, _, came := joining(t, "body")
	if _, err := c.Write([]byte("header ")); err != nil {
		t.Fatal(err)
	}
	broken := errors.New("broken")
	n, err := c.ReadFrom(io.MultiReader(bytes.NewReader([]byte("bo")), iotest.ErrReader(broken)))
	if n != 2 || err != broken {
		t.Error(n, err)
	}
	if got := came(); got != "" {
		t.Errorf("%q was sent", got)
	}
}
