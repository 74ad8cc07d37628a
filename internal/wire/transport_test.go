package wire

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
)

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// TestWatch: bytes may have been sent unless the transport has said that there was no connection for them.
func TestWatch(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	defer server.Close()
	gone := httptest.NewServer(nil)
	gone.Close()
	transport := NewTransport(nil)
	defer transport.CloseIdleConnections()
	mute := roundTripper(func(r *http.Request) (*http.Response, error) {
		if err := r.Context().Err(); err != nil {
			return nil, err
		}
		return nil, errors.New("broken")
	})
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	for _, tc := range []struct {
		name      string
		ctx       context.Context
		transport http.RoundTripper
		url       string
		before    bool
		want      bool
	}{
		{"an answer", t.Context(), transport, server.URL, false, true},
		{"nobody listens", t.Context(), transport, gone.URL, false, false},
		{"nobody listens the second time", t.Context(), transport, gone.URL, true, true},
		{"ended before", ended, transport, server.URL, false, false},
		{"a transport that tells nothing", t.Context(), mute, server.URL, false, true},
		{"a transport that tells nothing, ended before", ended, mute, server.URL, false, false},
	} {
		req, err := http.NewRequestWithContext(tc.ctx, http.MethodPut, tc.url, http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		var connected atomic.Bool
		connected.Store(tc.before)
		if resp, err := tc.transport.RoundTrip(Watch(req, &connected)); err == nil {
			io.Copy(io.Discard, resp.Body)
			resp.Body.Close()
		}
		if connected.Load() != tc.want {
			t.Errorf("%s: connected is %v, want %v", tc.name, connected.Load(), tc.want)
		}
	}
}
