package s3

import (
	"context"
	"crypto/sha1"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"testing"

	"github.com/polystore/storage"
	"github.com/polystore/storage/conformance/fault"
	"github.com/polystore/storage/internal/hostile"
)

func hostileProvider(t testing.TB) *hostile.Provider {
	t.Helper()
	cleanEnvironment(t)
	return &hostile.Provider{
		Bases:   []string{"/bucket"},
		Lists:   "S3",
		Secrets: []string{stubSecret, stubToken},
		Open: func(
			ctx context.Context, endpoint string, client *http.Client,
		) (storage.Store, error) {
			return New(ctx, "bucket", hostileOptions(endpoint, client))
		},
	}
}

func hostileOptions(endpoint string, client *http.Client) *Options {
	return &Options{
		Region: "us-east-1", Endpoint: endpoint, Provider: "aws", PathStyle: true,
		AccessKeyID: stubKey, SecretAccessKey: stubSecret, SessionToken: stubToken,
		HTTPClient: client,
	}
}

func TestRedirects(t *testing.T)    { hostileProvider(t).Redirects(t) }
func TestSelfSigned(t *testing.T)   { hostileProvider(t).SelfSigned(t) }
func TestCertificates(t *testing.T) { hostileProvider(t).Certificates(t) }
func TestFloods(t *testing.T)       { hostileProvider(t).Floods(t) }

// Who gives out credentials cannot have the request sent on, whose headers or body are credentials
// themselves, and cannot answer without an end.
func TestCredentialsGoNowhereElse(t *testing.T) {
	token := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(token, []byte(stubSecret), 0o600); err != nil {
		t.Fatal(err)
	}
	profile := func(t *testing.T, text string) {
		if err := os.WriteFile(os.Getenv("AWS_CONFIG_FILE"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for name, set := range map[string]func(t *testing.T, at string){
		"metadata service": func(t *testing.T, at string) {
			t.Setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", at)
		},
		"container": func(t *testing.T, at string) {
			t.Setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", at+"/creds")
			t.Setenv("AWS_CONTAINER_AUTHORIZATION_TOKEN", stubSecret)
		},
		"web identity": func(t *testing.T, at string) {
			t.Setenv("AWS_ROLE_ARN", "arn:aws:iam::123456789012:role/r")
			t.Setenv("AWS_WEB_IDENTITY_TOKEN_FILE", token)
			t.Setenv("AWS_ENDPOINT_URL_STS", at)
		},
		"role": func(t *testing.T, at string) {
			t.Setenv("AWS_ENDPOINT_URL_STS", at)
			profile(t, "[default]\nrole_arn = arn:aws:iam::123456789012:role/r\n"+
				"source_profile = source\n[profile source]\naws_access_key_id = "+stubKey+
				"\naws_secret_access_key = "+stubSecret+"\n")
		},
		"Identity Center": func(t *testing.T, at string) {
			t.Setenv("AWS_ENDPOINT_URL_SSO", at)
			const start = "https://example.test/start"
			profile(t, "[default]\nsso_account_id = 1\nsso_role_name = r\n"+
				"sso_region = eu-west-1\nsso_start_url = "+start+"\n")
			cache := filepath.Join(os.Getenv("HOME"), ".aws", "sso", "cache")
			file := fmt.Sprintf("%x.json", sha1.Sum([]byte(start)))
			login := fmt.Sprintf(
				`{"accessToken":%q,"expiresAt":"2099-01-01T00:00:00Z"}`, stubSecret,
			)
			err := errors.Join(os.MkdirAll(cache, 0o700),
				os.WriteFile(filepath.Join(cache, file), []byte(login), 0o600))
			if err != nil {
				t.Fatal(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			hostile.Givers(t, func(t *testing.T, at string) storage.Store {
				cleanEnvironment(t)
				t.Setenv("HOME", t.TempDir())
				set(t, at)
				srv := newStub(t, answerOK)
				o := srv.options()
				o.AccessKeyID, o.SecretAccessKey, o.SessionToken = "", "", ""
				return mustNew(t, "bucket", o)
			})
		})
	}
}

func TestHostileKeys(t *testing.T) { hostileProvider(t).Keys(t) }

func TestHostileURLs(t *testing.T) {
	hostileProvider(t).URLs(t, "s3", func(endpoint string, client *http.Client) storage.Opener {
		return NewOpener(hostileOptions(endpoint, client))
	}, "//arn:aws:s3:us-east-1:1:accesspoint/../other", "//bucket/x:y@other:80/../z?region=a&region=b")
}

func TestHeaderInjection(t *testing.T) { hostileProvider(t).Headers(t) }

func TestSecretsUnderFaults(t *testing.T) {
	p, srv := hostileProvider(t), newStub(t, answerOK)
	p.Secret(t, hostile.Service{URL: srv.URL, Client: srv.Client(), Dialect: fault.S3})
	p.Told(t)
}

func FuzzAnswers(f *testing.F) { hostileProvider(f).Answers(f) }
