package httpdriver

import (
	"cmp"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/polystore/storage"
)

// NoCredentials is a failure to get credentials, as opposed to a failure of the request that needs
// them. It says nothing about an object or a bucket, because no request for one was made.
type NoCredentials struct {
	// Kind is ErrUnavailable for trouble that passes, else ErrPermission: refused, or there are
	// none.
	Kind error

	text string
	err  error
}

func (e *NoCredentials) Error() string { return "no credentials: " + e.text }

// Unwrap returns the failure under the text.
func (e *NoCredentials) Unwrap() error { return e.err }

// NonRetriable keeps the SDK of Azure from trying again; the name is its own.
func (e *NoCredentials) NonRetriable() {}

// CredentialSource judges the failures of one who gives out credentials.
type CredentialSource struct {
	// Default says that nobody named it: it is asked at a default address, since it could be there.
	// If nothing is there, there are no credentials.
	Default bool

	had atomic.Bool
}

// Had notes that there were credentials: from now on their source is known to exist.
func (s *CredentialSource) Had() { s.had.Store(true) }

// Fail classifies the failure err of the source that people know as name. status is that of its
// answer, 0 where there was none; text says what went wrong, in one line and without a secret.
//
// Refused and broken connections, time-outs, 408, 410, 429 and 5xx pass: ErrUnavailable. So does
// a success that is none. Everything else is definite: ErrPermission; and so are no route and a
// time-out at a default address that never gave any.
func (s *CredentialSource) Fail(name string, status int, text string, err error) *NoCredentials {
	passes := status/100 == 2 || passingStatus(status)
	if status == 0 && unanswered(err) {
		passes = !s.Default || s.had.Load() || !silent(err)
	}
	kind := storage.ErrPermission
	if passes {
		kind = storage.ErrUnavailable
	}
	if status/100 == 2 {
		text = "an answer that is not one of its own" // which could be a token, in part
	}
	text = strings.Join(strings.Fields(text), " ")
	if len(text) > maxText {
		text = strings.ToValidUTF8(text[:maxText], "") + "…"
	}
	return &NoCredentials{Kind: kind, text: name + ": " + text, err: err}
}

// maxText bounds what is said of a failure: some SDKs repeat a whole page.
const maxText = 2000

// passingStatus has 410 for what Azure's metadata service says while it is updated:
// https://learn.microsoft.com/entra/identity/managed-identities-azure-resources/how-to-use-vm-token#error-handling.
func passingStatus(status int) bool {
	switch status {
	case http.StatusRequestTimeout, http.StatusGone, http.StatusTooManyRequests:
		return true
	}
	return status >= http.StatusInternalServerError
}

// unanswered reports whether err is that of a request without an answer, or with one that broke
// off.
func unanswered(err error) bool {
	var asked *url.Error
	var op *net.OpError
	var name *net.DNSError
	var timed interface{ Timeout() bool }
	return errors.As(err, &asked) || errors.As(err, &op) || errors.As(err, &name) ||
		errors.As(err, &timed) && timed.Timeout() ||
		errors.Is(err, context.DeadlineExceeded) ||
		errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
}

// silent reports whether err is that of an address where nobody is: there is no route to it, or
// nothing came from it in time.
func silent(err error) bool {
	var timed interface{ Timeout() bool }
	return errors.As(err, &timed) && timed.Timeout() || errors.Is(err, context.DeadlineExceeded) ||
		errors.Is(err, syscall.ENETUNREACH) || errors.Is(err, syscall.EHOSTUNREACH) ||
		errors.Is(err, syscall.ENETDOWN) || errors.Is(err, syscall.EHOSTDOWN)
}

// Asked notes how the last request for credentials under a context went, for SDKs that do not
// tell.
type Asked struct {
	mu     sync.Mutex
	host   string
	status int
	err    error
}

type askedKey struct{}

// Ask returns a context whose requests by a [CredentialsTransport] are noted.
func Ask(ctx context.Context) (context.Context, *Asked) {
	a := new(Asked)
	return context.WithValue(ctx, askedKey{}, a), a
}

// Last returns the host of the last request, empty where there was none, with the status of its
// answer, or with its error.
func (a *Asked) Last() (host string, status int, err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.host, a.status, a.err
}

// CredentialsTransport makes requests for credentials. It notes how they went for [Ask], and tells
// of their bytes. An answer ends after [MaxRefusal] bytes.
type CredentialsTransport struct {
	Base http.RoundTripper
}

// RoundTrip implements [http.RoundTripper].
func (t *CredentialsTransport) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := t.Base.RoundTrip(travel(req.Context(), req, nil))
	if a, _ := req.Context().Value(askedKey{}).(*Asked); a != nil {
		a.mu.Lock()
		defer a.mu.Unlock()
		a.host, a.status, a.err = req.URL.Hostname(), 0, err
		if err == nil {
			a.status = resp.StatusCode
		}
	}
	if err == nil {
		resp.Body = MovingBody(req.Context(), resp.Body)
		SetBody(resp, io.LimitReader(resp.Body, MaxRefusal))
	}
	return resp, err
}

// NewCredentialsClient returns a client for requests for credentials, by base, which becomes its
// own. Each step of a request ends once nothing has come for the time patience: to be reached, to
// begin its answer, and between two bytes of it. It follows no redirect, since such requests have
// secrets in their headers and bodies, and an answer ends after [MaxRefusal] bytes. The requests
// are rare and small: no connection is kept that a Close would have to close.
func NewCredentialsClient(base *http.Transport, patience time.Duration) *http.Client {
	base.DisableKeepAlives = true
	base.TLSHandshakeTimeout = patience
	base.ResponseHeaderTimeout = cmp.Or(base.ResponseHeaderTimeout, patience)
	dial := base.DialContext
	base.DialContext = func(ctx context.Context, network, addr string) (net.Conn, error) {
		ctx, cancel := context.WithTimeout(ctx, patience)
		defer cancel()
		conn, err := dial(ctx, network, addr)
		if err != nil {
			return nil, err
		}
		return &patientConn{conn, patience}, nil
	}
	return &http.Client{Transport: &CredentialsTransport{base}, CheckRedirect: NoRedirect}
}

// patientConn gives up on a peer from which nothing comes.
type patientConn struct {
	net.Conn
	patience time.Duration
}

func (c *patientConn) Read(p []byte) (int, error) {
	if err := c.SetReadDeadline(time.Now().Add(c.patience)); err != nil {
		return 0, err
	}
	return c.Conn.Read(p)
}

// TrimSecret returns a key, a secret or a token without the spaces and line ends around it, which
// files and environments add and which no such value has. One of nothing else, or with a line end
// or a control character in its middle, is ErrInvalid by the name that it is given.
func TrimSecret(name, value string) (string, error) {
	trimmed := strings.TrimSpace(value)
	if trimmed == "" && value != "" || strings.ContainsFunc(trimmed, isControl) {
		return "", &storage.Error{
			Kind: storage.ErrInvalid,
			Err:  errors.New(name + " has spaces or line ends that do not belong to it"),
		}
	}
	return trimmed, nil
}

func isControl(r rune) bool { return r < ' ' || r == 0x7F }
