package gcs

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"cloud.google.com/go/auth"
	"cloud.google.com/go/compute/metadata"

	"github.com/polystore/storage"
	"github.com/polystore/storage/driver/httpdriver"
	"github.com/polystore/storage/internal/calmclock"
	"github.com/polystore/storage/internal/gcsfake"
)

// Whoever gives tokens says nothing about objects, whatever it says, and trouble that passes is
// tried again.
func TestCredentialsAreNoObjects(t *testing.T) {
	f := startFake(t, gcsfake.Options{})
	for _, giver := range []struct {
		name   string
		source string
		file   func(t *testing.T, at string) string // "": the metadata server
	}{
		{"service account", "the token endpoint of the service account", keyFile},
		{"workload identity", "workload identity federation", externalFile},
		{"metadata server", "the metadata server", nil},
	} {
		for _, tc := range []struct {
			status int // 0: nobody listens
			kind   error
		}{
			{404, storage.ErrPermission}, {403, storage.ErrPermission},
			{400, storage.ErrPermission},
			{412, storage.ErrPermission}, {409, storage.ErrPermission},
			{429, storage.ErrUnavailable}, {500, storage.ErrUnavailable},
			{502, storage.ErrUnavailable},
			{503, storage.ErrUnavailable}, {0, storage.ErrUnavailable},
		} {
			t.Run(fmt.Sprint(giver.name, " ", tc.status), func(t *testing.T) {
				cleanEnvironment(t)
				server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter,
					r *http.Request) {
					w.WriteHeader(tc.status)
					fmt.Fprint(w, `{"error":"notFound","error_description":"m"}`)
				}))
				defer server.Close()
				if tc.status == 0 {
					server.Close()
				}
				o := &Options{Endpoint: f.URL, HTTPClient: f.options.HTTPClient}
				if giver.file == nil {
					t.Setenv("GCE_METADATA_HOST", strings.TrimPrefix(server.URL, "http://"))
				} else {
					o.CredentialsFile = giver.file(t, server.URL)
				}
				s := mustNew(t, f.bucket, o)
				before := f.requests.Load()
				clock := calmclock.Start()
				defer clock.Close()
				_, err := s.Put(t.Context(), "k", strings.NewReader("x"), 1,
					&storage.PutOptions{IfAbsent: true})
				e := wantKind(t, "Put", err, tc.kind)
				if e.InDoubt || e.Err == nil || !strings.Contains(e.Err.Error(), giver.source) ||
					strings.Contains(e.Error(), "\n") {
					t.Errorf("%+v", e)
				}
				if d := clock.Now(); d > 5*time.Second {
					t.Errorf("it took %v", d)
				}
				if n := f.requests.Load() - before; n != 0 {
					t.Errorf("%d requests without credentials", n)
				}
			})
		}
	}
}

// externalFile is that of a workload whose identity a file has, exchanged at url.
func externalFile(t *testing.T, url string) string {
	t.Helper()
	dir := t.TempDir()
	token, file := filepath.Join(dir, "token"), filepath.Join(dir, "credentials.json")
	content := fmt.Sprintf(`{"type":"external_account","audience":"//iam.googleapis.com/x","token_url":"%s/v1/token",`+
		`"subject_token_type":"urn:ietf:params:oauth:token-type:jwt","credential_source":{"file":%q}}`, url, token)
	if err := errors.Join(os.WriteFile(token, []byte("jwt"), 0o600), os.WriteFile(file,
		[]byte(content), 0o600)); err != nil {
		t.Fatal(err)
	}
	return file
}

// failing gives an error for a token, or a token.
type failing struct {
	err   error
	token string
}

func (f *failing) Token(context.Context) (*auth.Token, error) {
	if f.err != nil {
		return nil, f.err
	}
	return &auth.Token{Value: f.token, Type: "Bearer"}, nil
}

func tokensOf(f *failing) *tokens {
	found := auth.NewCredentials(&auth.CredentialsOptions{TokenProvider: f})
	return newTokens(found, false, new(httpdriver.Waiters))
}

// Silence at the metadata server's own address is no metadata server, unless one gave a token
// before or somebody named it.
func TestSilentMetadata(t *testing.T) {
	silence := &url.Error{Op: "Get", URL: "http://169.254.169.254", Err: &net.OpError{Op: "dial",
		Err: os.ErrDeadlineExceeded}}
	kind := func(tokens *tokens) error {
		_, err := tokens.Token(t.Context())
		return new(Store).fail(t.Context(), new(attempt), err).Kind
	}
	t.Setenv("GCE_METADATA_HOST", "")
	f := &failing{err: silence}
	tokens := tokensOf(f)
	if got := kind(tokens); got != storage.ErrPermission {
		t.Errorf("at the default address: %v", got)
	}
	f.err, f.token = nil, "t"
	if _, err := tokens.Token(t.Context()); err != nil {
		t.Fatal(err)
	}
	f.err = silence
	if got := kind(tokens); got != storage.ErrUnavailable {
		t.Errorf("after a token: %v", got)
	}
	t.Setenv("GCE_METADATA_HOST", "169.254.169.254")
	if got := kind(tokensOf(f)); got != storage.ErrUnavailable {
		t.Errorf("at an address that somebody named: %v", got)
	}
	t.Setenv("GCE_METADATA_HOST", "")
	f.err = context.DeadlineExceeded // between two attempts of the SDK's
	if got := kind(tokensOf(f)); got != storage.ErrUnavailable {
		t.Errorf("while it was tried again: %v", got)
	}
	f.err = metadata.NotDefinedError("token")
	if got := kind(tokensOf(f)); got != storage.ErrPermission {
		t.Errorf("not defined: %v", got)
	}
}

// A token with a line end around it is sent without, one with a line end in it never.
func TestUntidyTokens(t *testing.T) {
	f := startFake(t, gcsfake.Options{})
	f.options.Credentials = withToken(" good\n")
	s := f.open(t)
	put(t, s, "k", "content", storage.PutOptions{})
	f.options.Credentials = withToken("go\nod")
	s = f.open(t)
	before := f.requests.Load()
	_, err := s.Stat(t.Context(), "k", &storage.StatOptions{})
	wantKind(t, "Stat", err, storage.ErrPermission)
	if n := f.requests.Load() - before; n != 0 {
		t.Errorf("%d requests", n)
	}
	f.options.UserProject = "a\nb"
	_, err = New(t.Context(), "bucket", &f.options)
	if wantKind(t, "New", err, storage.ErrInvalid); err == nil ||
		!strings.Contains(err.Error(), "UserProject") {
		t.Errorf("New: %v", err)
	}
}

// A signer that is not there is no object that is not there.
func TestSignerIsNoObject(t *testing.T) {
	for status, kind := range map[int]error{404: storage.ErrPermission, 412: storage.ErrPermission,
		503: storage.ErrUnavailable} {
		f := startFake(t, gcsfake.Options{})
		transport := f.options.HTTPClient.Transport
		f.options.PrivateKey = nil
		f.options.HTTPClient = &http.Client{Transport: roundTripper(func(
			r *http.Request,
		) (*http.Response, error) {
			if strings.HasPrefix(r.URL.Host, "iamcredentials.") {
				w := httptest.NewRecorder()
				w.WriteHeader(status)
				return w.Result(), nil
			}
			return transport.RoundTrip(r)
		})}
		_, err := f.open(t).SignURL(t.Context(), "k", &storage.SignOptions{})
		wantKind(t, fmt.Sprint("SignURL ", status), err, kind)
	}
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }
