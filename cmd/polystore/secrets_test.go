package main

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"iter"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/polystore/storage/internal/gcsfake"
)

// What must not show.
const (
	plantedKey   = "planted-secret-access-key"
	plantedToken = "planted-session-token"
	plantedSAS   = "planted-shared-access-signature"
)

// mirror is a service that repeats each request in its answers, as one does that helps people to
// look for a mistake. It answers with a status, or cuts the connection for 0.
type mirror struct {
	*httptest.Server
	mu         sync.Mutex
	signatures []string // of the requests so far
}

func newMirror(t *testing.T, status int) *mirror {
	m := new(mirror)
	m.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		m.note(r)
		if status == 0 {
			panic(http.ErrAbortHandler)
		}
		var said strings.Builder
		r.Header.Write(&said)
		text := r.RequestURI + " " + strings.Join(strings.Fields(said.String()), " ")
		w.Header().Set("X-Ms-Error-Code", "AuthenticationFailed")
		w.Header().Set("Location", "http://localhost:1"+r.RequestURI+"&"+plantedSAS)
		w.WriteHeader(status)
		if strings.Contains(r.URL.Path, "/b/") || strings.HasPrefix(r.URL.Path, "/storage/") {
			quoted, _ := json.Marshal(text)
			fmt.Fprintf(w, `{"error":{"code":%d,"message":%s}}`, status, quoted)
			return
		}
		fmt.Fprintf(w, "<Error><Code>AccessDenied</Code><Message>%s</Message></Error>",
			strings.NewReplacer("&", "&amp;", "<", "&lt;").Replace(text))
	}))
	m.Config.ErrorLog = nil
	t.Cleanup(m.Close)
	return m
}

// note keeps the signature of a request, which opens the object to whoever repeats it.
func (m *mirror) note(r *http.Request) {
	m.mu.Lock()
	defer m.mu.Unlock()
	given := r.Header.Get("Authorization")
	for _, before := range []string{"Signature=", "SharedKey account:"} {
		if _, signature, ok := strings.Cut(given, before); ok {
			m.signatures = append(m.signatures, signature)
		}
	}
}

// signed are the signatures of the requests so far.
func (m *mirror) signed() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.signatures)
}

// plant puts secrets into the environment of each provider, and returns them.
func plant(t *testing.T) []string {
	dir := t.TempDir()
	for name, value := range map[string]string{
		"HOME": dir, "XDG_CACHE_HOME": dir,
		"AWS_EC2_METADATA_DISABLED": "true", "AWS_CONFIG_FILE": filepath.Join(dir, "none"),
		"AWS_SHARED_CREDENTIALS_FILE": filepath.Join(dir, "none"), "AWS_ACCESS_KEY_ID": "AKIAEXAMPLE",
		"AWS_SECRET_ACCESS_KEY": plantedKey, "AWS_SESSION_TOKEN": plantedToken,
		"GCE_METADATA_HOST": "127.0.0.1:9", "GOOGLE_CLOUD_PROJECT": "project",
		"AZURE_STORAGE_ACCOUNT": "account",
		"AZURE_STORAGE_KEY":     base64.StdEncoding.EncodeToString([]byte(plantedKey)),
	} {
		t.Setenv(name, value)
	}
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	private := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
	tokens := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprintf(w, `{"access_token":%q,"token_type":"Bearer","expires_in":3600}`, plantedToken)
	}))
	t.Cleanup(tokens.Close)
	account, err := json.Marshal(map[string]string{
		"type": "service_account", "client_email": "me@example.test", "private_key_id": "1",
		"private_key": string(private), "project_id": "project", "token_uri": tokens.URL,
	})
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "account.json")
	if err := os.WriteFile(file, account, 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("GOOGLE_APPLICATION_CREDENTIALS", file)
	return []string{
		plantedKey, plantedToken, base64.StdEncoding.EncodeToString([]byte(plantedKey)),
		base64.StdEncoding.EncodeToString(der)[:60], string(private[40:100]),
	}
}

// lines are command lines of each command; % is the URL of a bucket, with what follows as its key.
var lines = map[string][]string{
	"Ls":    {"ls --json %", "ls -r %p/"},
	"Cat":   {"cat %key"},
	"Put":   {"put --json FILE %key", "put --if-absent FILE %key", "put --if-match \"1\" FILE %key"},
	"Get":   {"get --json %key FILE.got"},
	"Cp":    {"cp --json %key %other", "cp -r --json %p/ %q/", "cp --json FILE %key"},
	"Rm":    {"rm --json %key", "rm -r --json %p/", "rm %key %other"},
	"Mb":    {"mb %"},
	"Stat":  {"stat --json %key", "stat %key"},
	"Sign":  {"sign --json %key", "sign --method PUT %key"},
	"Check": {"check --json --only read/whole %", "check --only condition/if-match %"},
	"Version": {
		"version --json",
	},
}

// allLines are the commands and their lines.
func allLines() iter.Seq2[string, string] {
	return func(yield func(command, line string) bool) {
		for command, all := range lines {
			for _, line := range all {
				if !yield(command, line) {
					return
				}
			}
		}
	}
}

// runLine runs a command line and returns all that it says.
func runLine(line, at, file string) string {
	scheme, query, _ := strings.Cut(at, "?")
	var args []string
	for _, word := range strings.Fields(line) {
		if key, ok := strings.CutPrefix(word, "%"); ok {
			word = scheme + "/" + key + "?" + query
		}
		args = append(args, strings.ReplaceAll(word, "FILE", file))
	}
	var out bytes.Buffer
	both := &locked{w: &out}
	run(args, strings.NewReader("input"), both, both)
	return out.String()
}

// locked is a writer for several goroutines.
type locked struct {
	mu sync.Mutex
	w  *bytes.Buffer
}

func (l *locked) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.w.Write(p)
}

// No command says a secret, with --json or without, whatever its service answers: not one of those
// who opened the bucket, and not the signature of a request. sign is asked for one.
func TestSecretsOfCommands(t *testing.T) {
	for f := range reflect.TypeFor[commands]().Fields() {
		if len(lines[f.Name]) == 0 {
			t.Errorf("no line of %s", f.Name)
		}
	}
	secrets := plant(t)
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, []byte("content"), 0o600); err != nil {
		t.Fatal(err)
	}
	fake := gcsfake.Start(t, gcsfake.Options{
		Buckets: []string{"bucket"}, Tokens: map[string]bool{plantedToken: true},
	})
	ends := map[string]*mirror{"works": {Server: httptest.NewUnstartedServer(nil)}}
	ends["works"].URL = fake.URL
	for _, status := range []int{0, 200, 301, 400, 403, 404} {
		ends[fmt.Sprint(status)] = newMirror(t, status)
	}
	var running sync.WaitGroup
	room := make(chan struct{}, 16)
	var said atomic.Int64
	for name, m := range ends {
		for _, bucket := range []string{
			"s3://bucket?provider=minio&region=eu-west-1&endpoint=" + url.QueryEscape(m.URL),
			"gs://bucket?endpoint=" + url.QueryEscape(m.URL),
			"az://container?endpoint=" + url.QueryEscape(m.URL+"/account"),
		} {
			if name == "works" && !strings.HasPrefix(bucket, "gs:") {
				continue
			}
			for command, line := range allLines() {
				running.Go(func() {
					room <- struct{}{}
					defer func() { <-room }()
					text := runLine(line, bucket, file)
					said.Add(int64(len(text)))
					hidden := append(m.signed(), secrets...)
					if command == "Sign" { // the URL has the token, for whoever is given it
						hidden = slices.DeleteFunc(hidden, func(s string) bool {
							return s == plantedToken
						})
					}
					for _, s := range hidden {
						if strings.Contains(text, s) {
							t.Errorf("%s, %s of %s: %q is in %s", name, line, bucket, s, text)
						}
					}
				})
			}
		}
	}
	running.Wait()
	if said.Load() < 10_000 {
		t.Errorf("all commands together said %d bytes", said.Load())
	}
}

// The same with what is a secret in itself: a shared access signature.
func TestSharedAccessSignatureOfCommands(t *testing.T) {
	plant(t)
	t.Setenv("AZURE_STORAGE_KEY", "")
	t.Setenv("AZURE_STORAGE_SAS_TOKEN", "sv=2025-01-05&sp=rwdl&sig="+plantedSAS)
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, []byte("content"), 0o600); err != nil {
		t.Fatal(err)
	}
	var running sync.WaitGroup
	for _, status := range []int{0, 200, 301, 400, 403, 404} {
		at := url.QueryEscape(newMirror(t, status).URL)
		for _, line := range allLines() {
			running.Go(func() {
				text := runLine(line, "az://container?endpoint="+at+"%2Faccount", file)
				if strings.Contains(text, plantedSAS) {
					t.Errorf("%d, %s: %s", status, line, text)
				}
			})
		}
	}
	running.Wait()
}
