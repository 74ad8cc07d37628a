package httpdriver

import (
	"context"
	"errors"
	"io"
	"net"
	"sync"
	"syscall"
	"time"

	"github.com/polystore/storage"
)

// conn is a connection whose writes, when the other side has cut it, fail only after what came
// before the cut was read. A service that refuses a request at its headers says so and hangs up
// while the body is still going up; net/http, told of a failed write, would not look at the answer.
type conn struct {
	*net.TCPConn
	closed  chan struct{}
	closing sync.Once

	mu      sync.Mutex
	ctx     context.Context // of the request that has the connection; nil: none
	written int64           // for it
	last    time.Time       // when
}

// bind gives the connection to the request of ctx, which is told of its bytes.
func (c *conn) bind(ctx context.Context) {
	c.mu.Lock()
	c.ctx, c.written, c.last = ctx, 0, time.Time{}
	c.mu.Unlock()
}

// unbind takes it back, unless another request has it already.
func (c *conn) unbind(ctx context.Context) {
	c.mu.Lock()
	if c.ctx == ctx {
		c.ctx = nil
	}
	c.mu.Unlock()
}

// moved tells of n bytes.
func (c *conn) moved(n int64, written bool) {
	if n <= 0 {
		return
	}
	c.mu.Lock()
	ctx := c.ctx
	if written {
		c.written += n
		c.last = time.Now()
	}
	c.mu.Unlock()
	if ctx != nil {
		storage.Moved(ctx)
	}
}

// mayDrain reports whether the system may still hold bytes that were written.
func (c *conn) mayDrain(now time.Time) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	held := min(c.written, maxHeld)
	return now.Sub(c.last) < time.Duration(held)*time.Second/slowest
}

func (c *conn) Read(p []byte) (int, error) {
	n, err := c.TCPConn.Read(p)
	c.moved(int64(n), false)
	return n, err
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
	c.moved(int64(n), true)
	c.listen(err)
	return n, err
}

// ReadFrom keeps the way that spares copies.
func (c *conn) ReadFrom(r io.Reader) (int64, error) {
	n, err := c.TCPConn.ReadFrom(r)
	c.moved(n, true)
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
