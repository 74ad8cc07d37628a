package stub

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"sync/atomic"
	"testing"
)

// Refuser is a server that answers a request at its headers and hangs up without reading the body.
type Refuser struct {
	URL      string
	Requests atomic.Int64
}

// NewRefuser starts a Refuser, which ends with the test, with the whole of its answer, head and
// body.
func NewRefuser(tb testing.TB, answer string) *Refuser {
	tb.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	r := &Refuser{URL: "http://" + l.Addr().String()}
	done := make(chan struct{})
	tb.Cleanup(func() { l.Close(); <-done })
	go func() {
		defer close(done)
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			if _, err := http.ReadRequest(bufio.NewReader(c)); err == nil {
				r.Requests.Add(1)
				io.WriteString(c, answer)
			}
			c.Close() // with bytes unread: a reset
		}
	}()
	return r
}
