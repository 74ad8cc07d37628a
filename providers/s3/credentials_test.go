package s3

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/polystore/storage"
	"github.com/polystore/storage/internal/calmclock"
	"github.com/polystore/storage/internal/stub"
)

// giver is whoever gives out credentials, and answers everything but IMDS tokens as it is told.
func giver(t *testing.T, answer http.HandlerFunc) *httptest.Server {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPut && r.URL.Path == "/latest/api/token" {
			w.Header().Set("X-Aws-Ec2-Metadata-Token-Ttl-Seconds", "21600")
			fmt.Fprint(w, "token")
			return
		}
		answer(w, r)
	}))
	t.Cleanup(s.Close)
	return s
}

func says(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		fmt.Fprint(w, body)
	}
}

func stsError(code string) string {
	return `<ErrorResponse><Error><Type>Sender</Type><Code>` + code +
		`</Code><Message>m</Message></Error><RequestId>1</RequestId></ErrorResponse>`
}

// closedPort is an address that refuses connections.
func closedPort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	return l.Addr().String()
}

// Whoever gives out credentials says nothing about objects, whatever it says: not that one is
// missing, and not that a condition was refused. Trouble that passes is tried again.
func TestCredentialsAreNoObjects(t *testing.T) {
	token := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(token, []byte("jwt"), 0o600); err != nil {
		t.Fatal(err)
	}
	imds := func(t *testing.T, at string) { t.Setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", at) }
	container := func(t *testing.T, at string) {
		t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
		t.Setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", at+"/creds")
	}
	sts := func(t *testing.T, at string) {
		t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
		t.Setenv("AWS_ROLE_ARN", "arn:aws:iam::123456789012:role/r")
		t.Setenv("AWS_WEB_IDENTITY_TOKEN_FILE", token)
		t.Setenv("AWS_ENDPOINT_URL_STS", at)
	}
	profile := func(text string) func(*testing.T, string) {
		return func(t *testing.T, at string) {
			t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
			t.Setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", at)
			text := strings.ReplaceAll(text, "ENDPOINT", at)
			if err := os.WriteFile(os.Getenv("AWS_CONFIG_FILE"), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	process := func(script string) func(*testing.T, string) {
		return profile("[default]\ncredential_process = /bin/sh -c '" + script + "'\n")
	}
	cut := func(w http.ResponseWriter, _ *http.Request) { stub.Reset(w) }
	for _, tc := range []struct {
		name   string
		setup  func(t *testing.T, at string)
		answer http.HandlerFunc // nil: nobody listens
		kind   error
		source string
	}{
		{"no role on the instance", imds, says(404, "<html>404 - Not Found</html>"),
			storage.ErrPermission, "EC2 metadata"},
		{"IMDS 403", imds, says(403, ""), storage.ErrPermission, "EC2 metadata"},
		{"IMDS without roles", imds, says(200, ""), storage.ErrPermission, "EC2 metadata"},
		{"IMDS 500", imds, says(500, ""), storage.ErrUnavailable, "EC2 metadata"},
		{"IMDS 429", imds, says(429, ""), storage.ErrUnavailable, "EC2 metadata"},
		{"IMDS resets", imds, cut, storage.ErrUnavailable, "EC2 metadata"},
		{"IMDS refuses connections", imds, nil, storage.ErrUnavailable, "EC2 metadata"},
		{"IMDS disabled", func(t *testing.T, _ string) {
			t.Setenv("AWS_EC2_METADATA_DISABLED",
				"true")
		},
			nil, storage.ErrPermission, "EC2 metadata"},
		{"container 404", container, says(404, `{"code":"NotFound","message":"m"}`),
			storage.ErrPermission, "container"},
		{"container 412", container, says(412, `{"code":"PreconditionFailed","message":"m"}`),
			storage.ErrPermission, "container"},
		{"container 304", container, says(304, ""), storage.ErrPermission, "container"},
		{"container 416", container, says(416, `{"code":"InvalidRange","message":"m"}`),
			storage.ErrPermission, "container"},
		{"container 503", container, says(503, `{"code":"x","message":"m"}`),
			storage.ErrUnavailable, "container"},
		{"container refuses connections", container, nil, storage.ErrUnavailable, "container"},
		{"STS NoSuchEntity", sts, says(404, stsError("NoSuchEntity")), storage.ErrPermission,
			"STS AssumeRoleWithWebIdentity"},
		{"STS NoSuchKey", sts, says(404, stsError("NoSuchKey")), storage.ErrPermission, "STS"},
		{"STS NoSuchBucket", sts, says(404, stsError("NoSuchBucket")), storage.ErrPermission,
			"STS"},
		{"STS AccessDenied", sts, says(403, stsError("AccessDenied")), storage.ErrPermission,
			"STS"},
		{"STS expired token", sts, says(400, stsError("ExpiredTokenException")),
			storage.ErrPermission, "STS"},
		{"STS throttles", sts, says(400, stsError("Throttling")), storage.ErrUnavailable, "STS"},
		{"STS cannot reach the identity provider", sts,
			says(400, stsError("IDPCommunicationError")), storage.ErrUnavailable, "STS"},
		{"STS 500", sts, says(500, ""), storage.ErrUnavailable, "STS"},
		{"STS refuses connections", sts, nil, storage.ErrUnavailable, "STS"},
		{"no file of a web identity", func(t *testing.T, at string) {
			sts(t, at)
			t.Setenv("AWS_WEB_IDENTITY_TOKEN_FILE", token+"-missing")
		}, says(200, ""), storage.ErrPermission, "web identity"},
		{"process fails", process("exit 3"), nil, storage.ErrPermission,
			"credential_process: exit status 3"},
		{"process prints a secret that cannot be read", process("echo " + stubSecret), nil,
			storage.ErrPermission, "credential_process"},
		{"SSO without a login",
			profile("[default]\nsso_account_id = 1\nsso_role_name = r\nsso_region = eu-west-1\n" +
				"sso_start_url = https://example.test/start\n"), nil, storage.ErrPermission,
			"IAM Identity Center"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			cleanEnvironment(t)
			t.Setenv("HOME", t.TempDir())
			at := "http://" + closedPort(t)
			if tc.answer != nil {
				at = giver(t, tc.answer).URL
			}
			tc.setup(t, at)
			srv := newStub(t, answerOK)
			o := srv.options()
			o.AccessKeyID, o.SecretAccessKey, o.SessionToken = "", "", ""
			s := mustNew(t, "bucket", o)
			clock := calmclock.Start()
			defer clock.Close()
			err := calls["Put"](t.Context(), s)
			e := wantError(t, "Put", err, tc.kind, false)
			if d := clock.Now(); d > 5*time.Second {
				t.Errorf("it took %v", d)
			}
			noSecrets(t, err)
			if e.Err == nil || !strings.Contains(e.Err.Error(), tc.source) {
				t.Errorf("the error does not say that it is %q: %v", tc.source, err)
			}
			if n := len(srv.Seen()); n != 0 {
				t.Errorf("%d requests without credentials", n)
			}
		})
	}
}

// What a Bucket makes of it: nothing is there or not there, and nothing is gone.
func TestBucketWithoutCredentials(t *testing.T) {
	cleanEnvironment(t)
	t.Setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", giver(t, says(404, "")).URL)
	srv := newStub(t, answerOK)
	o := srv.options()
	o.AccessKeyID, o.SecretAccessKey, o.SessionToken = "", "", ""
	b := storage.New(mustNew(t, "bucket", o), nil)
	ctx := t.Context()
	if there, err := b.Exists(ctx, "k"); !errors.Is(err, storage.ErrPermission) {
		t.Errorf("Exists = %v, %v", there, err)
	}
	if err := b.Delete(ctx, "k", nil); !errors.Is(err, storage.ErrPermission) {
		t.Errorf("Delete: %v", err)
	}
	n, err := b.DeleteMany(ctx, func(yield func(string) bool) { _ = yield("a") && yield("b") }, nil)
	if n != 0 || err == nil || errors.Is(err, storage.ErrNotExist) {
		t.Errorf("DeleteMany = %d, %v", n, err)
	}
	if _, err := b.Put(ctx, "k", strings.NewReader(""),
		&storage.PutOptions{IfAbsent: true}); !errors.Is(err, storage.ErrPermission) {
		t.Errorf("Put: %v", err)
	}
}

// A container on EC2 behind a hop limit of 1 gets no answer to its request for a token, and then
// asks without one.
func TestMetadataHopLimit(t *testing.T) {
	cleanEnvironment(t)
	stop := make(chan struct{})
	imds := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.Method == http.MethodPut:
			select {
			case <-stop:
			case <-r.Context().Done():
			}
		case strings.HasSuffix(r.URL.Path, "/security-credentials/"):
			fmt.Fprint(w, "role")
		default:
			fmt.Fprintf(w,
				`{"Code":"Success","AccessKeyId":%q,"SecretAccessKey":"s","Token":"t","Expiration":"2099-01-01T00:00:00Z"}`, stubKey)
		}
	}))
	defer imds.Close()
	defer close(stop)
	t.Setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", imds.URL)
	srv := newStub(t, answerOK)
	o := srv.options()
	o.AccessKeyID, o.SecretAccessKey, o.SessionToken = "", "", ""
	s := mustNew(t, "bucket", o)
	start := time.Now()
	if err := calls["Put"](t.Context(), s); err != nil {
		t.Errorf("Put after %v: %v", time.Since(start), err)
	}
}

// Silence at the default address is no metadata service. Where credentials came from it before, it
// is trouble.
func TestSilentMetadata(t *testing.T) {
	timeout := &net.OpError{Op: "dial", Err: os.ErrDeadlineExceeded}
	c := newCredentialsCache(&rotating{ids: []string{"ID"}})
	c.source.Default = true
	if e := c.failure(timeout); e.Kind != storage.ErrPermission {
		t.Errorf("before: %v", e.Kind)
	}
	if _, err := c.Retrieve(t.Context()); err != nil {
		t.Fatal(err)
	}
	if e := c.failure(timeout); e.Kind != storage.ErrUnavailable {
		t.Errorf("after: %v", e.Kind)
	}
	for name, set := range map[string]func(*testing.T){
		"nothing": func(*testing.T) {},
		"an endpoint": func(t *testing.T) {
			t.Setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT",
				"http://127.0.0.1:1")
		},
		"a container": func(t *testing.T) {
			t.Setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI",
				"http://127.0.0.1:1")
		},
	} {
		t.Run(name, func(t *testing.T) {
			cleanEnvironment(t)
			set(t)
			s := mustNew(t, "bucket", &Options{Region: "us-east-1"})
			if got, want := s.credentials.source.Default, name == "nothing"; got != want {
				t.Errorf("Default = %v with %s configured", got, name)
			}
		})
	}
}

// What files and environments add around a secret is not part of it; what cannot be one is named at
// once, and never sent.
func TestUntidySecrets(t *testing.T) {
	for name, part := range map[string]func(o *Options) *string{
		"AccessKeyID":     func(o *Options) *string { return &o.AccessKeyID },
		"SecretAccessKey": func(o *Options) *string { return &o.SecretAccessKey },
		"SessionToken":    func(o *Options) *string { return &o.SessionToken },
	} {
		t.Run(name, func(t *testing.T) {
			cleanEnvironment(t)
			srv := newStub(t, answerOK)
			o := srv.options()
			*part(o) = " " + *part(o) + "\r\n"
			if err := calls["Put"](t.Context(), mustNew(t, "bucket", o)); err != nil {
				t.Errorf("Put: %v", err)
			}
			if got, want := srv.One(t).Header.Get("X-Amz-Security-Token"), stubToken; got != want {
				t.Errorf("the token %q", got)
			}
			*part(o) = "in the\nmiddle"
			_, err := New(t.Context(), "bucket", o)
			if wantError(t, "New", err, storage.ErrInvalid, false); err == nil ||
				!strings.Contains(err.Error(), name) {
				t.Errorf("the error does not name %s: %v", name, err)
			}
			// The same by the environment.
			t.Setenv("AWS_ACCESS_KEY_ID", o.AccessKeyID)
			t.Setenv("AWS_SECRET_ACCESS_KEY", o.SecretAccessKey)
			t.Setenv("AWS_SESSION_TOKEN", o.SessionToken)
			o.AccessKeyID, o.SecretAccessKey, o.SessionToken = "", "", ""
			_, err = New(t.Context(), "bucket", o)
			wantError(t, "New, by the environment", err, storage.ErrInvalid, false)
		})
	}
	// Credentials of a provider are seen only when they come.
	var requests atomic.Int32
	srv := newStub(t, func(w http.ResponseWriter, r *stub.Request) {
		requests.Add(1)
		answerOK(w,
			r)
	})
	o := srv.options()
	o.AccessKeyID, o.SecretAccessKey, o.SessionToken = "", "", ""
	o.Credentials = aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
		return aws.Credentials{AccessKeyID: stubKey, SecretAccessKey: stubSecret,
			SessionToken: "a\nb"}, nil
	})
	err := calls["Put"](t.Context(), mustNew(t, "bucket", o))
	wantError(t, "Put", err, storage.ErrPermission, false)
	if n := requests.Load(); n != 0 {
		t.Errorf("%d requests", n)
	}
}
