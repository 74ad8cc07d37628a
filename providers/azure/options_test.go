package azure

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/polystore/storage"
	"github.com/polystore/storage/internal/calmclock"
	"github.com/polystore/storage/internal/stub"
)

// What the options, the URL and the environment say comes out as the right host and path, signed in
// the right way.
func TestAddressing(t *testing.T) {
	const connection = "DefaultEndpointsProtocol=https;AccountName=acct;AccountKey=c2VjcmV0;EndpointSuffix=core.windows.net"
	for _, test := range []struct {
		name   string
		o      Options
		env    map[string]string
		host   string // scheme://host
		path   string // of the request for k
		signed string // the beginning of Authorization, "sas" or ""
	}{
		{"account and key", Options{Account: "acct", Key: "c2VjcmV0"}, nil,
			"https://acct.blob.core.windows.net", "/bucket/k", "SharedKey acct:"},
		{"connection string", Options{ConnectionString: connection}, nil,
			"https://acct.blob.core.windows.net", "/bucket/k", "SharedKey acct:"},
		{"connection string of another cloud",
			Options{ConnectionString: "AccountName=acct;AccountKey=c2VjcmV0;EndpointSuffix=core.chinacloudapi.cn;"}, nil,
			"https://acct.blob.core.chinacloudapi.cn", "/bucket/k", "SharedKey acct:"},
		{"connection string with endpoint",
			Options{ConnectionString: "BlobEndpoint=http://127.0.0.1:1234/dev/;AccountName=dev;AccountKey=c2VjcmV0"}, nil,
			"http://127.0.0.1:1234", "/dev/bucket/k", "SharedKey dev:"},
		{"connection string with SAS",
			Options{ConnectionString: "BlobEndpoint=https://acct.blob.core.windows.net/;SharedAccessSignature=sv=1&sig=x%3D"}, nil,
			"https://acct.blob.core.windows.net", "/bucket/k", "sas"},
		{"development storage", Options{ConnectionString: "UseDevelopmentStorage=true"}, nil,
			"http://127.0.0.1:10000", "/devstoreaccount1/bucket/k", "SharedKey devstoreaccount1:"},
		{"development storage elsewhere",
			Options{ConnectionString: "UseDevelopmentStorage=true;DevelopmentStorageProxyUri=http://azurite"}, nil,
			"http://azurite:10000", "/devstoreaccount1/bucket/k", "SharedKey devstoreaccount1:"},
		{"emulator", Options{LocalEmulator: true}, nil, "http://127.0.0.1:10000",
			"/devstoreaccount1/bucket/k", "SharedKey devstoreaccount1:"},
		{"local domain", Options{Domain: "localhost:10001", Account: "a1", Anonymous: true}, nil,
			"http://localhost:10001", "/a1/bucket/k", ""},
		{"SAS", Options{Account: "acct", SASToken: "?sv=1&sig=x"}, nil,
			"https://acct.blob.core.windows.net", "/bucket/k", "sas"},
		{"anonymous", Options{Account: "acct", Anonymous: true}, nil,
			"https://acct.blob.core.windows.net", "/bucket/k", ""},
		{"token", Options{Account: "acct", Credential: stubCredential{}}, nil,
			"https://acct.blob.core.windows.net", "/bucket/k", "Bearer "},
		{"domain", Options{Account: "acct", Domain: "blob.core.usgovcloudapi.net", Anonymous: true},
			nil, "https://acct.blob.core.usgovcloudapi.net", "/bucket/k", ""},
		{"CDN", Options{Domain: "cdn.example.com", CDN: true, Anonymous: true}, nil,
			"https://cdn.example.com", "/bucket/k", ""},
		{"endpoint", Options{Endpoint: "https://acct.blob.storage.azure.net/", Key: "c2VjcmV0"},
			nil, "https://acct.blob.storage.azure.net", "/bucket/k", "SharedKey acct:"},
		{"endpoint of the second region",
			Options{Endpoint: "https://acct-secondary.blob.core.windows.net", Key: "c2VjcmV0"}, nil,
			"https://acct-secondary.blob.core.windows.net", "/bucket/k", "SharedKey acct:"},
		{"environment", Options{}, map[string]string{envAccount: "acct", envKey: "c2VjcmV0"},
			"https://acct.blob.core.windows.net", "/bucket/k", "SharedKey acct:"},
		{"environment, SAS", Options{}, map[string]string{envAccount: "acct", envSAS: "sv=1&sig=x"},
			"https://acct.blob.core.windows.net", "/bucket/k", "sas"},
		{"environment, connection", Options{}, map[string]string{envConnection: connection},
			"https://acct.blob.core.windows.net", "/bucket/k", "SharedKey acct:"},
		{"environment, domain", Options{Anonymous: true}, map[string]string{envAccount: "acct",
			envDomain: "blob.example.com", envProtocol: "http"}, "http://acct.blob.example.com",
			"/bucket/k", ""},
		{"environment, emulator", Options{}, map[string]string{envEmulator: "true",
			envDomain: "localhost:10001"}, "http://localhost:10001", "/devstoreaccount1/bucket/k",
			"SharedKey devstoreaccount1:"},
		{"options before environment", Options{Account: "mine", Anonymous: true},
			map[string]string{envAccount: "acct", envKey: "c2VjcmV0"},
			"https://mine.blob.core.windows.net", "/bucket/k", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			cleanEnvironment(t)
			for name, v := range test.env {
				t.Setenv(name, v)
			}
			srv := newStub(t, answerOK)
			rt := &stub.Everywhere{Server: srv.Server}
			o := test.o
			o.HTTPClient = &http.Client{Transport: rt}
			if _, err := mustNew(t,
				"bucket", &o).Stat(t.Context(), "k", &storage.StatOptions{}); err != nil {
				t.Fatal(err)
			}
			r := srv.One(t)
			signed := r.Header.Get("Authorization")
			if r.URL.Query().Get("sig") != "" {
				signed = "sas"
			}
			if rt.Last() != test.host || r.URL.Path != test.path ||
				!strings.HasPrefix(signed, test.signed) || signed != "" && test.signed == "" {
				t.Errorf("%s%s signed %.20q, want %s%s signed %q", rt.Last(), r.URL.Path, signed,
					test.host, test.path, test.signed)
			}
		})
	}
}

// A key of the environment's account is not tried on another one.
func TestForeignKey(t *testing.T) {
	cleanEnvironment(t)
	t.Setenv(envAccount, "acct")
	t.Setenv(envKey, "c2VjcmV0")
	s := mustNew(t, "bucket", &Options{Account: "other"})
	if s.key != nil || s.token == nil {
		t.Error("the key of acct is used for other")
	}
}

// What the environment has is for its own account, whichever way another one is named.
func TestForeignEnvironment(t *testing.T) {
	const connection = "AccountName=acct;AccountKey=c2VjcmV0"
	for _, test := range []struct {
		name string
		env  map[string]string
		o    Options
		url  string
		own  bool // the environment's credentials are used
	}{
		{"connection string of another account", map[string]string{envConnection: connection},
			Options{Account: "other"}, "https://other.blob.core.windows.net/bucket", false},
		{"connection string of the account", map[string]string{envConnection: connection},
			Options{Account: "acct"}, "https://acct.blob.core.windows.net/bucket", true},
		{"key, another endpoint", map[string]string{envAccount: "acct", envKey: "c2VjcmV0"},
			Options{Endpoint: "https://other.blob.core.windows.net"},
			"https://other.blob.core.windows.net/bucket", false},
		{"signature, another endpoint", map[string]string{envAccount: "acct", envSAS: stubSAS},
			Options{Endpoint: "https://other.blob.core.windows.net"},
			"https://other.blob.core.windows.net/bucket", false},
		{"key, the account's endpoint", map[string]string{envAccount: "acct", envKey: "c2VjcmV0"},
			Options{Endpoint: "https://acct.blob.storage.azure.net"},
			"https://acct.blob.storage.azure.net/bucket", true},
	} {
		t.Run(test.name, func(t *testing.T) {
			cleanEnvironment(t)
			for name, v := range test.env {
				t.Setenv(name, v)
			}
			s := mustNew(t, "bucket", &test.o)
			if own := s.key != nil || s.sas != nil; own != test.own ||
				s.Client().URL() != test.url {
				t.Errorf("%s, the environment's credentials: %v", s.Client().URL(), own)
			}
		})
	}
}

// A URL of Hadoop has the whole host, and the environment no say in it.
func TestHadoopURLNamesItsHost(t *testing.T) {
	for _, env := range []map[string]string{
		{envCDN: "true"}, {envEmulator: "true"}, {envDomain: "blob.example.com"},
		{envProtocol: "http"}, {envAccount: "other"},
	} {
		cleanEnvironment(t)
		for name, v := range env {
			t.Setenv(name, v)
		}
		b, err := storage.Open(t.Context(), "abfss://bucket@acct.dfs.core.windows.net?anonymous")
		if err != nil {
			t.Errorf("%v: %v", env, err)
			continue
		}
		got := b.Store().(*Store).Client().URL()
		if got != "https://acct.blob.core.windows.net/bucket" {
			t.Errorf("%v: %s", env, got)
		}
		b.Close()
	}
}

func TestURLs(t *testing.T) {
	for _, test := range []struct {
		url, want, prefix string // want is the URL of the container; an error if it has a space
	}{
		{"az://bucket?storage_account=acct&anonymous=true",
			"https://acct.blob.core.windows.net/bucket", ""},
		{"azblob://bucket/some/prefix?storage_account=acct&anonymous",
			"https://acct.blob.core.windows.net/bucket", "some/prefix/"},
		{"az://bucket?localemu=true", "http://127.0.0.1:10000/devstoreaccount1/bucket", ""},
		{"az://bucket?localemu=true&domain=localhost:10001&protocol=https&storage_account=a1&anonymous", "https://localhost:10001/a1/bucket", ""},
		{"az://bucket?domain=cdn.example.com&cdn=true&anonymous", "https://cdn.example.com/bucket",
			""},
		{"az://bucket?endpoint=http://127.0.0.1:1/acct&anonymous&api_version=2025-11-05",
			"http://127.0.0.1:1/acct/bucket", ""},
		{"abfss://bucket@acct.dfs.core.windows.net/p?anonymous",
			"https://acct.blob.core.windows.net/bucket", "p/"},
		{"abfs://bucket@acct.dfs.core.chinacloudapi.cn?anonymous",
			"https://acct.blob.core.chinacloudapi.cn/bucket", ""},
		{"abfs://bucket@acct.blob.core.windows.net?anonymous",
			"https://acct.blob.core.windows.net/bucket", ""},
		{"abfs://bucket?storage_account=acct&anonymous",
			"https://acct.blob.core.windows.net/bucket", ""},
		{"az://bucket?anonymous", "error: no storage account", ""},
		{"az://?storage_account=acct", "error: no container", ""},
		{"az://Bucket?storage_account=acct", "error: container \"Bucket\"", ""},
		{"az://bu--cket?storage_account=acct", "error: container \"bu--cket\"", ""},
		{"az://bucket?storage_account=acct.blob.core.windows.net", "error: it is the name alone",
			""},
		{"az://bucket?storage_account=https://acct", "error: it is the name alone", ""},
		{"az://bucket?account_key=c2VjcmV0", "error: unknown parameter \"account_key\"", ""},
		{"az://bucket?protocol=ftp&storage_account=acct", "error: not http or https", ""},
		{"az://user:secret@bucket", "error: credentials", ""},
		{"az://user@bucket", "error: credentials", ""},
		{"abfss://bucket:secret@acct.dfs.core.windows.net", "error: credentials", ""},
		{"abfss://bucket@acct", "error: container@account", ""},
		{"abfss://bucket@acct.dfs.core.windows.net?storage_account=other",
			"error: no storage_account", ""},
		{"az://bucket?endpoint=http://127.0.0.1/a%3Fsig=secret&anonymous",
			"error: credentials in Endpoint", ""},
		{"az://bucket?endpoint=ftp://127.0.0.1/a&anonymous", "error: Endpoint is not", ""},
	} {
		cleanEnvironment(t)
		b, err := storage.Open(t.Context(), test.url)
		if want, bad := strings.CutPrefix(test.want, "error: "); bad {
			if !errors.Is(err, storage.ErrInvalid) || !strings.Contains(err.Error(), want) ||
				strings.Contains(err.Error(), "secret") {
				t.Errorf("%s: %v, want ErrInvalid with %q", test.url, err, want)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", test.url, err)
			continue
		}
		s, prefix := b.Store().(*Store), b.StoreKey("")
		if got := s.Client().URL(); got != test.want || prefix != test.prefix {
			t.Errorf("%s: %s, prefix %q, want %s, %q", test.url, got, prefix, test.want,
				test.prefix)
		}
		s.Close()
	}
}

func TestBadOptions(t *testing.T) {
	cleanEnvironment(t)
	for name, o := range map[string]*Options{
		"two ways":         {Account: "acct", Key: "c2VjcmV0", Anonymous: true},
		"key that is none": {Account: "acct", Key: "not base64!" + stubSecret},
		"SAS that is none": {Account: "acct", SASToken: stubSecret},
		"SAS that is a URL": {Account: "acct",
			SASToken: "https://acct.blob.core.windows.net/?" + stubSecret},
		"connection string":          {ConnectionString: stubSecret},
		"connection without key":     {ConnectionString: "AccountName=acct"},
		"connection without account": {ConnectionString: "AccountKey=c2VjcmV0"},
		"connection and account": {ConnectionString: "AccountName=acct;AccountKey=c2VjcmV0",
			Account: "acct"},
		"account in connection":         {ConnectionString: "AccountName=acct.blob;AccountKey=c2VjcmV0"},
		"endpoint and domain":           {Endpoint: "http://127.0.0.1/a", Domain: "x"},
		"endpoint that is none":         {Endpoint: "http://%zz" + stubSecret, Anonymous: true},
		"domain with a path":            {Account: "acct", Domain: "blob.core.windows.net/x"},
		"upper-case account":            {Account: "Acct"},
		"CDN and emulator":              {CDN: true, LocalEmulator: true},
		"no account":                    nil,
		"key, and an endpoint for none": {Endpoint: "http://localhost", Key: "c2VjcmV0"},
	} {
		s, err := New(t.Context(), "bucket", o)
		if s != nil {
			t.Errorf("%s: a Store beside the error", name)
		}
		wantError(t, name, err, storage.ErrInvalid, false)
	}
	for name, v := range map[string]string{
		envAccount: "acct.blob.core.windows.net", envDomain: "https://blob.core.windows.net",
		envProtocol: "ftp", envConnection: stubSecret, envSAS: stubSecret,
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv(envAccount, "acct")
			t.Setenv(name, v)
			_, err := New(t.Context(), "bucket", nil)
			wantError(t, "New", err, storage.ErrInvalid, false)
		})
	}
	t.Setenv(envCDN, "perhaps")
	_, err := New(t.Context(), "bucket", nil)
	wantError(t, "environment", err, storage.ErrInvalid, false)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = New(ctx, "bucket", &Options{LocalEmulator: true})
	wantError(t, "ended context", err, nil, false)
}

// The lack of credentials is named within 5 seconds, and costs the service nothing.
func TestMissingCredentials(t *testing.T) {
	s, srv := entraStore(t, answerOK)
	s.Close()
	t.Setenv("PATH", t.TempDir()) // no command line tools
	s = mustNew(t, "bucket", &Options{Account: stubAccount,
		HTTPClient: &http.Client{Transport: &stub.Everywhere{Server: srv.Server}}})
	clock := calmclock.Start()
	defer clock.Close()
	for name, call := range map[string]func() error{
		"Put":  func() error { return calls["Put"](t.Context(), s) },
		"Copy": func() error { return calls["Copy"](t.Context(), s) },
		"SignURL": func() error {
			_,
				err := s.SignURL(t.Context(), "k", &storage.SignOptions{})
			return err
		},
	} {
		start := clock.Now()
		e := wantError(t, name, call(), storage.ErrPermission, false)
		if d := clock.Now() - start; d > 5*time.Second {
			t.Errorf("%s: it took %v to notice", name, d)
		}
		if e.Err == nil || !strings.HasPrefix(e.Err.Error(), "no credentials: ") {
			t.Errorf("%s: %v", name, e)
		}
	}
	if n := len(srv.Seen()); n != 0 {
		t.Errorf("%d requests without credentials", n)
	}
}

// A token never goes over plain HTTP.
func TestTokenNeedsTLS(t *testing.T) {
	srv := newStub(t, answerOK)
	s := mustNew(t, "bucket", &Options{Endpoint: srv.URL + "/" + stubAccount,
		Credential: stubCredential{}, HTTPClient: srv.Client()})
	wantError(t, "Put", calls["Put"](t.Context(), s), storage.ErrInvalid, false)
	wantError(t, "Copy", calls["Copy"](t.Context(), s), storage.ErrInvalid, false)
	if n := len(srv.Seen()); n != 0 {
		t.Errorf("%d requests", n)
	}
}

// A secret that is given in the wrong place is not in the error that says so.
func TestSASInTheWrongPlace(t *testing.T) {
	cleanEnvironment(t)
	const leak = "https://acct.blob.core.windows.net/bucket?" + stubSAS
	for name, o := range map[string]*Options{
		"Account": {Account: leak}, "Domain": {Domain: leak, Account: "acct"},
		"Endpoint": {Endpoint: leak}, "APIVersion": {Account: "acct", Anonymous: true,
			APIVersion: leak},
		"connection": {ConnectionString: "AccountName=" + leak + ";AccountKey=c2VjcmV0"},
		"Key":        {Account: "acct", Key: leak}, "Protocol": {Protocol: leak},
	} {
		_, err := New(t.Context(), "bucket", o)
		wantError(t, name, err, storage.ErrInvalid, false)
	}
	_, err := New(t.Context(), leak, &Options{Account: "acct"})
	wantError(t, "container", err, storage.ErrInvalid, false)
}

// A signature that was read from a file has a line end behind it.
func TestSASFromAFile(t *testing.T) {
	srv := newStub(t, answerOK)
	o := srv.options()
	o.Key, o.SASToken = "", "?"+stubSAS+"\n"
	s := mustNew(t, "bucket", o)
	if err := calls["Stat"](t.Context(), s); err != nil {
		t.Error(err)
	}
}
