package httpdriver

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"sync"
	"syscall"
	"time"
)

// conn is a connection whose writes, when the other side has cut it, fail only after what came
// before the cut was read. A service that refuses a request at its headers says so and hangs up
// while the body is still going up; net/http, told of a failed write, would not look at the answer.
//
// It ends where something comes that nobody asked for. The next request could take that for its
// answer, and net/http would print it.
type conn struct {
	*net.TCPConn
	closed  chan struct{}
	closing sync.Once

	mu      sync.Mutex
	trip    *trip     // the request that has the connection; nil: none
	idle    bool      // a request gave it back, and nothing was written since
	written int64     // for the request
	last    time.Time // when
}

// bind gives the connection to the request of t, which is told of its bytes.
func (c *conn) bind(t *trip) {
	c.mu.Lock()
	c.trip, c.idle, c.written, c.last = t, false, 0, time.Time{}
	c.mu.Unlock()
}

// unbind takes it back, unless another request has it already.
func (c *conn) unbind(t *trip) {
	c.mu.Lock()
	if c.trip == t {
		c.trip, c.idle = nil, true
	}
	c.mu.Unlock()
}

// moved tells of n bytes.
func (c *conn) moved(n int64, written bool) {
	if n <= 0 {
		return
	}
	c.mu.Lock()
	t := c.trip
	if written {
		c.written += n
		c.last = time.Now()
	}
	c.mu.Unlock()
	if t != nil {
		t.moved()
	}
}

// use says that something is asked on the connection, also by a request that is no trip.
func (c *conn) use() {
	c.mu.Lock()
	c.idle = false
	c.mu.Unlock()
}

// unasked reports whether what comes now is an answer to nothing.
func (c *conn) unasked() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.idle
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
	if n > 0 && c.unasked() {
		return 0, io.EOF
	}
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
	c.use()
	n, err := c.TCPConn.Write(p)
	c.moved(int64(n), true)
	c.listen(err)
	return n, err
}

// ReadFrom keeps the way that spares copies. On any other, net.TCPConn would make a buffer for each
// body.
func (c *conn) ReadFrom(r io.Reader) (int64, error) {
	if !sparesCopies(r) {
		p, _ := bodyBuffers.Get().(*[]byte)
		if p == nil {
			p = new([]byte)
			*p = make([]byte, 32<<10)
		}
		defer bodyBuffers.Put(p)
		return io.CopyBuffer(struct{ io.Writer }{c}, r, *p)
	}
	c.use()
	n, err := c.TCPConn.ReadFrom(r)
	c.moved(n, true)
	c.listen(err)
	return n, err
}

// sparesCopies reports whether the system can move the bytes of r to a connection by itself.
func sparesCopies(r io.Reader) bool {
	if limited, ok := r.(*io.LimitedReader); ok {
		r = limited.R
	}
	switch r.(type) {
	case *os.File, *net.TCPConn, *net.UnixConn:
		return true
	}
	return false
}

var bodyBuffers sync.Pool // of *[]byte

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
