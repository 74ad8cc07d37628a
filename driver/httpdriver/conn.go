package httpdriver

import (
	"context"
	"errors"
	"io"
	"net"
	"sync"
	"syscall"
	"time"
)

// conn is a connection whose writes, when the other side has cut it, fail only after what came
// before the cut was read. A service that refuses a request at its headers says so and hangs up
// while the body is still going up; net/http, told of a failed write, would not look at the answer.
type conn struct {
	*net.TCPConn
	closed  chan struct{}
	closing sync.Once
}

// lastWords is how long the answer is waited for. It is there already, and where there is none, the
// read fails at once and closes the connection.
const lastWords = time.Second

// listening makes the connections of dial listen to the last words of the other side.
func listening(
	dial func(ctx context.Context, network, address string) (net.Conn, error),
) func(ctx context.Context, network, address string) (net.Conn, error) {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		c, err := dial(ctx, network, address)
		if tcp, ok := c.(*net.TCPConn); ok && err == nil {
			return &conn{TCPConn: tcp, closed: make(chan struct{})}, nil
		}
		return c, err
	}
}

func (c *conn) Write(p []byte) (int, error) {
	n, err := c.TCPConn.Write(p)
	c.listen(err)
	return n, err
}

// ReadFrom keeps the way that spares copies.
func (c *conn) ReadFrom(r io.Reader) (int64, error) {
	n, err := c.TCPConn.ReadFrom(r)
	c.listen(err)
	return n, err
}

func (c *conn) listen(err error) {
	if !errors.Is(err, syscall.EPIPE) && !errors.Is(err, syscall.ECONNRESET) {
		return
	}
	wait := time.NewTimer(lastWords)
	defer wait.Stop()
	select {
	case <-c.closed:
	case <-wait.C:
	}
}

func (c *conn) Close() error {
	c.closing.Do(func() { close(c.closed) })
	return c.TCPConn.Close()
}
