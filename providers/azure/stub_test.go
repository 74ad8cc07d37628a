package azure

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"testing"

	"github.com/polystore/storage"
	"github.com/polystore/storage/internal/stub"
)

// server is a stub that stands in for what no server that can be installed does.
type server struct{ *stub.Server }

const (
	stubAccount = "myaccount"
	stubETag    = `"0x8DE0000000000001"`
	stubSecret  = "stub-secret-that-must-not-show"
	stubSAS     = "sv=2024-11-04&sp=rwdl&sig=stub-signature-that-must-not-show"
	stubToken   = "stub-token-that-must-not-show"
)

var stubKey = base64.StdEncoding.EncodeToString([]byte(stubSecret))

func newStub(t *testing.T, answer stub.Answer) *server { return &server{stub.New(t, answer)} }

func newTLSStub(t *testing.T, answer stub.Answer) *server {
	return &server{stub.NewTLS(t, answer)}
}

// options are those of an account behind the stub, with its key.
func (s *server) options() *Options {
	return &Options{Endpoint: s.URL + "/" + stubAccount, Key: stubKey, HTTPClient: s.Client()}
}

func (s *server) store(t *testing.T) *Store { return mustNew(t, "bucket", s.options()) }

func mustNew(t *testing.T, name string, o *Options) *Store {
	t.Helper()
	s, err := New(t.Context(), name, o)
	if err != nil {
		t.Fatalf("New: %v", err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// refuse answers as Azure does.
func refuse(w http.ResponseWriter, status int, code string) {
	w.Header().Set("X-Ms-Error-Code", code)
	w.Header().Set("X-Ms-Request-Id", "REQUEST1")
	w.Header().Set("Content-Type", "application/xml")
	w.WriteHeader(status)
	fmt.Fprintf(w,
		"\ufeff<?xml version=\"1.0\" encoding=\"utf-8\"?><Error><Code>%s</Code><Message>message "+
			"of %s\nRequestId:REQUEST1\nTime:now</Message>"+
			"<AuthenticationErrorDetail>%s</AuthenticationErrorDetail></Error>", code, code,
		stubSecret)
}

// answerOK gives every operation a success.
func answerOK(w http.ResponseWriter, r *stub.Request) {
	h := w.Header()
	h.Set("ETag", stubETag)
	h.Set("Last-Modified", "Mon, 23 Nov 2026 07:00:00 GMT")
	h.Set("X-Ms-Request-Id", "REQUEST1")
	h.Set("X-Ms-Blob-Type", "BlockBlob")
	q := r.URL.Query()
	switch {
	case q.Get("comp") == "list":
		h.Set("Content-Type", "application/xml")
		io.WriteString(w,
			`<?xml version="1.0"?><EnumerationResults ContainerName="c"><Blobs/><NextMarker/></EnumerationResults>`)
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

// cleanEnvironment leaves nothing of Azure in it.
func cleanEnvironment(t testing.TB) {
	t.Helper()
	for _, name := range []string{
		envAccount, envKey, envSAS, envConnection, envDomain, envProtocol, envCDN, envEmulator,
		"AZURE_CLIENT_ID", "AZURE_CLIENT_SECRET", "AZURE_TENANT_ID", "AZURE_FEDERATED_TOKEN_FILE",
		"AZURE_USERNAME", "AZURE_PASSWORD",
		"AZURE_TOKEN_CREDENTIALS", "IDENTITY_ENDPOINT", "IDENTITY_HEADER", "IMDS_ENDPOINT",
		"MSI_ENDPOINT", "MSI_SECRET",
	} {
		t.Setenv(name, "") // which restores it
		os.Unsetenv(name)  // since some take an empty one for one that is given
	}
}

// wantError is e as what it should be.
func wantError(t *testing.T, what string, err error, kind error, inDoubt bool) *storage.Error {
	t.Helper()
	e := stub.WantError(t, what, err, kind, inDoubt)
	noSecrets(t, err)
	return e
}

func noSecrets(t *testing.T, err error) {
	t.Helper()
	stub.NoSecrets(t, err, stubSecret, stubKey, stubToken, "stub-signature", "sig=", "SharedKey")
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
