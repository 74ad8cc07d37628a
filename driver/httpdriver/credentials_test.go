package httpdriver

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/polystore/storage"
	"github.com/polystore/storage/driver"
)

// Trouble that passes is told from what is definite, and silence at a default address from both.
func TestCredentialSource(t *testing.T) {
	dial := func(err error) error {
		return &url.Error{Op: "Get", URL: "http://x", Err: &net.OpError{Op: "dial",
			Err: os.NewSyscallError("connect", err)}}
	}
	for _, tc := range []struct {
		name    string
		status  int
		err     error
		kind    error
		unnamed error // at a default address
	}{
		{"404", 404, errBroken, storage.ErrPermission, storage.ErrPermission},
		{"403", 403, errBroken, storage.ErrPermission, storage.ErrPermission},
		{"410", 410, errBroken, storage.ErrUnavailable, storage.ErrUnavailable},
		{"429", 429, errBroken, storage.ErrUnavailable, storage.ErrUnavailable},
		{"500", 500, errBroken, storage.ErrUnavailable, storage.ErrUnavailable},
		{"a page", 200, errBroken, storage.ErrUnavailable, storage.ErrUnavailable},
		{"refused", 0, dial(syscall.ECONNREFUSED), storage.ErrUnavailable, storage.ErrUnavailable},
		{"reset", 0, dial(syscall.ECONNRESET), storage.ErrUnavailable, storage.ErrUnavailable},
		{"cut", 0, io.ErrUnexpectedEOF, storage.ErrUnavailable, storage.ErrUnavailable},
		{"no route", 0, dial(syscall.EHOSTUNREACH), storage.ErrUnavailable, storage.ErrPermission},
		{"no network", 0, dial(syscall.ENETUNREACH), storage.ErrUnavailable, storage.ErrPermission},
		{"silence", 0, dial(os.ErrDeadlineExceeded), storage.ErrUnavailable, storage.ErrPermission},
		{"a deadline", 0, context.DeadlineExceeded, storage.ErrUnavailable, storage.ErrPermission},
		{"no name", 0, &net.DNSError{Err: "no such host"}, storage.ErrUnavailable,
			storage.ErrUnavailable},
		{"no file", 0, &os.PathError{Op: "open", Err: syscall.ENOENT}, storage.ErrPermission,
			storage.ErrPermission},
		{"another error", 0, errBroken, storage.ErrPermission, storage.ErrPermission},
	} {
		t.Run(tc.name, func(t *testing.T) {
			named, unnamed := new(CredentialSource), &CredentialSource{Default: true}
			if e := named.Fail("x", tc.status, "text", tc.err); e.Kind != tc.kind {
				t.Errorf("%v, want %v", e.Kind, tc.kind)
			}
			if e := unnamed.Fail("x", tc.status, "text", tc.err); e.Kind != tc.unnamed {
				t.Errorf("at a default address: %v, want %v", e.Kind, tc.unnamed)
			}
			unnamed.Had()
			if e := unnamed.Fail("x", tc.status, "text", tc.err); e.Kind != tc.kind {
				t.Errorf("at a default address that gave some before: %v, want %v", e.Kind, tc.kind)
			}
		})
	}
	e := new(CredentialSource).Fail("the giver", 404, "not\n\there", errBroken)
	if got := e.Error(); got != "no credentials: the giver: not here" || !errors.Is(e, errBroken) {
		t.Errorf("text %q", got)
	}
}

// An attempt that had no credentials has their kind, whatever they hold, and is not in doubt.
func TestFailWithoutCredentials(t *testing.T) {
	a := &Attempt{Write: true, Missing: storage.ErrNotExist}
	none := new(CredentialSource).Fail("x", 503, "text", &url.Error{Op: "Get", URL: "http://secret",
		Err: errBroken})
	e := a.Fail(t.Context(), fmt.Errorf("wrapped: %w", none))
	if e.Kind != storage.ErrUnavailable || e.InDoubt || e.Err.Error() != none.Error() {
		t.Errorf("%+v", e)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if e := a.Fail(ended, none); e.Kind != nil || !errors.Is(e, context.Canceled) {
		t.Errorf("ended: %+v", e)
	}
}

// What SDKs keep to themselves is known by the context.
func TestAsk(t *testing.T) {
	server := httptest.NewServer(http.NotFoundHandler())
	client := NewCredentialsClient(NewTransport(nil), time.Minute)
	ctx, asked := Ask(t.Context())
	if host, status, err := asked.Last(); host != "" || status != 0 || err != nil {
		t.Errorf("before: %q, %d, %v", host, status, err)
	}
	get := func() {
		req, _ := http.NewRequestWithContext(ctx, http.MethodGet, server.URL, nil)
		if resp, err := client.Do(req); err == nil {
			resp.Body.Close()
		}
	}
	get()
	if host, status, err := asked.Last(); host != "127.0.0.1" || status != 404 || err != nil {
		t.Errorf("answered: %q, %d, %v", host, status, err)
	}
	server.Close()
	get()
	if _, status, err := asked.Last(); status != 0 || !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("refused: %d, %v", status, err)
	}
}

func TestTrimSecret(t *testing.T) {
	for in, want := range map[string]string{"": "", "a": "a", " a\r\n": "a", "a b": "a b"} {
		if got, err := TrimSecret("Key", in); got != want || err != nil {
			t.Errorf("%q: %q, %v", in, got, err)
		}
	}
	for _, in := range []string{" ", "\n", "a\nb", "a\x00b"} {
		_, err := TrimSecret("Key", in)
		if !errors.Is(err, storage.ErrInvalid) || !strings.Contains(err.Error(), "Key") ||
			strings.Contains(err.Error(), in) && in != " " {
			t.Errorf("%q: %v", in, err)
		}
	}
}

// A header that cannot be sent is refused before anything counts as sent: no attempt would make it
// right, and its value may be a secret.
func TestHeaderThatCannotBeSent(t *testing.T) {
	a := &Attempt{Write: true}
	base := roundTripper(func(*http.Request) (*http.Response, error) { return nil, errBroken })
	req, err := http.NewRequestWithContext(Begin(t.Context(), a), http.MethodPut, "http://x",
		http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer secret\n")
	_, err = (&Transport{base}).RoundTrip(req)
	e := a.Fail(t.Context(), err)
	if e.Kind != storage.ErrInvalid || e.InDoubt || strings.Contains(e.Error(), "secret") {
		t.Errorf("%v", driver.PlainText(e))
	}
}
