package s3

import (
	"bytes"
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
)

// stub is a server in this process that speaks as much of the protocol as a test needs. It stands in for what no server that
// can be installed does: answers that only AWS gives, connections that break at a chosen byte, headers seen exactly as sent.
type stub struct {
	*httptest.Server
	mu       sync.Mutex
	requests []*request
}

// request is what arrived.
type request struct {
	*http.Request
	body []byte
}

const (
	stubKey    = "AKIDSTUB"
	stubSecret = "stub-secret-that-must-not-show"
	stubToken  = "stub-session-token-that-must-not-show"
)

// newStub serves by answer, which sees requests whose body is read already.
func newStub(t *testing.T, answer func(w http.ResponseWriter, r *request)) *stub {
	return serve(t, (*httptest.Server).Start, answer)
}

func newTLSStub(t *testing.T, answer func(w http.ResponseWriter, r *request)) *stub {
	return serve(t, (*httptest.Server).StartTLS, answer)
}

func serve(t *testing.T, start func(*httptest.Server), answer func(w http.ResponseWriter, r *request)) *stub {
	s := new(stub)
	s.Server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		req := &request{r, body}
		s.mu.Lock()
		s.requests = append(s.requests, req)
		s.mu.Unlock()
		answer(w, req)
	}))
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	start(s.Server)
	t.Cleanup(s.Server.Close)
	t.Cleanup(s.Client().CloseIdleConnections)
	return s
}

// options are those of AWS behind the stub.
func (s *stub) options() *Options {
	return &Options{
		Region: "us-east-1", Endpoint: s.URL, Provider: "aws", PathStyle: true,
		AccessKeyID: stubKey, SecretAccessKey: stubSecret, SessionToken: stubToken, HTTPClient: s.Client(),
	}
}

func (s *stub) store(t *testing.T) *Store { return mustNew(t, "bucket", s.options()) }

func (s *stub) provider(t *testing.T, provider string) *Store {
	o := s.options()
	o.Provider = provider
	return mustNew(t, "bucket", o)
}

// seen returns the requests so far and forgets them.
func (s *stub) seen() []*request {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.requests
	s.requests = nil
	return r
}

// one is seen of exactly one request.
func (s *stub) one(t *testing.T) *request {
	t.Helper()
	r := s.seen()
	if len(r) != 1 {
		t.Fatalf("%d requests, want 1", len(r))
	}
	return r[0]
}

// refuse answers as S3 does.
func refuse(w http.ResponseWriter, status int, code string) {
	w.Header().Set("X-Amz-Request-Id", "REQUEST1")
	w.WriteHeader(status)
	fmt.Fprintf(w, "<?xml version=\"1.0\"?>\n<Error><Code>%s</Code><Message>message of %s</Message></Error>", code, code)
}

// reset breaks the connection as a dying server does.
func reset(w http.ResponseWriter) {
	conn, _, err := w.(http.Hijacker).Hijack()
	if err != nil {
		return
	}
	if c, ok := conn.(*net.TCPConn); ok {
		c.SetLinger(0)
	}
	conn.Close()
}

// answerOK gives every operation a success.
func answerOK(w http.ResponseWriter, r *request) {
	w.Header().Set("ETag", `"etag"`)
	q := r.URL.Query()
	switch {
	case r.Method == http.MethodHead:
		w.Header().Set("Content-Length", "0")
	case r.Method == http.MethodGet && (q.Has("list-type") || q.Has("uploads") || q.Has("uploadId")):
		io.WriteString(w, "<ListResult></ListResult>")
	case r.Method == http.MethodDelete:
		w.WriteHeader(http.StatusNoContent)
	case q.Has("uploads") && r.Method == http.MethodPost:
		io.WriteString(w, "<InitiateMultipartUploadResult><UploadId>id</UploadId></InitiateMultipartUploadResult>")
	case q.Has("uploadId") && r.Method == http.MethodPost:
		io.WriteString(w, `<CompleteMultipartUploadResult><ETag>"done-1"</ETag></CompleteMultipartUploadResult>`)
	case r.Header.Get("X-Amz-Copy-Source") != "" && q.Has("uploadId"):
		io.WriteString(w, `<CopyPartResult><ETag>"copied"</ETag></CopyPartResult>`)
	case r.Header.Get("X-Amz-Copy-Source") != "":
		io.WriteString(w, `<CopyObjectResult><ETag>"copied"</ETag></CopyObjectResult>`)
	case q.Has("delete"):
		io.WriteString(w, "<DeleteResult></DeleteResult>")
	}
}

// toStub sends every request to a stub, whatever its host, and notes the hosts.
type toStub struct {
	stub  *stub
	mu    sync.Mutex
	hosts []string
}

func (s *toStub) RoundTrip(r *http.Request) (*http.Response, error) {
	s.mu.Lock()
	s.hosts = append(s.hosts, r.URL.Scheme+"://"+r.URL.Host)
	s.mu.Unlock()
	u, err := url.Parse(s.stub.URL)
	if err != nil {
		return nil, err
	}
	r = r.Clone(r.Context())
	r.URL.Scheme, r.URL.Host = u.Scheme, u.Host
	return s.stub.Client().Transport.RoundTrip(r)
}

func (s *toStub) last() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.hosts[len(s.hosts)-1]
}

// cleanEnvironment leaves nothing of AWS in it.
func cleanEnvironment(t *testing.T) {
	t.Helper()
	for _, name := range []string{
		"AWS_ACCESS_KEY_ID", "AWS_ACCESS_KEY", "AWS_SECRET_ACCESS_KEY", "AWS_SECRET_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE", "AWS_DEFAULT_PROFILE",
		"AWS_REGION", "AWS_DEFAULT_REGION", "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3", "AWS_ROLE_ARN", "AWS_WEB_IDENTITY_TOKEN_FILE",
		"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_CONTAINER_CREDENTIALS_FULL_URI", "AWS_EC2_METADATA_DISABLED", "AWS_EC2_METADATA_SERVICE_ENDPOINT",
	} {
		t.Setenv(name, "")
	}
	dir := t.TempDir()
	t.Setenv("AWS_CONFIG_FILE", dir+"/config")
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", dir+"/credentials")
}

// onlyReads hides everything of a reader but Read and Seek, and counts the bytes that were read.
type onlyReads struct {
	r *bytes.Reader
	n int
}

func newOnlyReads(content string) *onlyReads { return &onlyReads{r: bytes.NewReader([]byte(content))} }

func (o *onlyReads) Read(p []byte) (int, error) {
	n, err := o.r.Read(p)
	o.n += n
	return n, err
}

func (o *onlyReads) Seek(offset int64, whence int) (int64, error) { return o.r.Seek(offset, whence) }

func noSecrets(t *testing.T, err error) {
	t.Helper()
	text := fmt.Sprintf("%v %+v %q", err, err, err)
	for _, secret := range []string{stubSecret, stubToken, "X-Amz-Signature", "X-Amz-Credential", "Signature="} {
		if strings.Contains(text, secret) {
			t.Errorf("%q is in the error %s", secret, text)
		}
	}
}

func certificatePEM(s *stub) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw})
}
