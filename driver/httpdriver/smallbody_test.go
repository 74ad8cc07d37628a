package httpdriver

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"testing/iotest"
)

// counting counts the writes of connections.
type counting struct {
	net.Conn
	writes *atomic.Int64
}

func (c counting) Write(p []byte) (int, error) {
	c.writes.Add(1)
	return c.Conn.Write(p)
}

// A small body goes out with its header, in one write.
func TestCopyBody(t *testing.T) {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n, err := io.Copy(io.Discard, r.Body)
		if err != nil || n != r.ContentLength {
			t.Errorf("%d bytes of %d came: %v", n, r.ContentLength, err)
		}
	}))
	defer srv.Close()
	var writes atomic.Int64
	transport := NewTransport(nil)
	defer transport.CloseIdleConnections()
	transport.DialContext = func(ctx context.Context, network, addr string) (net.Conn, error) {
		c, err := new(net.Dialer).DialContext(ctx, network, addr)
		return counting{c, &writes}, err
	}
	for _, size := range []int64{0, 1, 4 << 10, smallBody, smallBody + 1} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPut, srv.URL, http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Header", strings.Repeat("x", 2<<10))
		copied, err := CopyBody(req, io.LimitReader(zeros{}, size), size)
		if small := size > 0 && size <= smallBody; copied != small || err != nil {
			t.Fatalf("%d bytes: %v, %v", size, copied, err)
		}
		if !copied {
			continue
		}
		writes.Store(0)
		resp, err := transport.RoundTrip(req)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if n := writes.Load(); n != 1 {
			t.Errorf("%d bytes went out in %d writes", size, n)
		}
		again, err := req.GetBody()
		if err != nil {
			t.Fatal(err)
		}
		if n, err := io.Copy(io.Discard, again); n != size || err != nil {
			t.Errorf("%d bytes a second time, want %d: %v", n, size, err)
		}
	}
}

// The error of a body is returned, and nothing is sent.
func TestCopyBodyFails(t *testing.T) {
	broken := errors.New("broken")
	for _, tt := range []struct {
		body io.Reader
		want error
	}{
		{iotest.ErrReader(broken), broken},
		{strings.NewReader("short"), io.ErrUnexpectedEOF},
	} {
		req := new(http.Request)
		if copied, err := CopyBody(req, tt.body, 10); copied || err != tt.want || req.Body != nil {
			t.Errorf("%v, %v, want %v", copied, err, tt.want)
		}
	}
}
