package httpdriver

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/polystore/storage"
	"github.com/polystore/storage/driver"
)

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

var errBroken = errors.New("broken")

// Bytes may have been sent unless the transport has said that there was no connection for them.
func TestTransport(t *testing.T) {
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
		return nil, errBroken
	})
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	for _, tc := range []struct {
		name      string
		ctx       context.Context
		transport http.RoundTripper
		url       string
		before    bool
		write     bool
		want      bool
	}{
		{"an answer", t.Context(), transport, server.URL, false, true, true},
		{"an answer to a read", t.Context(), transport, server.URL, false, false, false},
		{"nobody listens", t.Context(), transport, gone.URL, false, true, false},
		{"nobody listens the second time", t.Context(), transport, gone.URL, true, true, true},
		{"ended before", ended, transport, server.URL, false, true, false},
		{"a transport that tells nothing", t.Context(), mute, server.URL, false, true, true},
		{"the same, ended before", ended, mute, server.URL, false, true, false},
	} {
		a := &Attempt{Write: tc.write}
		a.connected.Store(tc.before)
		req, err := http.NewRequestWithContext(Begin(tc.ctx, a), http.MethodPut, tc.url,
			http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		if a.Sent() {
			t.Errorf("%s: sent before it is", tc.name)
		}
		if resp, err := (&Transport{tc.transport}).RoundTrip(req); err == nil {
			io.Copy(io.Discard, resp.Body)
			resp.Body.Close()
		}
		if got := a.InDoubt(); got != tc.want || !a.Sent() {
			t.Errorf("%s: in doubt %v, want %v; sent %v", tc.name, got, tc.want, a.Sent())
		}
	}
}

func payload(t *testing.T, r io.ReadSeeker, size int64) *driver.Payload {
	p, err := driver.NewPayload(r, size)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestFail(t *testing.T) {
	secret := &url.Error{Op: "Put", URL: "https://host/?signature", Err: errBroken}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	whole, partial := payload(t, strings.NewReader("123"), 3), payload(t, strings.NewReader("123"),
		3)
	io.ReadAll(whole)
	io.ReadFull(partial, make([]byte, 2))
	shrunk := payload(t, shrinking{bytes.NewReader([]byte("123"))}, 3)
	io.ReadAll(shrunk)
	for _, tc := range []struct {
		name  string
		ctx   context.Context
		write bool
		body  *driver.Payload
		sent  bool
		kind  error
		cause error
		doubt bool
	}{
		{"a read", t.Context(), false, nil, true, storage.ErrUnavailable, errBroken, false},
		{"a write", t.Context(), true, nil, true, storage.ErrUnavailable, errBroken, true},
		{"a write, whole", t.Context(), true, whole, true, storage.ErrUnavailable, errBroken, true},
		{"a write, partial", t.Context(), true, partial, true, storage.ErrUnavailable, errBroken,
			false},
		{"a write, not sent", t.Context(), true, whole, false, storage.ErrInvalid, errBroken,
			false},
		{"a write that ended", ended, true, whole, true, nil, context.Canceled, true},
		{"a source that failed", t.Context(), true, shrunk, true, nil, io.ErrUnexpectedEOF, false},
		{"a source that failed, ended", ended, true, shrunk, true, nil, io.ErrUnexpectedEOF, false},
	} {
		a := &Attempt{Write: tc.write, Body: tc.body}
		a.sent.Store(tc.sent)
		a.connected.Store(tc.sent)
		e := a.Fail(tc.ctx, secret)
		if e.Kind != tc.kind || !errors.Is(e, tc.cause) || e.InDoubt != tc.doubt {
			t.Errorf("%s: %v of kind %v, in doubt %v", tc.name, e, e.Kind, e.InDoubt)
		}
		if strings.Contains(e.Error(), "signature") {
			t.Errorf("%s: the URL shows: %v", tc.name, e)
		}
	}
}

// shrinking is a source that has lost its bytes since its size was taken.
type shrinking struct{ io.ReadSeeker }

func (shrinking) Read([]byte) (int, error) { return 0, io.EOF }

func TestForeign(t *testing.T) {
	for _, write := range []bool{false, true} {
		e := (&Attempt{Write: write}).Foreign("an upload without an ID")
		if e.Kind != storage.ErrUnavailable || e.InDoubt != write || !errors.Is(e, ErrForeign) {
			t.Errorf("write %v: %v, in doubt %v", write, e, e.InDoubt)
		}
	}
}

func TestFromContext(t *testing.T) {
	type own struct {
		Attempt
		more int
	}
	a := &own{more: 1}
	ctx := Begin(t.Context(), a)
	if got := FromContext[*own](ctx); got != a {
		t.Errorf("the driver's own attempt is %v", got)
	}
	if got := FromContext[*Attempt](ctx); got != nil {
		t.Errorf("an Attempt of no driver is %v", got)
	}
	if got := FromContext[Carrier](t.Context()); got != nil {
		t.Errorf("without an attempt: %v", got)
	}
}
