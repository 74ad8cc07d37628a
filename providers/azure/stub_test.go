package azure

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/polystore/storage"
)

// stub is a server in this process that speaks as much of the protocol as a test needs. It stands in for what Azurite does not do:
// answers that only Azure gives, connections that break at a chosen byte, headers seen exactly as sent.
type stub struct {
	*httptest.Server
	mu       sync.Mutex
	requests []*request
}

// request is what arrived.
type request struct {
	*http.Request
	body []byte
}

const (
	stubAccount = "myaccount"
	stubETag    = `"0x8DE0000000000001"`
	stubSecret  = "stub-secret-that-must-not-show"
	stubSAS     = "sv=2024-11-04&sp=rwdl&sig=stub-signature-that-must-not-show"
	stubToken   = "stub-token-that-must-not-show"
)

var stubKey = base64.StdEncoding.EncodeToString([]byte(stubSecret))

// newStub serves by answer, which sees requests whose body is read already.
func newStub(t *testing.T, answer func(w http.ResponseWriter, r *request)) *stub {
	return serve(t, httptest.NewServer, answer)
}

func newTLSStub(t *testing.T, answer func(w http.ResponseWriter, r *request)) *stub {
	return serve(t, func(h http.Handler) *httptest.Server {
		s := httptest.NewUnstartedServer(h)
		s.Config.ErrorLog = log.New(io.Discard, "", 0) // of clients that do not trust it
		s.StartTLS()
		return s
	}, answer)
}

func serve(t *testing.T, start func(http.Handler) *httptest.Server, answer func(w http.ResponseWriter, r *request)) *stub {
	s := new(stub)
	s.Server = start(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		req := &request{r, body}
		s.mu.Lock()
		s.requests = append(s.requests, req)
		s.mu.Unlock()
		answer(w, req)
	}))
	t.Cleanup(s.Server.Close)
	t.Cleanup(s.Client().CloseIdleConnections)
	return s
}

// options are those of an account behind the stub, with its key.
func (s *stub) options() *Options {
	return &Options{Endpoint: s.URL + "/" + stubAccount, Key: stubKey, HTTPClient: s.Client()}
}

func (s *stub) store(t *testing.T) *Store { return mustNew(t, "bucket", s.options()) }

func mustNew(t *testing.T, name string, o *Options) *Store {
	t.Helper()
	s, err := New(t.Context(), name, o)
	if err != nil {
		t.Fatalf("New: %v", err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// seen returns the requests so far and forgets them.
func (s *stub) seen() []*request {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.requests
	s.requests = nil
	return r
}

// one is seen of exactly one request.
func (s *stub) one(t *testing.T) *request {
	t.Helper()
	r := s.seen()
	if len(r) != 1 {
		t.Fatalf("%d requests, want 1", len(r))
	}
	return r[0]
}

// refuse answers as Azure does.
func refuse(w http.ResponseWriter, status int, code string) {
	w.Header().Set("X-Ms-Error-Code", code)
	w.Header().Set("X-Ms-Request-Id", "REQUEST1")
	w.Header().Set("Content-Type", "application/xml")
	w.WriteHeader(status)
	fmt.Fprintf(w, "\ufeff<?xml version=\"1.0\" encoding=\"utf-8\"?><Error><Code>%s</Code><Message>message of %s\nRequestId:REQUEST1\nTime:now</Message>"+
		"<AuthenticationErrorDetail>%s</AuthenticationErrorDetail></Error>", code, code, stubSecret)
}

// reset breaks the connection as a dying server does.
func reset(w http.ResponseWriter) {
	conn, _, err := w.(http.Hijacker).Hijack()
	if err != nil {
		return
	}
	if c, ok := conn.(*net.TCPConn); ok {
		c.SetLinger(0)
	}
	conn.Close()
}

// answerOK gives every operation a success.
func answerOK(w http.ResponseWriter, r *request) {
	h := w.Header()
	h.Set("ETag", stubETag)
	h.Set("Last-Modified", "Mon, 23 Nov 2026 07:00:00 GMT")
	h.Set("X-Ms-Request-Id", "REQUEST1")
	h.Set("X-Ms-Blob-Type", "BlockBlob")
	q := r.URL.Query()
	switch {
	case q.Get("comp") == "list":
		h.Set("Content-Type", "application/xml")
		io.WriteString(w, `<?xml version="1.0"?><EnumerationResults ContainerName="c"><Blobs/><NextMarker/></EnumerationResults>`)
	case q.Get("comp") == "blocklist" && r.Method == http.MethodGet:
		h.Set("Content-Type", "application/xml")
		io.WriteString(w, `<?xml version="1.0"?><BlockList><UncommittedBlocks/></BlockList>`)
	case r.Method == http.MethodDelete:
		w.WriteHeader(http.StatusAccepted)
	case r.Method == http.MethodPut && r.Header.Get("X-Ms-Requires-Sync") != "":
		w.WriteHeader(http.StatusAccepted)
	case r.Method == http.MethodPut:
		w.WriteHeader(http.StatusCreated)
	case r.Method == http.MethodGet, r.Method == http.MethodHead:
		h.Set("Content-Length", "7")
		io.WriteString(w, "content")
	}
}

// to sends every request to a stub, whatever its host, and notes the last host.
type to struct {
	stub *stub
	mu   sync.Mutex
	host string
}

func (s *to) RoundTrip(r *http.Request) (*http.Response, error) {
	s.mu.Lock()
	s.host = r.URL.Scheme + "://" + r.URL.Host
	s.mu.Unlock()
	u, err := url.Parse(s.stub.URL)
	if err != nil {
		return nil, err
	}
	r = r.Clone(r.Context())
	r.URL.Scheme, r.URL.Host = u.Scheme, u.Host
	return s.stub.Client().Transport.RoundTrip(r)
}

func (s *to) last() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.host
}

// cleanEnvironment leaves nothing of Azure in it.
func cleanEnvironment(t *testing.T) {
	t.Helper()
	for _, name := range []string{
		envAccount, envKey, envSAS, envConnection, envDomain, envProtocol, envCDN, envEmulator,
		"AZURE_CLIENT_ID", "AZURE_CLIENT_SECRET", "AZURE_TENANT_ID", "AZURE_FEDERATED_TOKEN_FILE", "AZURE_USERNAME", "AZURE_PASSWORD",
		"IDENTITY_ENDPOINT", "IDENTITY_HEADER", "IMDS_ENDPOINT", "MSI_ENDPOINT", "MSI_SECRET",
	} {
		t.Setenv(name, "")
	}
}

// wantError is e as what it should be.
func wantError(t *testing.T, what string, err error, kind error, inDoubt bool) *storage.Error {
	t.Helper()
	var e *storage.Error
	if !errors.As(err, &e) {
		t.Errorf("%s: %v is no *storage.Error", what, err)
		return new(storage.Error)
	}
	if e.Kind != kind || e.InDoubt != inDoubt {
		t.Errorf("%s: Kind %v, InDoubt %v, want %v, %v (%v)", what, e.Kind, e.InDoubt, kind, inDoubt, e)
	}
	noSecrets(t, err)
	return e
}

func noSecrets(t *testing.T, err error) {
	t.Helper()
	text := fmt.Sprintf("%v %+v %q", err, err, err)
	for _, secret := range []string{stubSecret, stubKey, stubToken, "stub-signature", "sig=", "SharedKey"} {
		if strings.Contains(text, secret) {
			t.Errorf("%q is in the error %s", secret, text)
		}
	}
	if strings.Contains(text, "\n") {
		t.Errorf("an error of several lines: %s", text)
	}
}

// failing is a source that breaks after n bytes.
type failing struct {
	*bytes.Reader
	n int
}

var errSource = errors.New("the source broke")

func (f *failing) Read(p []byte) (int, error) {
	if f.n == 0 {
		return 0, errSource
	}
	n, err := f.Reader.Read(p[:min(len(p), f.n)])
	f.n -= n
	return n, err
}

func newReader(s string) *bytes.Reader { return bytes.NewReader([]byte(s)) }
