package azure

import (
	"context"
	"errors"
	"net/http"
	"testing"

	"github.com/polystore/storage"
	"github.com/polystore/storage/conformance/fault"
	"github.com/polystore/storage/internal/hostile"
	"github.com/polystore/storage/internal/stub"
)

// hostileProvider has an account's key; hostileSAS a shared access signature.
func hostileProvider(t testing.TB, set func(*Options)) *hostile.Provider {
	t.Helper()
	cleanEnvironment(t)
	return &hostile.Provider{
		Bases:   []string{"/" + stubAccount + "/bucket"},
		Lists:   "Azure",
		Secrets: []string{stubSecret, stubKey, stubToken, "stub-signature-that-must-not-show"},
		Open: func(
			ctx context.Context, endpoint string, client *http.Client,
		) (storage.Store, error) {
			o := &Options{Endpoint: endpoint + "/" + stubAccount, HTTPClient: client}
			set(o)
			return New(ctx, "bucket", o)
		},
	}
}

// Who gives out tokens cannot have the request sent on, whose header is a credential itself, and
// cannot answer without an end.
func TestCredentialsGoNowhereElse(t *testing.T) {
	hostile.Givers(t, func(t *testing.T, at string) storage.Store {
		managed(t, at)
		everywhere := &http.Client{Transport: &stub.Everywhere{Server: newStub(t, answerOK).Server}}
		return mustNew(t, "bucket", &Options{Account: stubAccount, HTTPClient: everywhere})
	})
}

// ways are the ways to authenticate.
var ways = map[string]func(*Options){
	"key": func(o *Options) { o.Key = stubKey },
	"SAS": func(o *Options) { o.SASToken = stubSAS },
}

func TestRedirects(t *testing.T) {
	for name, set := range ways {
		t.Run(name, func(t *testing.T) { hostileProvider(t, set).Redirects(t) })
	}
}

func TestSelfSigned(t *testing.T)   { hostileProvider(t, ways["key"]).SelfSigned(t) }
func TestCertificates(t *testing.T) { hostileProvider(t, ways["key"]).Certificates(t) }
func TestFloods(t *testing.T)       { hostileProvider(t, ways["key"]).Floods(t) }

func TestHostileKeys(t *testing.T) { hostileProvider(t, ways["key"]).Keys(t) }

func TestHostileURLs(t *testing.T) {
	opener := func(endpoint string, client *http.Client) storage.Opener {
		return NewOpener(&Options{
			Endpoint: endpoint + "/" + stubAccount, Key: stubKey, HTTPClient: client,
		})
	}
	p := hostileProvider(t, ways["key"])
	t.Run("az", func(t *testing.T) {
		p.URLs(t, "az", opener, "//bucket@a.dfs.core.windows.net", "//$root%2f..%2fother")
	})
	t.Run("abfss", func(t *testing.T) {
		var m storage.Mux
		m.Handle("abfss", opener("http://127.0.0.1:1", hostile.Offline(t)))
		for _, rest := range [...]string{
			"..@a.dfs.core.windows.net", "bucket%2f..%2fother@a.dfs.core.windows.net",
			"%2e%2e@a.dfs.core.windows.net", "bucket@other", "bucket@", "@a.dfs.core.windows.net",
			"bucket:word@a.dfs.core.windows.net", "bucket%40other@a.dfs.core.windows.net",
			"bucket@.dfs.core.windows.net", "bucket@a.dfs.core.windows.net?endpoint=http://other",
			"bucket@a.dfs.core.windows.net?storage_account=b", "a@b@a.dfs.core.windows.net",
			"bucket@a.dfs.core.windows.net#x", "bucket%3fx@a.dfs.core.windows.net",
			"bucket@a.dfs.core.windows.net?protocol=http://other/",
		} {
			b, err := m.Open(t.Context(), "abfss://"+rest)
			if err == nil {
				b.Close()
			}
			if !errors.Is(err, storage.ErrInvalid) {
				t.Errorf("Open(%q): %v", rest, err)
			}
		}
	})
}

func TestHeaderInjection(t *testing.T) { hostileProvider(t, ways["key"]).Headers(t) }

func TestSecretsUnderFaults(t *testing.T) {
	for name, set := range ways {
		t.Run(name, func(t *testing.T) {
			p, srv := hostileProvider(t, set), newStub(t, answerOK)
			p.Secret(t, hostile.Service{URL: srv.URL, Client: srv.Client(), Dialect: fault.Azure})
			p.Told(t)
		})
	}
}

func FuzzAnswers(f *testing.F) { hostileProvider(f, ways["key"]).Answers(f) }

// A connection string makes an endpoint or an error, without what is in it.
func FuzzConnectionString(f *testing.F) {
	f.Add("UseDevelopmentStorage=true")
	f.Add("AccountName=a;AccountKey=a2V5;EndpointSuffix=core.windows.net")
	f.Add("BlobEndpoint=https://a.blob.core.windows.net/?x;SharedAccessSignature=sv=1&sig=2")
	f.Fuzz(func(t *testing.T, text string) {
		o := &Options{ConnectionString: text}
		u, err := o.service()
		if err == nil && (u.Host == "" || u.User != nil || u.RawQuery != "") {
			t.Errorf("%q: %v", text, u)
		}
	})
}
