package gcs

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"cloud.google.com/go/auth"

	"github.com/polystore/storage"
	"github.com/polystore/storage/driver/httpdriver"
	"github.com/polystore/storage/internal/gcsfake"
)

// signerName is who signs URLs in tests.
const signerName = "signer@project.iam.gserviceaccount.com"

// signerKey is made once: a key takes as long as a suite.
var signerKey = sync.OnceValue(func() *rsa.PrivateKey {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return key
})

func signerPEM(t testing.TB) []byte {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(signerKey())
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
}

// counting is a transport that counts.
type counting struct {
	base http.RoundTripper
	n    *atomic.Int64
}

func (c counting) RoundTrip(r *http.Request) (*http.Response, error) {
	c.n.Add(1)
	return c.base.RoundTrip(r)
}

// fake is a gcsfake and the options to reach it with.
type fake struct {
	*gcsfake.Server
	bucket   string
	options  Options
	requests atomic.Int64
}

func startFake(t testing.TB, o gcsfake.Options) *fake {
	t.Helper()
	if o.Signers == nil {
		o.Signers = map[string]*rsa.PublicKey{signerName: &signerKey().PublicKey}
	}
	if o.Tokens == nil {
		o.Tokens = map[string]bool{"good": true, "bad": false}
	}
	f := &fake{Server: gcsfake.Start(t, o)}
	f.bucket = f.NewBucket(t)
	transport := httpdriver.NewTransport(nil)
	t.Cleanup(transport.CloseIdleConnections)
	f.options = Options{
		Endpoint:    f.URL,
		Credentials: withToken("good"),
		AccessID:    signerName,
		PrivateKey:  signerPEM(t),
		HTTPClient:  &http.Client{Transport: counting{transport, &f.requests}},
	}
	return f
}

// withToken are credentials that have one token.
func withToken(token string) *auth.Credentials {
	return auth.NewCredentials(&auth.CredentialsOptions{TokenProvider: staticToken(token)})
}

type staticToken string

func (t staticToken) Token(context.Context) (*auth.Token, error) {
	return &auth.Token{Value: string(t), Type: "Bearer"}, nil
}

func (f *fake) open(t testing.TB) *Store { return mustNew(t, f.bucket, &f.options) }

func mustNew(t testing.TB, bucket string, o *Options) *Store {
	t.Helper()
	s, err := New(t.Context(), bucket, o)
	if err != nil {
		t.Fatalf("New: %v", err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func put(t testing.TB, s *Store, key, content string, opts storage.PutOptions) *storage.Object {
	t.Helper()
	o, err := s.Put(t.Context(), key, strings.NewReader(content), int64(len(content)), &opts)
	if err != nil {
		t.Fatalf("Put(%q): %v", key, err)
	}
	return o
}

func read(t testing.TB, s *Store, key string, opts storage.GetOptions) (string, *storage.Object) {
	t.Helper()
	r, err := s.Get(t.Context(), key, &opts)
	if err != nil {
		t.Fatalf("Get(%q): %v", key, err)
	}
	defer r.Body.Close()
	b, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatalf("reading %q: %v", key, err)
	}
	return string(b), r.Object
}
