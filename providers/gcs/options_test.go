package gcs

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/polystore/storage"
	"github.com/polystore/storage/internal/calmclock"
	"github.com/polystore/storage/internal/gcsfake"
)

// cleanEnvironment leaves nothing of Google in it, and a metadata server that is not there.
func cleanEnvironment(t testing.TB) {
	t.Helper()
	for _, name := range []string{
		"GOOGLE_APPLICATION_CREDENTIALS", "GOOGLE_CLOUD_PROJECT", "GOOGLE_CLOUD_QUOTA_PROJECT",
		"GOOGLE_CLOUD_UNIVERSE_DOMAIN",
		"GOOGLE_API_USE_CLIENT_CERTIFICATE", "STORAGE_EMULATOR_HOST", "CLOUDSDK_CONFIG",
	} {
		t.Setenv(name, "")
	}
	home := t.TempDir()
	t.Setenv("HOME", home)
	t.Setenv("APPDATA", home)
	t.Setenv("GCE_METADATA_HOST", "127.0.0.1:1")
}

// Without credentials that is said, soon. A metadata server that somebody named and that refuses
// connections is not up yet.
func TestNoCredentials(t *testing.T) {
	cleanEnvironment(t)
	clock := calmclock.Start()
	defer clock.Close()
	s, err := New(t.Context(), "bucket", nil)
	if err == nil {
		defer s.Close()
		_, err = s.Stat(t.Context(), "k", &storage.StatOptions{})
	}
	if !errors.Is(err, storage.ErrUnavailable) || !strings.Contains(err.Error(), "no credentials") {
		t.Errorf("Stat: %v, want %v", err, storage.ErrUnavailable)
	}
	if took := clock.Now(); took > 5*time.Second {
		t.Errorf("it took %v to say so", took)
	}
	_, err = storage.New(s, nil).SignURL(t.Context(), "k", nil)
	if err == nil || strings.Contains(err.Error(), "X-Goog-Signature") {
		t.Errorf("SignURL: %v", err)
	}
}

// A key file that is not one is said to be none, and so is one that is not there.
func TestBadCredentialsFile(t *testing.T) {
	cleanEnvironment(t)
	dir := t.TempDir()
	for name, content := range map[string]string{"text": "no JSON", "array": "[]", "untyped": "{}",
		"unknown": `{"type":"x"}`, "keyless": `{"type":"service_account"}`} {
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := New(t.Context(), "bucket", &Options{CredentialsFile: file})
		wantKind(t, name, err, storage.ErrInvalid)
		t.Setenv("GOOGLE_APPLICATION_CREDENTIALS", file)
		_, err = New(t.Context(), "bucket", nil)
		wantKind(t, name+" by GOOGLE_APPLICATION_CREDENTIALS", err, storage.ErrInvalid)
	}
	_, err := New(t.Context(), "bucket", &Options{CredentialsFile: filepath.Join(dir, "missing")})
	if wantKind(t, "missing", err, storage.ErrInvalid); errors.Is(err, storage.ErrNotExist) {
		t.Error("a missing file reads as a missing object")
	}
}

// A server of tokens that is not there, or in trouble, is an unavailable service, to be tried
// again; one that refuses is a want of permission.
func TestTokenServer(t *testing.T) {
	cleanEnvironment(t)
	status := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter,
		r *http.Request) {
		w.WriteHeader(status)
	}))
	f := startFake(t, gcsfake.Options{})
	get := func() error {
		s := mustNew(t, f.bucket, &Options{Endpoint: f.URL, CredentialsFile: keyFile(t, server.URL),
			HTTPClient: f.options.HTTPClient})
		_, err := s.Put(t.Context(), "k", strings.NewReader("x"), 1, &storage.PutOptions{})
		return err
	}
	status = http.StatusBadRequest
	wantKind(t, "a refusal", get(), storage.ErrPermission)
	server.Close()
	if e := wantKind(t, "a server that is not there", get(), storage.ErrUnavailable); e.InDoubt ||
		strings.Contains(e.Error(), "assertion") {
		t.Errorf("a server that is not there: %+v", e)
	}
}

// keyFile is that of a service account whose tokens are to be had from the server at url.
func keyFile(t *testing.T, url string) string {
	t.Helper()
	content, err := json.Marshal(map[string]string{
		"type": "service_account", "client_email": signerName, "private_key": string(signerPEM(t)),
		"private_key_id": "1", "project_id": "p",
		"token_uri": url,
	})
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "key.json")
	if err := os.WriteFile(file, content, 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// A service account's key file signs with its key.
func TestSignByKeyFile(t *testing.T) {
	cleanEnvironment(t)
	file := keyFile(t, "http://127.0.0.1:1/token")
	f := startFake(t, gcsfake.Options{})
	put(t, f.open(t), "k", "content", storage.PutOptions{})
	s := mustNew(t, f.bucket, &Options{Endpoint: f.URL, CredentialsFile: file,
		HTTPClient: f.options.HTTPClient})
	u, err := s.SignURL(t.Context(), "k", &storage.SignOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if got, err := followed(t, u); err != nil || got != "content" {
		t.Errorf("GET of the signed URL = %q, %v", got, err)
	}
}

// Who can sign, and as whom.
func TestSigners(t *testing.T) {
	key := string(signerPEM(t))
	user := `{"type":"authorized_user","client_id":"x"}`
	account := `{"type":"service_account","client_email":"file@p","private_key":` + quote(key) + `}`
	impersonated := `{"type":"impersonated_service_account","service_account_impersonation_url":` +
		`"https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/target@p:generateAccessToken"}`
	for name, test := range map[string]struct {
		o     Options
		file  string
		email string
		key   bool
		none  bool
	}{
		"user":        {file: user, none: true},
		"user, as":    {o: Options{AccessID: "other@p"}, file: user, email: "other@p"},
		"account":     {file: account, email: "file@p", key: true},
		"account, as": {o: Options{AccessID: "other@p"}, file: account, email: "other@p"},
		"account, itself": {o: Options{AccessID: "file@p"}, file: account, email: "file@p",
			key: true},
		"impersonated": {file: impersonated, email: "target@p"},
		"machine":      {},
		"given": {o: Options{AccessID: "other@p", PrivateKey: []byte(key)}, file: user,
			email: "other@p", key: true},
		"caller's": {o: Options{Credentials: withToken("x")}, none: true},
	} {
		s, err := signerOf(&test.o, []byte(test.file))
		switch {
		case err != nil:
			t.Errorf("%s: %v", name, err)
		case test.none && s != nil, !test.none && (s == nil || s.email != test.email ||
			(s.key != nil) != test.key):
			t.Errorf("%s: %+v", name, s)
		}
	}
	_, err := signerOf(&Options{AccessID: "x", PrivateKey: []byte("no PEM")}, nil)
	wantKind(t, "a key that is none", err, storage.ErrInvalid)
	s := mustNew(t, "bucket", &Options{Anonymous: true})
	_, err = s.SignURL(t.Context(), "k", &storage.SignOptions{})
	wantKind(t, "SignURL without credentials", err, errors.ErrUnsupported)
}

// On a machine of Google's the metadata server gives the token, and the name that IAM signs for.
func TestMachine(t *testing.T) {
	cleanEnvironment(t)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Metadata-Flavor", "Google")
		switch path := strings.TrimPrefix(r.URL.Path, "/computeMetadata/v1/"); path {
		case "instance/service-accounts/default/token":
			io.WriteString(w, `{"access_token":"good","expires_in":3600,"token_type":"Bearer"}`)
		case "instance/service-accounts/default/email":
			io.WriteString(w, signerName)
		case "universe/universe-domain":
			io.WriteString(w, defaultUniverse)
		default:
			http.NotFound(w, r)
		}
	}))
	t.Cleanup(server.Close)
	t.Setenv("GCE_METADATA_HOST", strings.TrimPrefix(server.URL, "http://"))
	f, h := startHooked(t)
	f.options.Credentials, f.options.AccessID, f.options.PrivateKey = nil, "", nil
	s := f.open(t)
	put(t, s, "k", "content", storage.PutOptions{})
	h.once(func(r *http.Request) bool {
		return r.URL.Path == "/v1/projects/-/serviceAccounts/"+signerName+":signBlob"
	},
		say(http.StatusOK, nil, `{"signedBlob":"AAAA"}`))
	u, err := s.SignURL(t.Context(), "k", &storage.SignOptions{})
	if err != nil || !strings.Contains(u.URL, "X-Goog-Signature=000000") {
		t.Errorf("SignURL: %v", err)
	}
}

func quote(s string) string {
	b, _ := json.Marshal(s)
	return string(b)
}

func TestBadOptions(t *testing.T) {
	cleanEnvironment(t)
	for name, o := range map[string]*Options{
		"two ways":          {Anonymous: true, CredentialsFile: "x"},
		"key without name":  {Anonymous: true, PrivateKey: []byte("x")},
		"batch":             {Anonymous: true, BatchSize: 1001},
		"endpoint":          {Anonymous: true, Endpoint: "http://host/path"},
		"endpoint's scheme": {Anonymous: true, Endpoint: "ftp://host"},
		"endpoint's user":   {Anonymous: true, Endpoint: "http://user:secret@host"},
		"endpoint's host":   {Anonymous: true, Endpoint: "http://:80"},
		"no URL":            {Anonymous: true, Endpoint: "http://[secret"},
	} {
		_, err := New(t.Context(), "bucket", o)
		if wantKind(t, name, err, storage.ErrInvalid); strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, bucket := range []string{"", ".", "..", "a/b", "A", "a b", "ü", "a?b"} {
		_, err := New(t.Context(), bucket, &Options{Anonymous: true})
		wantKind(t, bucket, err, storage.ErrInvalid)
	}
}

// The endpoint is what the options say, else the emulator's, else the universe's.
func TestEndpoint(t *testing.T) {
	for _, test := range []struct {
		env, universe, option string
		want                  string
		emulator              bool
	}{
		{"", "", "", "https://storage.googleapis.com", false},
		{"", "example.test", "", "https://storage.example.test", false},
		{"localhost:4443", "", "", "http://localhost:4443", true},
		{"https://localhost:4443/", "", "", "https://localhost:4443", true},
		{"localhost:4443", "", "https://other/storage/v1/", "https://other", false},
		{"", "", "other:80", "https://other:80", false},
		{"", "", "https://storage.googleapis.com:443", "https://storage.googleapis.com", false},
		{"", "", "http://[::1]:80", "http://[::1]", false},
		{"", "", "http://[::1]:4443", "http://[::1]:4443", false},
	} {
		cleanEnvironment(t)
		t.Setenv("STORAGE_EMULATOR_HOST", test.env)
		s := mustNew(t, "bucket", &Options{Endpoint: test.option, UniverseDomain: test.universe,
			Anonymous: test.env == ""})
		if s.endpoint != test.want || s.emulator != test.emulator {
			t.Errorf("%+v: endpoint %s, emulator %v", test, s.endpoint, s.emulator)
		}
	}
}

// An emulator variable that points nowhere is an unavailable service, by name and soon, and asks
// for no credentials.
func TestEmulatorNowhere(t *testing.T) {
	cleanEnvironment(t)
	t.Setenv("STORAGE_EMULATOR_HOST", "127.0.0.1:1")
	s := mustNew(t, "bucket", nil)
	_, err := s.Stat(t.Context(), "k", &storage.StatOptions{})
	if wantKind(t, "Stat", err, storage.ErrUnavailable); !strings.Contains(err.Error(),
		"127.0.0.1:1") {
		t.Errorf("Stat: %v", err)
	}
}

// The requester's project is in every request.
func TestUserProject(t *testing.T) {
	f, h := startHooked(t)
	f.options.UserProject = "payer"
	s := f.open(t)
	h.once(always, say(404, nil, ""))
	s.Stat(t.Context(), "k", &storage.StatOptions{})
	for _, r := range h.requests {
		if got := r.Header.Get("X-Goog-User-Project"); got != "payer" {
			t.Errorf("X-Goog-User-Project = %q", got)
		}
	}
	if len(h.requests) == 0 {
		t.Error("no request")
	}
}

func TestOpenURL(t *testing.T) {
	cleanEnvironment(t)
	f := startFake(t, gcsfake.Options{Tokens: map[string]bool{}})
	put(t, f.open(t), "p/k", "content", storage.PutOptions{})
	for _, scheme := range []string{"gs", "gcs"} {
		b, err := storage.Open(t.Context(), scheme+"://"+f.bucket+"/p?anonymous=true&endpoint="+
			f.URL)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := b.ReadAll(t.Context(), "k", nil); err != nil || string(got) != "content" {
			t.Errorf("ReadAll = %q, %v", got, err)
		}
		if err := b.Close(); err != nil {
			t.Error(err)
		}
	}
	t.Setenv("STORAGE_EMULATOR_HOST", strings.TrimPrefix(f.URL, "http://"))
	b, err := storage.Open(t.Context(), "gs://"+f.bucket)
	if err != nil {
		t.Fatal(err)
	}
	if ok, err := b.Exists(t.Context(), "p/k"); !ok || err != nil {
		t.Errorf("Exists by STORAGE_EMULATOR_HOST = %v, %v", ok, err)
	}
	if err := b.Close(); err != nil {
		t.Error(err)
	}
	for _, u := range []string{
		"gs://bucket?access_key=x&anonymous=true", "gs://user:secret@bucket", "gs://",
		"gs://bucket?private_key_path=/does/not/exist&anonymous=true",
		"gs://bucket?anonymous=perhaps",
	} {
		if _, err := storage.Open(t.Context(), u); !errors.Is(err, storage.ErrInvalid) ||
			strings.Contains(err.Error(), "secret") {
			t.Errorf("Open(%q): %v, want %v", u, err, storage.ErrInvalid)
		}
	}
}
