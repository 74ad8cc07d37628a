package s3

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/polystore/storage"
	"github.com/polystore/storage/internal/stub"
)

// The host and the region that a request goes to, by options, environment and files.
func TestAddressing(t *testing.T) {
	srv := newStub(t, answerOK)
	for _, c := range []struct {
		name string
		o    Options
		env  map[string]string
		file string
		want string // scheme://host, then the path, then the region of the signature
	}{
		{"region", Options{Region: "eu-west-3"}, nil, "",
			"https://bucket.s3.eu-west-3.amazonaws.com /k eu-west-3"},
		{"environment", Options{}, map[string]string{"AWS_REGION": "eu-west-2"}, "",
			"https://bucket.s3.eu-west-2.amazonaws.com /k eu-west-2"},
		{"profile", Options{Profile: "p"}, nil, "[profile p]\nregion = eu-west-1\n",
			"https://bucket.s3.eu-west-1.amazonaws.com /k eu-west-1"},
		{"path style", Options{Region: "eu-west-3", PathStyle: true}, nil, "",
			"https://s3.eu-west-3.amazonaws.com /bucket/k eu-west-3"},
		{"accelerate", Options{Region: "eu-west-3", Accelerate: true}, nil, "",
			"https://bucket.s3-accelerate.amazonaws.com /k eu-west-3"},
		{"dual stack", Options{Region: "eu-west-3", DualStack: true}, nil, "",
			"https://bucket.s3.dualstack.eu-west-3.amazonaws.com /k eu-west-3"},
		{"FIPS", Options{Region: "us-east-2", FIPS: true}, nil, "",
			"https://bucket.s3-fips.us-east-2.amazonaws.com /k us-east-2"},
		{"no HTTPS", Options{Region: "eu-west-3", DisableHTTPS: true}, nil, "",
			"http://bucket.s3.eu-west-3.amazonaws.com /k eu-west-3"},
		{"endpoint", Options{Endpoint: "http://s.example:9000"}, nil, "",
			"http://s.example:9000 /bucket/k us-east-1"},
		{"bare endpoint", Options{Endpoint: "s.example"}, nil, "",
			"https://s.example /bucket/k us-east-1"},
		{"virtual host", Options{Endpoint: "https://s.example", VirtualHost: true}, nil, "",
			"https://bucket.s.example /k us-east-1"},
		{"endpoint that says https", Options{Endpoint: "https://s.example", DisableHTTPS: true},
			nil, "", "https://s.example /bucket/k us-east-1"},
		{"endpoint that does not say", Options{Endpoint: "s.example", DisableHTTPS: true}, nil, "",
			"http://s.example /bucket/k us-east-1"},
		{"endpoint of AWS", Options{Endpoint: "https://vpce.example", Provider: "aws",
			Region: "eu-west-3"}, nil, "", "https://bucket.vpce.example /k eu-west-3"},
		{"endpoint of the environment", Options{},
			map[string]string{"AWS_ENDPOINT_URL": "http://e.example"}, "",
			"http://e.example /bucket/k us-east-1"},
		{"bare endpoint of the environment", Options{},
			map[string]string{"AWS_ENDPOINT_URL": "e.example"}, "",
			"https://e.example /bucket/k us-east-1"},
		{"endpoint of the profile", Options{}, nil, "[default]\nendpoint_url = http://f.example\n",
			"http://f.example /bucket/k us-east-1"},
	} {
		t.Run(c.name, func(t *testing.T) {
			cleanEnvironment(t)
			for name, v := range c.env {
				t.Setenv(name, v)
			}
			if err := os.WriteFile(os.Getenv("AWS_CONFIG_FILE"), []byte(c.file),
				0o600); err != nil {
				t.Fatal(err)
			}
			rt := &stub.Everywhere{Server: srv.Server}
			o := c.o
			o.AccessKeyID, o.SecretAccessKey, o.HTTPClient = stubKey, stubSecret,
				&http.Client{Transport: rt}
			s := mustNew(t, "bucket", &o)
			srv.Seen()
			if err := calls["Put"](t.Context(), s); err != nil {
				t.Fatal(err)
			}
			r := srv.One(t)
			region := strings.Split(r.Header.Get("Authorization"), "/")[2]
			if got := rt.Last() + " " + r.URL.Path + " " + region; got != c.want {
				t.Errorf("went to %s, want %s", got, c.want)
			}
			custom := strings.Contains(c.want, "example") && c.o.Provider == ""
			if (s.profile.name == "generic") != custom {
				t.Errorf("profile %s", s.profile.name)
			}
		})
	}
}

// The ARN of an access point says the region, and has a form of its own as the source of a copy:
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html.
func TestAccessPoint(t *testing.T) {
	srv := newStub(t, answerOK)
	const arn = "arn:aws:s3:us-west-2:123456789012:accesspoint/ap"
	// of the environment, which is that of other buckets
	for _, region := range []string{"", "eu-west-1"} {
		cleanEnvironment(t)
		t.Setenv("AWS_REGION", region)
		rt := &stub.Everywhere{Server: srv.Server}
		s := mustNew(t, arn, &Options{AccessKeyID: stubKey, SecretAccessKey: stubSecret,
			HTTPClient: &http.Client{Transport: rt}})
		if err := calls["Copy"](t.Context(), s); err != nil {
			t.Fatal(err)
		}
		r := srv.One(t)
		if got, want := rt.Last(),
			"https://ap-123456789012.s3-accesspoint.us-west-2.amazonaws.com"; got != want {
			t.Errorf("went to %s, want %s", got, want)
		}
		if got, want := r.Header.Get("X-Amz-Copy-Source"),
			"arn%3Aaws%3As3%3Aus-west-2%3A123456789012%3Aaccesspoint/ap/object/src"; got != want {
			t.Errorf("copied from %s, want %s", got, want)
		}
	}
	cleanEnvironment(t)
	o := &Options{AccessKeyID: stubKey, SecretAccessKey: stubSecret}
	for _, bucket := range []string{"arn:aws:s3:::accesspoint.mrap",
		"arn:aws:s3::123456789012:accesspoint/ap.mrap"} {
		if s := mustNew(t, bucket, o); s.region != defaultRegion {
			t.Errorf("%s is in %s", bucket, s.region)
		}
	}
	for _, bucket := range []string{"arn:/x", "a/b"} {
		if _, err := New(t.Context(), bucket, o); !errors.Is(err, storage.ErrInvalid) {
			t.Errorf("New(%s): %v", bucket, err)
		}
	}
}

// The region of a bucket on AWS costs one request, unsigned, and is asked for only where nothing
// says it.
func TestFindRegion(t *testing.T) {
	cleanEnvironment(t)
	status := http.StatusMovedPermanently
	srv := newStub(t, func(w http.ResponseWriter, r *stub.Request) {
		if status != http.StatusNotFound {
			w.Header().Set("X-Amz-Bucket-Region", "ap-south-1")
		}
		w.WriteHeader(status)
	})
	o := &Options{AccessKeyID: stubKey, SecretAccessKey: stubSecret,
		HTTPClient: &http.Client{Transport: &stub.Everywhere{Server: srv.Server}}}
	for _, status = range []int{200, 301, 400, 403} {
		s := mustNew(t, "bucket", o)
		if r := srv.One(t); s.region != "ap-south-1" || r.Method != http.MethodHead ||
			r.Header.Get("Authorization") != "" {
			t.Errorf("%d: region %s by %s %s", status, s.region, r.Method, r.URL)
		}
	}
	status = 404
	if _, err := New(t.Context(), "bucket", o); !errors.Is(err, storage.ErrNoBucket) {
		t.Errorf("New of a missing bucket: %v", err)
	}
	srv.Close()
	_, err := New(t.Context(), "bucket", o)
	wantError(t, "New without a network", err, storage.ErrUnavailable, false)
}

// The role of a profile is assumed in the bucket's region where nothing else says one. A stub
// stands for S3 and STS.
func TestRoleWithoutRegion(t *testing.T) {
	cleanEnvironment(t)
	config := "[default]\nrole_arn = arn:aws:iam::123456789012:role/r\nsource_profile = base\n" +
		"[profile base]\naws_access_key_id = BASE\naws_secret_access_key = " + stubSecret + "\n"
	if err := os.WriteFile(os.Getenv("AWS_CONFIG_FILE"), []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	srv := newStub(t, func(w http.ResponseWriter, r *stub.Request) {
		switch r.Method {
		case http.MethodHead:
			w.Header().Set("X-Amz-Bucket-Region", "ap-south-1")
		case http.MethodPost:
			io.WriteString(w,
				"<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>ROLE</AccessKeyId><SecretAccessKey>s</SecretAccessKey>"+
					"<SessionToken>t</SessionToken><Expiration>2099-01-01T00:00:00Z</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>")
		default:
			answerOK(w, r)
		}
	})
	t.Setenv("AWS_ENDPOINT_URL_STS", srv.URL)
	s := mustNew(t, "bucket",
		&Options{HTTPClient: &http.Client{Transport: &stub.Everywhere{Server: srv.Server}}})
	if err := calls["Put"](t.Context(), s); err != nil {
		t.Fatal(err)
	}
	for _, r := range srv.Seen() {
		signed := r.Header.Get("Authorization")
		if r.Method != http.MethodHead && !strings.Contains(signed, "/ap-south-1/") {
			t.Errorf("%s %s is signed by %s", r.Method, r.URL, signed)
		}
	}
}

func TestBadOptions(t *testing.T) {
	cleanEnvironment(t)
	secret := "p4ssw0rd"
	for _, o := range []Options{
		{AccessKeyID: "id"},
		{SecretAccessKey: secret},
		{AccessKeyID: "id", SecretAccessKey: secret, Anonymous: true},
		{PathStyle: true, VirtualHost: true},
		{PathStyle: true, Accelerate: true},
		{Endpoint: "http://h", FIPS: true},
		{Endpoint: "http://id:" + secret + "@h"},
		{Endpoint: "ftp://h"},
		{Endpoint: "http://h?x=1"},
		{Endpoint: "http://" + secret + "%zz"},
		{Provider: "minio"},
		{Endpoint: "http://h", Provider: "nobody"},
		{SSE: "rot13"},
		{SSE: "AES256", KMSKeyID: "k"},
		{BatchSize: 1001},
		{Profile: "missing"},
	} {
		o.Region = "us-east-1"
		s, err := New(t.Context(), "bucket", &o)
		if !errors.Is(err, storage.ErrInvalid) || s != nil {
			t.Errorf("New(%+v): %v", o, err)
		} else if strings.Contains(err.Error(), secret) {
			t.Errorf("the secret is in %v", err)
		}
	}
	// of the environment
	for _, endpoint := range []string{"http://id:" + secret + "@h", "id:" + secret + "@h",
		"ftp://h"} {
		t.Setenv("AWS_ENDPOINT_URL", endpoint)
		if _, err := New(t.Context(), "bucket", nil); !errors.Is(err, storage.ErrInvalid) ||
			strings.Contains(err.Error(), secret) {
			t.Errorf("New with AWS_ENDPOINT_URL %s: %v", endpoint, err)
		}
	}
	if _, err := New(t.Context(), "", nil); !errors.Is(err, storage.ErrInvalid) {
		t.Errorf("New without a bucket: %v", err)
	}
	if _, err := New(t.Context(), "bucket", &Options{Endpoint: "http://h", Provider: "versitygw",
		SSE: "AES256"}); !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("New with SSE on versitygw: %v", err)
	}
}

func TestURL(t *testing.T) {
	cleanEnvironment(t)
	t.Setenv("AWS_ACCESS_KEY_ID", stubKey)
	t.Setenv("AWS_SECRET_ACCESS_KEY", stubSecret)
	for rawURL, check := range map[string]func(*Store) bool{
		"s3://bucket?region=eu-west-1&batch_size=1000&ssetype=aws:kms&kmskeyid=k": func(s *Store) bool {
			return s.profile.name == "aws" && s.region == "eu-west-1" && s.MaxBatch() == 1000 &&
				s.sse == "aws:kms" && s.kmsKey == "k" && s.virtualHost
		},
		"s3a://bucket?endpoint=127.0.0.1:9000&disable_https&provider=minio&s3ForcePathStyle=true": func(s *Store) bool {
			return s.profile.name == "minio" && !s.tls && !s.virtualHost && s.MaxBatch() == 250
		},
		"s3://bucket/some/prefix?endpoint=https://h&anonymous=true&virtual_host": func(s *Store) bool {
			return s.profile.name == "generic" && s.credentials == nil && s.virtualHost && s.tls
		},
		"s3://bucket?region=eu-west-1&use_path_style": func(s *Store) bool {
			return !s.virtualHost
		},
	} {
		b, err := storage.Open(t.Context(), rawURL)
		if err != nil {
			t.Errorf("Open(%s): %v", rawURL, err)
			continue
		}
		if s, ok := b.Store().(*Store); !ok || !check(s) {
			t.Errorf("Open(%s) = %+v", rawURL, b.Store())
		}
		b.Close()
	}
	for _, rawURL := range []string{
		"s3://bucket?region=eu-west-1&acces_key=AKID", "s3://id:" + stubSecret + "@bucket", "s3://",
		"s3://bucket?region=eu-west-1&fips=perhaps",
		"s3://bucket?endpoint=http://id:" + stubSecret + "@h",
	} {
		b, err := storage.Open(t.Context(), rawURL)
		if !errors.Is(err, storage.ErrInvalid) || b != nil {
			t.Errorf("Open(%s): %v", rawURL, err)
		} else {
			noSecrets(t, err)
		}
	}
}

// AWS_CA_BUNDLE is trusted by the Store's own client.
func TestCABundle(t *testing.T) {
	cleanEnvironment(t)
	srv := newTLSStub(t, answerOK)
	bundle := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(bundle, certificatePEM(srv), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("AWS_CA_BUNDLE", bundle)
	o := srv.options()
	o.HTTPClient = nil
	if err := calls["Put"](t.Context(), mustNew(t, "bucket", o)); err != nil {
		t.Errorf("Put: %v", err)
	}
}

// What SignURL says of a URL's end is never later than the truth: its date and its life are in
// whole seconds, and it dies with the credentials.
func TestSignedURLEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(300 * time.Millisecond) // after a whole second
		second := time.Now().Truncate(time.Second)
		o := &Options{
			Region: "us-east-1", AccessKeyID: stubKey, SecretAccessKey: stubSecret,
		}
		u, err := mustNew(t, "bucket", o).SignURL(t.Context(), "k", &storage.SignOptions{
			Expires: 2*time.Minute + 900*time.Millisecond,
		})
		if err != nil {
			t.Fatal(err)
		}
		parsed, err := url.Parse(u.URL)
		if err != nil {
			t.Fatal(err)
		}
		signed, err := time.Parse("20060102T150405Z", parsed.Query().Get("X-Amz-Date"))
		if life := parsed.Query().Get("X-Amz-Expires"); err != nil || life != "120" ||
			!signed.Equal(second) {
			t.Fatalf("X-Amz-Date %v, X-Amz-Expires %s; %v", signed, life, err)
		}
		if ends := second.Add(2 * time.Minute); !u.Expires.Equal(ends) {
			t.Errorf("Expires = %v, the URL ends at %v", u.Expires, ends)
		}
		o.AccessKeyID, o.SecretAccessKey = "", ""
		o.Credentials = &rotating{ids: []string{"TEMPORARY"}} // for an hour
		s := mustNew(t, "bucket", o)
		for expires, want := range map[time.Duration]time.Time{
			30 * time.Minute: second.Add(30 * time.Minute),
			time.Hour:        second.Add(time.Hour),
			2 * time.Hour:    time.Now().Add(time.Hour),
		} {
			u, err := s.SignURL(t.Context(), "k", &storage.SignOptions{Expires: expires})
			if err != nil || !u.Expires.Equal(want) {
				t.Errorf("signed for %v with credentials for an hour: until %v, %v; want %v",
					expires, u.Expires, err, want)
			}
		}
	})
}

// A URL is signed by the service's clock, once an answer has told it.
func TestSignedURLByClock(t *testing.T) {
	ahead := time.Hour
	srv := newStub(t, func(w http.ResponseWriter, r *stub.Request) {
		w.Header().Set("Date", time.Now().Add(ahead).UTC().Format(http.TimeFormat))
		answerOK(w, r)
	})
	s := srv.store(t)
	if err := calls["Get"](t.Context(), s); err != nil {
		t.Fatal(err)
	}
	for _, method := range []string{"GET", "HEAD", "PUT", "DELETE"} {
		const life = 15 * time.Minute
		u, err := s.SignURL(t.Context(), "k", &storage.SignOptions{Method: method, Expires: life})
		if err != nil {
			t.Fatal(err)
		}
		parsed, err := url.Parse(u.URL)
		if err != nil {
			t.Fatal(err)
		}
		signed, err := time.Parse(signingTime, parsed.Query().Get("X-Amz-Date"))
		if off := time.Until(signed) - ahead; err != nil || off.Abs() > time.Minute {
			t.Errorf("%s is signed for %v, off by %v, %v", method, signed, off, err)
		}
		if want := signed.Add(life); !u.Expires.Equal(want) {
			t.Errorf("%s ends at %v, want %v", method, u.Expires, want)
		}
	}
}

// Where the SDK makes the requests, their answers tell the time as well. It signs URLs for an
// access point of many regions by the system's clock all the same; they then say when they end by
// that.
func TestSignedURLBySDK(t *testing.T) {
	cleanEnvironment(t)
	ahead := time.Hour
	srv := newStub(t, func(w http.ResponseWriter, r *stub.Request) {
		w.Header().Set("Date", time.Now().Add(ahead).UTC().Format(http.TimeFormat))
		if r.URL.Query().Has("session") {
			io.WriteString(w, "<CreateSessionResult><Credentials><AccessKeyId>A</AccessKeyId>"+
				"<SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken>"+
				"<Expiration>2099-01-01T00:00:00Z</Expiration></Credentials></CreateSessionResult>")
			return
		}
		answerOK(w, r)
	})
	for bucket, off := range map[string]time.Duration{
		"b--use1-az4--x-s3": ahead, "arn:aws:s3::123456789012:accesspoint/ap.mrap": 0,
	} {
		s := mustNew(t, bucket, &Options{
			Region: "us-east-1", AccessKeyID: stubKey, SecretAccessKey: stubSecret,
			HTTPClient: &http.Client{Transport: &stub.Everywhere{Server: srv.Server}},
		})
		if err := calls["Get"](t.Context(), s); err != nil {
			t.Fatal(err)
		}
		const life = 4 * time.Minute
		u, err := s.SignURL(t.Context(), "k", &storage.SignOptions{Expires: life})
		if err != nil {
			t.Fatal(err)
		}
		parsed, err := url.Parse(u.URL)
		if err != nil {
			t.Fatal(err)
		}
		signed, err := time.Parse(signingTime, parsed.Query().Get("X-Amz-Date"))
		if d := time.Until(signed) - off; err != nil || d.Abs() > time.Minute {
			t.Errorf("%s: signed for %v, off by %v, %v", bucket, signed, d, err)
		}
		if want := signed.Add(life); !u.Expires.Equal(want) {
			t.Errorf("%s: ends at %v, want %v", bucket, u.Expires, want)
		}
	}
}

// The text of every error is free of secrets, also that of signing.
func TestSignedURLIsSecret(t *testing.T) {
	srv := newStub(t, answerOK)
	s := srv.store(t)
	u, err := s.SignURL(context.WithoutCancel(t.Context()), "k", &storage.SignOptions{})
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := url.Parse(u.URL)
	if err != nil || parsed.Query().Get("X-Amz-Signature") == "" ||
		parsed.Query().Get("X-Amz-Expires") != "900" {
		t.Errorf("signed URL without signature or with another expiry: %v", err)
	}
	if strings.Contains(u.URL, stubSecret) || len(u.Header) != 0 {
		t.Errorf("signed GET with headers %v", u.Header)
	}
	srv.Close()
	for what, err := range everyCall(t.Context(), s) {
		if err == nil {
			t.Errorf("%s without a server succeeded", what)
		}
		noSecrets(t, err)
	}
}
