package azure

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"

	"github.com/polystore/storage"
	"github.com/polystore/storage/driver/httpdriver"
	"github.com/polystore/storage/internal/calmclock"
	"github.com/polystore/storage/internal/stub"
)

// managed has a managed identity's endpoint at url in the environment, as App Service does.
func managed(t *testing.T, url string) {
	t.Helper()
	cleanEnvironment(t)
	t.Setenv("PATH", t.TempDir()) // no command line tools
	t.Setenv("IDENTITY_ENDPOINT", url+"/token")
	t.Setenv("IDENTITY_HEADER", stubSecret)
}

// Whoever gives tokens says nothing about objects, whatever it says, and trouble that passes is
// tried again: a managed identity's endpoint that is not up yet.
func TestCredentialsAreNoObjects(t *testing.T) {
	for status, kind := range map[int]error{
		400: storage.ErrPermission, 403: storage.ErrPermission, 404: storage.ErrPermission,
		409: storage.ErrPermission, 412: storage.ErrPermission,
		410: storage.ErrUnavailable, 429: storage.ErrUnavailable, 500: storage.ErrUnavailable,
		503: storage.ErrUnavailable,
		200: storage.ErrUnavailable, // something in between
		0:   storage.ErrUnavailable, // nobody listens
	} {
		t.Run(fmt.Sprint(status), func(t *testing.T) {
			giver := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter,
				_ *http.Request) {
				w.WriteHeader(status)
				fmt.Fprintf(w, `{"error":"notFound","error_description":"m"}`)
			}))
			defer giver.Close()
			if status == 0 {
				giver.Close()
			}
			managed(t, giver.URL)
			srv := newStub(t, answerOK)
			everywhere := &http.Client{Transport: &stub.Everywhere{Server: srv.Server}}
			s := mustNew(t, "bucket", &Options{Account: stubAccount, HTTPClient: everywhere})
			clock := calmclock.Start()
			defer clock.Close()
			for name, call := range map[string]func() error{
				"Put":  func() error { return calls["Put"](t.Context(), s) },
				"Copy": func() error { return calls["Copy"](t.Context(), s) },
				"SignURL": func() error {
					_, err := s.SignURL(t.Context(), "k",
						&storage.SignOptions{})
					return err
				},
			} {
				start := clock.Now()
				e := wantError(t, name, call(), kind, false)
				if d := clock.Now() - start; d > 5*time.Second {
					t.Errorf("%s: it took %v", name, d)
				}
				if e.Err == nil || !strings.Contains(e.Err.Error(),
					"the default chain of Entra ID") {
					t.Errorf("%s: %v", name, e)
				}
			}
			if n := len(srv.Seen()); n != 0 {
				t.Errorf("%d requests without credentials", n)
			}
		})
	}
}

// denying is a credential of the caller's that gives no token.
type denying struct{ err error }

func (d denying) GetToken(context.Context, policy.TokenRequestOptions) (azcore.AccessToken, error) {
	return azcore.AccessToken{}, d.err
}

// What a caller's own credential says is classified by what its error holds.
func TestOwnCredential(t *testing.T) {
	answer := func(status int) *http.Response {
		return &http.Response{StatusCode: status,
			Body: http.NoBody}
	}
	for name, tc := range map[string]struct{ err, kind error }{
		"refused": {&azidentity.AuthenticationFailedError{RawResponse: answer(404)},
			storage.ErrPermission},
		"in trouble": {&azidentity.AuthenticationFailedError{RawResponse: answer(503)},
			storage.ErrUnavailable},
		"an answer": {&azcore.ResponseError{StatusCode: 404, ErrorCode: "BlobNotFound"},
			storage.ErrPermission},
		"no file": {&os.PathError{Op: "open", Path: "token", Err: os.ErrNotExist},
			storage.ErrPermission},
		"unreachable": {&url.Error{Op: "Get", URL: "http://x?secret=" + stubToken, Err: errSource},
			storage.ErrUnavailable},
	} {
		srv := newTLSStub(t, answerOK)
		s := mustNew(t, "bucket", &Options{Endpoint: srv.URL + "/" + stubAccount,
			Credential: denying{tc.err}, HTTPClient: srv.Client()})
		for _, call := range []string{"Get", "Put", "Stat", "Delete"} {
			wantError(t, name+": "+call, calls[call](t.Context(), s), tc.kind, false)
		}
	}
}

// Silence where a metadata service could be, and nothing speaks of one, is the lack of credentials.
func TestSilentMetadata(t *testing.T) {
	cleanEnvironment(t)
	silence := &net.OpError{Op: "dial", Err: os.ErrDeadlineExceeded}
	said := errors.New("managed identity timed out") // all that the SDK keeps of it
	ask := func(at string) *httpdriver.Asked {
		ctx, asked := httpdriver.Ask(t.Context())
		transport := &httpdriver.CredentialsTransport{
			Base: roundTripper(func(*http.Request) (*http.Response, error) { return nil, silence }),
		}
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, at, nil)
		if err != nil {
			t.Fatal(err)
		}
		if resp, err := transport.RoundTrip(req); err == nil {
			resp.Body.Close()
		}
		return asked
	}
	tokens, err := newTokens(nil)
	if err != nil {
		t.Fatal(err)
	}
	if e := tokens.failure(ask("http://"+metadataHost+"/x"),
		said); e.Kind != storage.ErrPermission {
		t.Errorf("at the default address: %v", e.Kind)
	}
	if e := tokens.failure(ask("http://10.0.0.1/x"), said); e.Kind != storage.ErrUnavailable {
		t.Errorf("at another address: %v", e.Kind)
	}
	tokens.TokenCredential = stubCredential{}
	if _, err := tokens.GetToken(t.Context(), policy.TokenRequestOptions{}); err != nil {
		t.Fatal(err)
	}
	if e := tokens.failure(ask("http://"+metadataHost+"/x"),
		said); e.Kind != storage.ErrUnavailable {
		t.Errorf("after a token: %v", e.Kind)
	}
	tokens, err = newTokens(nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("AZURE_CLIENT_ID", "id")
	if e := tokens.failure(ask("http://"+metadataHost+"/x"),
		said); e.Kind != storage.ErrUnavailable {
		t.Errorf("with an identity that is named: %v", e.Kind)
	}
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// What files and environments add around a secret is not part of it; what cannot be one is named at
// once, and never sent.
func TestUntidySecrets(t *testing.T) {
	srv := newStub(t, answerOK)
	endpoint := srv.URL + "/" + stubAccount
	connection := "AccountName=" + stubAccount + ";BlobEndpoint=" + endpoint + ";"
	for name, tc := range map[string]struct {
		tidy, broken Options
		env          map[string]string // of the broken one
	}{
		"Key": {Options{Key: " " + stubKey + "\r\n"}, Options{Key: "ab\ncd"},
			map[string]string{envKey: "ab\ncd"}},
		"SASToken": {Options{SASToken: "\t?" + stubSAS + "\n"}, Options{SASToken: "sv=1&sig=a\nb"},
			map[string]string{envSAS: "sv=1&sig=a\nb"}},
		"AccountKey": {Options{ConnectionString: " " + connection + "AccountKey=" + stubKey +
			" \n"},
			Options{ConnectionString: connection + "AccountKey=ab\ncd"}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			cleanEnvironment(t)
			for _, o := range []*Options{&tc.tidy, &tc.broken} {
				o.HTTPClient = srv.Client()
				if o.ConnectionString == "" {
					o.Endpoint = endpoint
				}
			}
			if err := calls["Stat"](t.Context(), mustNew(t, "bucket", &tc.tidy)); err != nil {
				t.Errorf("Stat: %v", err)
			}
			_, err := New(t.Context(), "bucket", &tc.broken)
			e := wantError(t, "New", err, storage.ErrInvalid, false)
			if want := strings.TrimPrefix(name, "Account"); !strings.Contains(e.Error(), want) {
				t.Errorf("the error does not name %s: %v", want, e)
			}
			for name, v := range tc.env {
				t.Setenv(name, v)
				_, err := New(t.Context(), "bucket", &Options{Endpoint: endpoint})
				wantError(t, "New, by the environment", err, storage.ErrInvalid, false)
			}
		})
	}
}

// A refusal of a user delegation key is not one of an object.
func TestDelegationIsNoObject(t *testing.T) {
	for status, kind := range map[int]error{404: storage.ErrPermission, 412: storage.ErrPermission,
		503: storage.ErrUnavailable} {
		s, _ := entraStore(t, func(w http.ResponseWriter,
			_ *stub.Request) {
			w.WriteHeader(status)
		})
		_, err := s.SignURL(t.Context(), "k", &storage.SignOptions{})
		wantError(t, fmt.Sprint("SignURL ", status), err, kind, false)
	}
}
