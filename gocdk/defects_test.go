package gocdk

// The tests named TestD… show, one by one, that what is wrong with the Go CDK v0.47.0 is right
// here, and where it is cheap, that it is wrong there. D4 is that its tests of Azure are switched
// off: ours are in package azure.

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/polystore/storage"
	"github.com/polystore/storage/internal/testenv"
	"github.com/polystore/storage/providers/azure"
	"github.com/polystore/storage/providers/file"
	"github.com/polystore/storage/providers/gcs"
	"github.com/polystore/storage/providers/memory"
	"github.com/polystore/storage/providers/s3"
	"gocloud.dev/blob"
	"gocloud.dev/blob/fileblob"
	"gocloud.dev/blob/memblob"
)

// each runs test on an empty Bucket of each kind: in memory, in a directory, on an S3 server.
func each(t *testing.T, test func(t *testing.T, b *storage.Bucket)) {
	t.Helper()
	t.Run("memory", func(t *testing.T) {
		s, err := memory.New(nil)
		test(t, newBucket(t, s, err))
	})
	t.Run("file", func(t *testing.T) {
		s, err := file.New(t.TempDir(), nil)
		test(t, newBucket(t, s, err))
	})
	t.Run("s3", func(t *testing.T) { test(t, onMinIO(t, nil)) })
}

func newBucket(t *testing.T, s storage.Store, err error) *storage.Bucket {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	b := storage.New(s, &storage.Options{Retry: storage.RetryOptions{MinDelay: time.Millisecond,
		MaxDelay: time.Millisecond}})
	t.Cleanup(func() { b.Close() })
	return b
}

// onMinIO is a Bucket on MinIO whose requests go through wrap, where that is not nil.
func onMinIO(t *testing.T, wrap func(http.RoundTripper) http.RoundTripper) *storage.Bucket {
	t.Helper()
	server := testenv.MinIO(t)
	client := server.Client
	if wrap != nil {
		client = &http.Client{Transport: wrap(client.Transport)}
	}
	s, err := s3.New(t.Context(), server.NewBucket(t), &s3.Options{
		Endpoint: server.Endpoint, Provider: "minio", Region: server.Region,
		AccessKeyID: server.AccessKey, SecretAccessKey: server.SecretKey, HTTPClient: client,
	})
	return newBucket(t, s, err)
}

// The servers of a test: they answer as no well-behaved one does.
func stub(t *testing.T, answer http.HandlerFunc) (url string, client *http.Client) {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		answer(w, r)
	}))
	t.Cleanup(server.Close)
	t.Cleanup(server.Client().CloseIdleConnections)
	return server.URL, server.Client()
}

func onStubS3(t *testing.T, answer http.HandlerFunc) *storage.Bucket {
	t.Helper()
	url, client := stub(t, answer)
	s, err := s3.New(t.Context(), "bucket", &s3.Options{
		Endpoint: url, Provider: "aws", Region: "us-east-1", PathStyle: true, AccessKeyID: "id",
		SecretAccessKey: "secret", HTTPClient: client,
	})
	return newBucket(t, s, err)
}

func onStubGCS(t *testing.T, answer http.HandlerFunc) *storage.Bucket {
	t.Helper()
	url, client := stub(t, answer)
	s, err := gcs.New(t.Context(), "bucket", &gcs.Options{Endpoint: url, Anonymous: true,
		HTTPClient: client})
	return newBucket(t, s, err)
}

func onStubAzure(t *testing.T, answer http.HandlerFunc) *storage.Bucket {
	t.Helper()
	url, client := stub(t, answer)
	s, err := azure.New(t.Context(), "bucket", &azure.Options{Endpoint: url + "/account",
		Key: "c2VjcmV0", HTTPClient: client})
	return newBucket(t, s, err)
}

// refuse answers in the way of S3, GCS and Azure.
func refuse(w http.ResponseWriter, status int, code string) {
	w.Header().Set("x-ms-error-code", code)
	w.Header().Set("Content-Type", "application/xml")
	w.WriteHeader(status)
	fmt.Fprintf(w, `<?xml version="1.0"?><Error><Code>%s</Code><Message>no</Message></Error>`, code)
}

// theirs runs test on the Go CDK's own drivers. What test returns is whether the defect showed.
func theirs(
	t *testing.T, defect string, drivers map[string]*blob.Bucket, test func(t *testing.T,
		b *blob.Bucket) bool,
) {
	t.Helper()
	for name, b := range drivers {
		t.Run(name, func(t *testing.T) {
			t.Cleanup(func() { b.Close() })
			if !test(t, b) {
				t.Errorf("the Go CDK no longer has this defect: %s", defect)
			}
		})
	}
}

func theirFile(t *testing.T) map[string]*blob.Bucket {
	t.Helper()
	b, err := fileblob.OpenBucket(t.TempDir(), &fileblob.Options{NoTempDir: true})
	if err != nil {
		t.Fatal(err)
	}
	return map[string]*blob.Bucket{"fileblob": b}
}

func theirBoth(t *testing.T) map[string]*blob.Bucket {
	t.Helper()
	both := theirFile(t)
	both["memblob"] = memblob.OpenBucket(nil)
	return both
}

var errSource = errors.New("the source broke")

// broken gives some bytes and then an error. It has no WriteTo.
func broken(data string) io.Reader {
	return io.MultiReader(strings.NewReader(data), failing{})
}

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, errSource }

func write(t *testing.T, b *storage.Bucket, keys ...string) {
	t.Helper()
	for _, key := range keys {
		if _, err := b.Put(t.Context(), key, strings.NewReader("good"), nil); err != nil {
			t.Fatalf("Put(%q): %v", key, err)
		}
	}
}

func holds(t *testing.T, b *storage.Bucket, key, want string) {
	t.Helper()
	if got, err := b.ReadAll(context.WithoutCancel(t.Context()), key, nil); err != nil ||
		string(got) != want {
		t.Errorf("ReadAll(%q) = %.40q, %v; want %q", key, got, err, want)
	}
}
