package gcs

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"github.com/polystore/storage"
	"github.com/polystore/storage/conformance/fault"
	"github.com/polystore/storage/internal/gcsfake"
	"github.com/polystore/storage/internal/hostile"
)

const hostileToken = "token-that-must-not-show"

func hostileProvider(t testing.TB) *hostile.Provider {
	t.Helper()
	cleanEnvironment(t)
	key := signerPEM(t)
	return &hostile.Provider{
		Bases:   []string{"/bucket", "/storage/v1/b/bucket/o", "/upload/storage/v1/b/bucket/o"},
		Lists:   "GCS",
		Secrets: []string{hostileToken, string(key)},
		Open: func(
			ctx context.Context, endpoint string, client *http.Client,
		) (storage.Store, error) {
			return New(ctx, "bucket", hostileOptions(key, endpoint, client))
		},
	}
}

func hostileOptions(key []byte, endpoint string, client *http.Client) *Options {
	return &Options{
		Endpoint: endpoint, Credentials: withToken(hostileToken), AccessID: signerName,
		PrivateKey: key, HTTPClient: client,
	}
}

// Who gives out tokens cannot have the request sent on, whose headers or body are credentials
// themselves, and cannot answer without an end.
func TestCredentialsGoNowhereElse(t *testing.T) {
	f := startFake(t, gcsfake.Options{})
	for name, file := range map[string]func(t *testing.T, at string) string{
		"service account": keyFile, "workload identity": externalFile, "metadata server": nil,
	} {
		t.Run(name, func(t *testing.T) {
			hostile.Givers(t, func(t *testing.T, at string) storage.Store {
				cleanEnvironment(t)
				o := &Options{Endpoint: f.URL, HTTPClient: f.options.HTTPClient}
				if file == nil {
					t.Setenv("GCE_METADATA_HOST", strings.TrimPrefix(at, "http://"))
				} else {
					o.CredentialsFile = file(t, at)
				}
				return mustNew(t, f.bucket, o)
			})
		})
	}
}

func TestRedirects(t *testing.T)    { hostileProvider(t).Redirects(t) }
func TestSelfSigned(t *testing.T)   { hostileProvider(t).SelfSigned(t) }
func TestCertificates(t *testing.T) { hostileProvider(t).Certificates(t) }
func TestFloods(t *testing.T)       { hostileProvider(t).Floods(t) }

func TestHostileKeys(t *testing.T) { hostileProvider(t).Keys(t) }

func TestHostileURLs(t *testing.T) {
	key := signerPEM(t)
	hostileProvider(t).URLs(t, "gs", func(endpoint string, client *http.Client) storage.Opener {
		return NewOpener(hostileOptions(key, endpoint, client))
	}, "//bucket?user_project=a&user_project=b")
}

func TestHeaderInjection(t *testing.T) { hostileProvider(t).Headers(t) }

func TestSecretsUnderFaults(t *testing.T) {
	p, key := hostileProvider(t), signerPEM(t)
	f := startFake(t, gcsfake.Options{Tokens: map[string]bool{hostileToken: true}})
	p.Told(t)
	p.Open = func(ctx context.Context, at string, client *http.Client) (storage.Store, error) {
		return New(ctx, f.bucket, hostileOptions(key, at, client))
	}
	p.Secret(t, hostile.Service{
		URL: f.URL, Client: f.options.HTTPClient, Dialect: fault.GCS,
	})
}

func FuzzAnswers(f *testing.F) { hostileProvider(f).Answers(f) }
