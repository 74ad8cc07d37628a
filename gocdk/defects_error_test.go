package gocdk

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"io"
	"log"
	"net/http"
	"net/url"
	"os"
	"reflect"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/polystore/storage"
	"github.com/polystore/storage/providers/file"
	"github.com/polystore/storage/providers/gcs"
	"github.com/polystore/storage/providers/memory"
	"github.com/polystore/storage/providers/s3"
	"gocloud.dev/blob"
	"gocloud.dev/blob/memblob"
	"gocloud.dev/gcerrors"
)

// clouds runs test on Buckets whose every request is answered alike.
func clouds(t *testing.T, answer http.HandlerFunc, test func(t *testing.T, b *storage.Bucket)) {
	t.Helper()
	t.Run("s3", func(t *testing.T) { test(t, onStubS3(t, answer)) })
	t.Run("gcs", func(t *testing.T) { test(t, onStubGCS(t, answer)) })
	t.Run("azure", func(t *testing.T) { test(t, onStubAzure(t, answer)) })
}

// D13: gcsblob takes 403 for "not found"; azureblob knows one of its reasons.
func TestD13ForbiddenIsNotMissing(t *testing.T) {
	for _, code := range []string{"AccessDenied", "AuthorizationFailure",
		"InsufficientAccountPermissions"} {
		answer := func(w http.ResponseWriter, _ *http.Request) {
			refuse(w, http.StatusForbidden,
				code)
		}
		t.Run(code, func(t *testing.T) {
			clouds(t, answer, func(t *testing.T, b *storage.Bucket) {
				if ok, err := b.Exists(t.Context(), "k"); ok ||
					!errors.Is(err, storage.ErrPermission) {
					t.Errorf("Exists where everything is forbidden = %v, %v; want %v", ok, err,
						storage.ErrPermission)
				}
				cdk := Bucket(b)
				if ok, err := cdk.Exists(t.Context(), "k"); ok ||
					gcerrors.Code(err) != gcerrors.PermissionDenied {
					t.Errorf("Exists of the Go CDK = %v, %v", ok, err)
				}
				_, read := cdk.ReadAll(t.Context(), "k")
				for what, err := range map[string]error{
					"WriteAll": cdk.WriteAll(t.Context(), "k", []byte("x"), nil), "ReadAll": read,
					"Delete": cdk.Delete(t.Context(), "k"),
				} {
					if gcerrors.Code(err) != gcerrors.PermissionDenied {
						t.Errorf("%s = %v, code %v", what, err, gcerrors.Code(err))
					}
				}
			})
		})
	}
}

// D14: throttling, failures, ranges behind the end and conflicts have no code.
func TestD14ErrorsHaveTheirCodes(t *testing.T) {
	for _, test := range []struct {
		status int
		code   string
		kind   error
		want   gcerrors.ErrorCode
	}{
		{http.StatusTooManyRequests, "TooManyRequests", storage.ErrThrottled,
			gcerrors.ResourceExhausted},
		{http.StatusInternalServerError, "InternalError", storage.ErrUnavailable,
			gcerrors.Internal},
		{http.StatusBadGateway, "BadGateway", storage.ErrUnavailable, gcerrors.Internal},
	} {
		t.Run(test.code, func(t *testing.T) {
			answer := func(w http.ResponseWriter, _ *http.Request) {
				refuse(w, test.status,
					test.code)
			}
			clouds(t, answer, func(t *testing.T, b *storage.Bucket) {
				if _, err := b.ReadAll(t.Context(), "k", nil); !errors.Is(err, test.kind) {
					t.Errorf("ReadAll = %v, want %v", err, test.kind)
				}
				if _, err := Bucket(b).ReadAll(t.Context(), "k"); gcerrors.Code(err) != test.want {
					t.Errorf("ReadAll of the Go CDK = %v, code %v, want %v", err,
						gcerrors.Code(err), test.want)
				}
			})
		})
	}
	t.Run("SlowDown", func(t *testing.T) {
		b := onStubS3(t, func(w http.ResponseWriter, _ *http.Request) {
			refuse(w,
				http.StatusServiceUnavailable, "SlowDown")
		})
		if _, err := Bucket(b).ReadAll(t.Context(),
			"k"); gcerrors.Code(err) != gcerrors.ResourceExhausted {
			t.Errorf("ReadAll = %v", err)
		}
	})
	t.Run("range", func(t *testing.T) {
		answer := func(w http.ResponseWriter, _ *http.Request) {
			refuse(w, http.StatusRequestedRangeNotSatisfiable, "InvalidRange")
		}
		clouds(t, answer, func(t *testing.T, b *storage.Bucket) {
			if _, err := b.Get(t.Context(), "k", &storage.GetOptions{Offset: 9}); !errors.Is(err,
				storage.ErrRange) {
				t.Errorf("Get = %v, want %v", err, storage.ErrRange)
			}
		})
	})
	// AWS says of this conflict that the request is to be made again.
	t.Run("ConditionalRequestConflict", func(t *testing.T) {
		var puts atomic.Int64
		b := onStubS3(t, func(w http.ResponseWriter, _ *http.Request) {
			if puts.Add(1) == 1 {
				refuse(w, http.StatusConflict, "ConditionalRequestConflict")
				return
			}
			w.Header().Set("ETag", `"e"`)
		})
		if err := Bucket(b).WriteAll(t.Context(), "k", []byte("x"),
			&blob.WriterOptions{IfNotExist: true}); err != nil || puts.Load() != 2 {
			t.Errorf("WriteAll = %v after %d requests, want success at the second", err,
				puts.Load())
		}
	})
}

// D20: gcsblob signs by a scheme that Google has superseded, and the library prints to standard
// output and to the log.
func TestD20SignatureV4AndSilence(t *testing.T) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	private := pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY",
		Bytes: x509.MarshalPKCS1PrivateKey(key)})
	printed := captured(t, func() {
		s, err := gcs.New(t.Context(), "bucket", &gcs.Options{Anonymous: true,
			AccessID: "me@example.com", PrivateKey: private})
		signed, err := Bucket(newBucket(t, s, err)).SignedURL(t.Context(), "k", nil)
		if err != nil {
			t.Fatal(err)
		}
		u, err := url.Parse(signed)
		if err != nil {
			t.Fatal(err)
		}
		if got := u.Query().Get("X-Goog-Algorithm"); got != "GOOG4-RSA-SHA256" {
			t.Errorf("the URL is signed by %q", got)
		}

		// What made the Go CDK print: credentials that cannot sign, a seek behind the end, a reader
		// that is not closed.
		none, err := gcs.New(t.Context(), "bucket", &gcs.Options{Anonymous: true})
		if _, err := newBucket(t, none, err).SignURL(t.Context(), "k", nil); err == nil {
			t.Error("a URL was signed without a key")
		}
		m, err := memory.New(nil)
		b := newBucket(t, m, err)
		write(t, b, "k")
		ra, err := b.NewReaderAt(t.Context(), "k", nil)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := ra.Seek(100, io.SeekStart); err != nil {
			t.Error(err)
		}
		if _, err := b.Get(t.Context(), "k", nil); err != nil {
			t.Error(err)
		}
	})
	if printed != "" {
		t.Errorf("a library printed %q", printed)
	}
}

// captured returns what fn prints to standard output, standard error and the log.
func captured(t *testing.T, fn func()) string {
	t.Helper()
	f, err := os.CreateTemp(t.TempDir(), "")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	stdout, stderr := os.Stdout, os.Stderr
	defer func() { os.Stdout, os.Stderr = stdout, stderr; log.SetOutput(stderr) }()
	os.Stdout, os.Stderr = f, f
	log.SetOutput(f)
	fn()
	data, err := os.ReadFile(f.Name())
	if err != nil {
		t.Fatal(err)
	}
	return string(bytes.TrimSpace(data))
}

// D21: s3blob's opener keeps what one URL says for the next, and fileblob changes the Options of
// its caller.
func TestD21OpenersKeepNothing(t *testing.T) {
	for name, value := range map[string]string{
		"AWS_ACCESS_KEY_ID": "id", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_REGION": "eu-west-1",
		"AWS_CONFIG_FILE":             os.DevNull,
		"AWS_SHARED_CREDENTIALS_FILE": os.DevNull, "AWS_ENDPOINT_URL": "",
		"AWS_ENDPOINT_URL_S3": "", "AWS_PROFILE": "",
	} {
		t.Setenv(name, value)
	}
	describe := func(rawURL string) string {
		b, err := storage.Open(t.Context(), rawURL)
		if err != nil {
			t.Fatal(err)
		}
		defer b.Close()
		s, ok := b.Store().(*s3.Store)
		if !ok {
			t.Fatalf("Open(%q) made a %T", rawURL, b.Store())
		}
		o := s.Client().Options()
		var endpoint string
		if o.BaseEndpoint != nil {
			endpoint = *o.BaseEndpoint
		}
		return o.Region + " " + endpoint
	}
	const plain, other = "s3://bucket",
		"s3://bucket?region=us-west-2&endpoint=http://127.0.0.1:1&provider=minio"
	before := describe(plain)
	if got := describe(other); got != "us-west-2 http://127.0.0.1:1" {
		t.Errorf("the URL with parameters: %q", got)
	}
	if after := describe(plain); after != before || !strings.HasPrefix(after, "eu-west-1") {
		t.Errorf("the same URL, before and after another: %q, %q", before, after)
	}

	s3Options := &s3.Options{Region: "us-east-1", Endpoint: "127.0.0.1:1", AccessKeyID: "id",
		SecretAccessKey: "secret"}
	fileOptions, memoryOptions, gcsOptions := new(file.Options), new(memory.Options),
		&gcs.Options{Anonymous: true}
	for _, test := range []struct {
		options any
		open    func() (storage.Store, error)
	}{
		{s3Options, func() (storage.Store, error) {
			return s3.New(t.Context(), "bucket",
				s3Options)
		}},
		{fileOptions, func() (storage.Store, error) { return file.New(t.TempDir(), fileOptions) }},
		{memoryOptions, func() (storage.Store, error) { return memory.New(memoryOptions) }},
		{gcsOptions, func() (storage.Store, error) {
			return gcs.New(t.Context(), "bucket",
				gcsOptions)
		}},
	} {
		given := reflect.ValueOf(test.options).Elem().Interface() // a copy
		s, err := test.open()
		newBucket(t, s, err)
		if now := reflect.ValueOf(test.options).Elem().Interface(); !reflect.DeepEqual(given, now) {
			t.Errorf("opening changed the caller's %T: %+v, was %+v", test.options, now, given)
		}
	}
}

// D22: mistakes of the caller have no code.
func TestD22CallersMistakesAreInvalid(t *testing.T) {
	each(t, func(t *testing.T, b *storage.Bucket) {
		_, contentType := b.Put(t.Context(), "k", strings.NewReader("x"),
			&storage.PutOptions{ContentType: "text/\x01"})
		_, emptyKey := b.Put(t.Context(), "", strings.NewReader("x"), nil)
		_, method := b.SignURL(t.Context(), "k", &storage.SignOptions{Method: "STEAL"})
		_, length := b.Get(t.Context(), "k", &storage.GetOptions{Length: -1})
		for what, err := range map[string]error{
			"a bad content type": contentType, "an empty key": emptyKey, "a bad method": method,
			"a negative length": length,
		} {
			if !errors.Is(err, storage.ErrInvalid) {
				t.Errorf("%s is %v, want %v", what, err, storage.ErrInvalid)
			}
		}
		// Before it asks a driver the Go CDK looks at much itself; what comes here has its code.
		if _, err := Bucket(b).Attributes(t.Context(),
			""); gcerrors.Code(err) != gcerrors.InvalidArgument {
			t.Errorf("Attributes of an empty key = %v, code %v", err, gcerrors.Code(err))
		}
	})
	theirs(t, "a bad content type has no code",
		map[string]*blob.Bucket{"memblob": memblob.OpenBucket(nil)},
		func(t *testing.T, b *blob.Bucket) bool {
			_, err := b.NewWriter(t.Context(), "k", &blob.WriterOptions{ContentType: "text/"})
			return err != nil && gcerrors.Code(err) == gcerrors.Unknown
		})
}
