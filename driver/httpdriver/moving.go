package httpdriver

import (
	"context"
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/polystore/storage"
)

// Where the system does not tell what it holds, it is taken for at most maxHeld bytes, which the
// other side takes at slowest bytes a second.
const (
	maxHeld = 4 << 20
	slowest = 64 << 10
)

// trip is a request on its way. It tells the Bucket of every byte of the request and of its answer
// ([storage.Moved]), and of those that the system still holds, and the attempt how far it came.
type trip struct {
	httptrace.ClientTrace
	ctx     context.Context
	attempt *Attempt // nil: not one of a write
	before  bool     // the attempt may have been sent before
	asked   atomic.Bool
	bound   *conn
}

// travel returns req with a trip of its own under ctx. a can be nil.
func travel(ctx context.Context, req *http.Request, a *Attempt) *http.Request {
	t := &trip{ctx: ctx}
	if a != nil {
		t.before = a.leaves(t.ctx)
		if a.Write { // a read is never in doubt
			t.attempt = a
			t.GetConn = t.getConn
		}
	}
	t.GotConn = t.gotConn
	t.PutIdleConn = t.putIdleConn
	t.WroteHeaders = t.moved
	t.GotFirstResponseByte = t.WroteHeaders // the same: each of them costs an allocation
	return req.WithContext(httptrace.WithClientTrace(t.ctx, &t.ClientTrace))
}

// getConn is called by a transport that tells of its connections: there was none yet.
func (t *trip) getConn(string) {
	if !t.asked.Swap(true) {
		t.attempt.connected.Store(t.before)
	}
}

func (t *trip) gotConn(info httptrace.GotConnInfo) {
	if t.attempt != nil {
		t.attempt.connected.Store(true)
	}
	c := below(info.Conn)
	if c == nil {
		return // one for many requests
	}
	if own, ok := c.(*conn); ok {
		t.bound = own
		own.bind(t)
	}
	if _, ok := c.(syscall.Conn); ok {
		storage.Moving(t.ctx, (&drain{conn: c}).moved)
	}
}

func (t *trip) putIdleConn(error) {
	if t.bound != nil {
		t.bound.unbind(t)
	}
}

func (t *trip) moved() { moved(t.ctx) }

// below is the connection of the system that c uses; nil where c is shared by several requests.
func below(c net.Conn) net.Conn {
	for {
		if t, ok := c.(*tls.Conn); ok && t.ConnectionState().NegotiatedProtocol == "h2" {
			return nil
		}
		inner, ok := c.(interface{ NetConn() net.Conn })
		if !ok {
			return c
		}
		c = inner.NetConn()
	}
}

// drain is a connection of the system, which holds bytes that were written.
type drain struct {
	conn net.Conn
	held int // when it was last asked
}

// moved reports whether the other side took some of them.
func (d *drain) moved() bool {
	now, ok := unsent(d.conn.(syscall.Conn))
	if !ok {
		own, ok := d.conn.(*conn)
		return ok && own.mayDrain(time.Now())
	}
	took := now < d.held
	d.held = now
	return took
}

// movingBody is the body of an answer that tells of its bytes.
type movingBody struct {
	io.ReadCloser
	ctx context.Context
}

func (b *movingBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if n > 0 {
		moved(b.ctx)
	}
	return n, err
}
