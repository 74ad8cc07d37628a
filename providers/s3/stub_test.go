package s3

import (
	"bytes"
	"encoding/pem"
	"fmt"
	"io"
	"net/http"
	"testing"

	"github.com/polystore/storage/internal/stub"
)

// server is a stub that stands in for what no server that can be installed does.
type server struct{ *stub.Server }

const (
	stubKey    = "AKIDSTUB"
	stubSecret = "stub-secret-that-must-not-show"
	stubToken  = "stub-session-token-that-must-not-show"
)

func newStub(t *testing.T, answer stub.Answer) *server { return &server{stub.New(t, answer)} }

func newTLSStub(t *testing.T, answer stub.Answer) *server {
	return &server{stub.NewTLS(t, answer)}
}

// options are those of AWS behind the stub.
func (s *server) options() *Options {
	return &Options{
		Region: "us-east-1", Endpoint: s.URL, Provider: "aws", PathStyle: true,
		AccessKeyID: stubKey, SecretAccessKey: stubSecret, SessionToken: stubToken,
		HTTPClient: s.Client(),
	}
}

func (s *server) store(t *testing.T) *Store { return mustNew(t, "bucket", s.options()) }

func (s *server) provider(t *testing.T, provider string) *Store {
	o := s.options()
	o.Provider = provider
	return mustNew(t, "bucket", o)
}

// refuse answers as S3 does.
func refuse(w http.ResponseWriter, status int, code string) {
	w.Header().Set("X-Amz-Request-Id", "REQUEST1")
	w.WriteHeader(status)
	fmt.Fprintf(w,
		"<?xml version=\"1.0\"?>\n<Error><Code>%s</Code><Message>message of %s</Message></Error>",
		code, code)
}

// answerOK gives every operation a success.
func answerOK(w http.ResponseWriter, r *stub.Request) {
	w.Header().Set("ETag", `"etag"`)
	q := r.URL.Query()
	switch {
	case r.Method == http.MethodHead:
		w.Header().Set("Content-Length", "0")
	case r.Method == http.MethodGet && (q.Has("list-type") || q.Has("uploads") ||
		q.Has("uploadId")):
		io.WriteString(w, "<ListResult><IsTruncated>false</IsTruncated></ListResult>")
	case q.Has("versioning"):
		io.WriteString(w, "<VersioningConfiguration/>")
	case r.Method == http.MethodDelete:
		w.WriteHeader(http.StatusNoContent)
	case q.Has("uploads") && r.Method == http.MethodPost:
		io.WriteString(w,
			"<InitiateMultipartUploadResult><UploadId>id</UploadId></InitiateMultipartUploadResult>")
	case q.Has("uploadId") && r.Method == http.MethodPost:
		io.WriteString(w,
			`<CompleteMultipartUploadResult><ETag>"done-1"</ETag></CompleteMultipartUploadResult>`)
	case r.Header.Get("X-Amz-Copy-Source") != "" && q.Has("uploadId"):
		io.WriteString(w, `<CopyPartResult><ETag>"copied"</ETag></CopyPartResult>`)
	case r.Header.Get("X-Amz-Copy-Source") != "":
		io.WriteString(w, `<CopyObjectResult><ETag>"copied"</ETag></CopyObjectResult>`)
	case q.Has("delete"):
		io.WriteString(w, "<DeleteResult></DeleteResult>")
	}
}

// cleanEnvironment leaves nothing of AWS in it.
func cleanEnvironment(t testing.TB) {
	t.Helper()
	for _, name := range []string{
		"AWS_ACCESS_KEY_ID", "AWS_ACCESS_KEY", "AWS_SECRET_ACCESS_KEY", "AWS_SECRET_KEY",
		"AWS_SESSION_TOKEN", "AWS_PROFILE", "AWS_DEFAULT_PROFILE",
		"AWS_REGION", "AWS_DEFAULT_REGION", "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3",
		"AWS_ROLE_ARN", "AWS_WEB_IDENTITY_TOKEN_FILE",
		"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_CONTAINER_CREDENTIALS_FULL_URI",
		"AWS_CA_BUNDLE", "AWS_EC2_METADATA_DISABLED", "AWS_EC2_METADATA_SERVICE_ENDPOINT",
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

func newOnlyReads(
	content string,
) *onlyReads {
	return &onlyReads{r: bytes.NewReader([]byte(content))}
}

func (o *onlyReads) Read(p []byte) (int, error) {
	n, err := o.r.Read(p)
	o.n += n
	return n, err
}

func (o *onlyReads) Seek(
	offset int64, whence int,
) (int64, error) {
	return o.r.Seek(offset, whence)
}

func noSecrets(t *testing.T, err error) {
	t.Helper()
	stub.NoSecrets(t, err, stubSecret, stubToken, "X-Amz-Signature", "X-Amz-Credential",
		"Signature=")
}

func certificatePEM(s *server) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw})
}
