package httpdriver_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/polystore/storage"
	"github.com/polystore/storage/driver"
	"github.com/polystore/storage/driver/httpdriver"
	"github.com/polystore/storage/internal/bubble"
	"github.com/polystore/storage/internal/calmclock"
)

// small is a Store of one service's URL, as small as it can be.
type small struct {
	storage.Unsupported
	client *httpdriver.Client
	url    string
}

func newSmall(t *testing.T, transport *http.Transport, url string) *small {
	t.Cleanup(transport.CloseIdleConnections)
	base := &http.Client{Transport: transport}
	return &small{client: httpdriver.NewClient(base, nil), url: url}
}

func (s *small) do(ctx context.Context, method string, body *driver.Payload) (string, error) {
	a := &httpdriver.Attempt{Write: body != nil, Body: body}
	ctx = httpdriver.Begin(ctx, a)
	req, err := http.NewRequestWithContext(ctx, method, s.url, nil)
	if err != nil {
		return "", err
	}
	if body != nil {
		req.Body, req.ContentLength = body, body.Size()
	}
	resp, err := s.client.Do(req)
	if err != nil {
		return "", a.Fail(ctx, err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		return "", a.Fail(ctx, err)
	}
	return string(text), nil
}

func (s *small) Get(
	context.Context, string, *storage.GetOptions,
) (*storage.GetResult, error) {
	return nil, &storage.Error{Kind: errors.ErrUnsupported}
}

func (s *small) Stat(
	ctx context.Context, key string, _ *storage.StatOptions,
) (*storage.Object, error) {
	text, err := s.do(ctx, http.MethodGet, nil)
	if err != nil {
		return nil, err
	}
	return &storage.Object{Key: key, ETag: fmt.Sprintf(`"%d"`, len(text))}, nil
}

func (s *small) Put(
	ctx context.Context, key string, body io.ReadSeeker, size int64, _ *storage.PutOptions,
) (*storage.Object, error) {
	p, err := driver.NewPayload(body, size)
	if err != nil {
		return nil, err
	}
	if _, err := s.do(ctx, http.MethodPut, p); err != nil {
		return nil, err
	}
	return &storage.Object{Key: key, ETag: `"1"`, Size: size}, nil
}

func (s *small) Delete(context.Context, string, *storage.DeleteOptions) error { return nil }

func (s *small) ListPage(context.Context, *storage.ListOptions) (*storage.Page, error) {
	return &storage.Page{}, nil
}

// TestSlowDocumentIsNoStall lets a document come a byte at a time, each just before it would be a
// stall.
func TestSlowDocumentIsNoStall(t *testing.T) {
	const stall, bytes = 30 * time.Second, 18
	for _, status := range []int{http.StatusOK, http.StatusNotFound} {
		synctest.Test(t, func(t *testing.T) {
			requests := 0
			transport := bubble.Serve(t, http.HandlerFunc(
				func(w http.ResponseWriter, r *http.Request) {
					requests++
					w.WriteHeader(status)
					for range bytes {
						io.WriteString(w, "x")
						w.(http.Flusher).Flush()
						time.Sleep(stall - 1)
					}
				},
			))
			b := storage.New(newSmall(t, transport, "http://service"), &storage.Options{
				StallTimeout: stall,
			})
			defer b.Close()
			start := time.Now()
			o, err := b.Stat(t.Context(), "k", nil)
			if err != nil || o.ETag != `"18"` || requests != 1 {
				t.Errorf("Stat under %d = %+v, %v in %d requests, want all %d bytes in one",
					status, o, err, requests, bytes)
			}
			if took := time.Since(start); took != bytes*(stall-1) {
				t.Errorf("Stat under %d took %v", status, took)
			}
		})
	}
}

func wait(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}

const drainStall = 800 * time.Millisecond

// drained sends a body that the other side takes slowly, or stops taking.
func drained(t *testing.T, stops bool) (took, calm time.Duration, err error) {
	t.Helper()
	const size = 3 << 20
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	over := make(chan struct{})
	defer func() { cancel(); l.Close(); <-over }()
	go func() {
		defer close(over)
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			serveSlowly(ctx, c, size, drainStall/8, stops)
		}
	}()
	b := storage.New(newSmall(t, httpdriver.NewTransport(nil),
		"http://"+l.Addr().String()), &storage.Options{
		StallTimeout: drainStall, Retry: storage.RetryOptions{Attempts: 1},
	})
	defer b.Close()
	clock := calmclock.Start()
	defer clock.Close()
	start := time.Now()
	_, err = b.Put(t.Context(), "k", bytes.NewReader(make([]byte, size)), nil)
	took, calm = time.Since(start), clock.Now()
	t.Logf("%v after %v", err, took)
	return took, calm, err
}

// TestDrainingIsNoStall lets the other side take a body slowly that the system holds whole, and
// stop taking it. Only the system's own clock moves what it holds.
func TestDrainingIsNoStall(t *testing.T) {
	const stall = drainStall
	for name, stops := range map[string]bool{"slow": false, "stops": true} {
		t.Run(name, func(t *testing.T) {
			took, calm, err := drained(t, stops)
			// Where the machine stands still for as long, nothing moves: that is a stall.
			for n := 1; n < 4 && !stops && errors.Is(err, storage.ErrUnavailable); n++ {
				took, calm, err = drained(t, stops)
			}
			switch {
			case !stops && err != nil:
				t.Errorf("Put of a body that is taken slowly: %v after %v", err, took)
			case stops && !errors.Is(err, storage.ErrUnavailable):
				t.Errorf("Put of a body that is not taken: %v", err)
			case stops && calm > 4*stall:
				t.Errorf("Put of a body that is not taken was cut after %v", calm)
			case !stops && took < 2*stall:
				t.Errorf("Put of a body that is taken slowly took %v only", took)
			}
		})
	}
}

// serveSlowly takes a request of size bytes, 128 KiB in each pause, and answers it. Its own system
// holds little: what lies there is acknowledged, and nobody sees it move.
func serveSlowly(ctx context.Context, c net.Conn, size int, pause time.Duration, stops bool) {
	defer c.Close()
	c.(*net.TCPConn).SetReadBuffer(64 << 10)
	defer context.AfterFunc(ctx, func() { c.Close() })()
	buf := make([]byte, 128<<10)
	for have := 0; have < size; {
		n, err := io.ReadAtLeast(c, buf, min(len(buf), size-have))
		if err != nil {
			return
		}
		have += n
		if stops && have > size/4 {
			io.Copy(io.Discard, blocked{ctx})
			return
		}
		wait(ctx, pause)
	}
	io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
}

// blocked gives nothing until its context ends.
type blocked struct{ ctx context.Context }

func (b blocked) Read([]byte) (int, error) {
	<-b.ctx.Done()
	return 0, io.EOF
}
