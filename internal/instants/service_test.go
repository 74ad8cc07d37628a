// Package instants holds what takes time to the instant: with the drivers themselves, over HTTP on
// connections in memory, by the clock of testing/synctest.
package instants

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"cloud.google.com/go/auth"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/aws/aws-sdk-go-v2/aws"
	"go.uber.org/goleak"

	"github.com/polystore/storage"
	"github.com/polystore/storage/internal/bubble"
	"github.com/polystore/storage/providers/azure"
	"github.com/polystore/storage/providers/gcs"
	"github.com/polystore/storage/providers/s3"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// A driver is one of those that speak HTTP, to a service that the test plays.
type driver struct {
	name string

	// open opens a bucket with credentials that are good for a lifetime, or with none. token says
	// what they are when somebody asks for them; nil: none.
	open func(ctx context.Context, client *http.Client, token func() string) (storage.Store, error)
}

var drivers = []driver{{"s3", openS3}, {"gcs", openGCS}, {"azure", openAzure}}

// endpoint is said to be secure, since the SDK of Azure sends tokens nowhere else.
const endpoint = "https://service"

// lifetime is how long credentials are good.
const lifetime = time.Hour

type s3Credentials func() string

func (c s3Credentials) Retrieve(context.Context) (aws.Credentials, error) {
	return aws.Credentials{
		AccessKeyID: c(), SecretAccessKey: "secret", SessionToken: "session",
		CanExpire: true, Expires: time.Now().Add(lifetime),
	}, nil
}

func openS3(
	ctx context.Context, client *http.Client, token func() string,
) (storage.Store, error) {
	o := &s3.Options{
		Endpoint: endpoint, Region: "us-east-1", Provider: "aws", PathStyle: true,
		HTTPClient: client, Anonymous: token == nil,
	}
	if token != nil {
		o.Credentials = s3Credentials(token)
	}
	return s3.New(ctx, "bucket", o)
}

type gcsToken func() string

func (t gcsToken) Token(context.Context) (*auth.Token, error) {
	return &auth.Token{Value: t(), Type: "Bearer", Expiry: time.Now().Add(lifetime)}, nil
}

func openGCS(
	ctx context.Context, client *http.Client, token func() string,
) (storage.Store, error) {
	o := &gcs.Options{Endpoint: endpoint, HTTPClient: client, Anonymous: token == nil}
	if token != nil {
		o.Credentials = auth.NewCredentials(&auth.CredentialsOptions{
			TokenProvider: auth.NewCachedTokenProvider(gcsToken(token), nil),
		})
	}
	return gcs.New(ctx, "bucket", o)
}

type azureToken func() string

func (t azureToken) GetToken(
	context.Context, policy.TokenRequestOptions,
) (azcore.AccessToken, error) {
	return azcore.AccessToken{Token: t(), ExpiresOn: time.Now().Add(lifetime)}, nil
}

func openAzure(
	ctx context.Context, client *http.Client, token func() string,
) (storage.Store, error) {
	o := &azure.Options{
		Endpoint: endpoint + "/account", HTTPClient: client, Anonymous: token == nil,
	}
	if token != nil {
		o.Credential = azureToken(token)
	}
	return azure.New(ctx, "container", o)
}

// service plays a service, and notes when it was asked.
type service struct {
	start time.Time

	mu    sync.Mutex
	asked []time.Duration // since the start
}

// An answer is that to the nth request, from 1 on.
type answer func(d driver, n int, w http.ResponseWriter, r *http.Request)

// play runs test in a bubble for each driver.
func play(
	t *testing.T, opts *storage.Options, token func() string, answer answer,
	test func(t *testing.T, d driver, b *storage.Bucket, s *service),
) {
	for _, d := range drivers {
		t.Run(d.name, func(t *testing.T) {
			d.play(t, opts, token, answer, func(t *testing.T, b *storage.Bucket, s *service) {
				test(t, d, b, s)
			})
		})
	}
}

// play runs test in a bubble.
func (d driver) play(
	t *testing.T, opts *storage.Options, token func() string, answer answer,
	test func(t *testing.T, b *storage.Bucket, s *service),
) {
	synctest.Test(t, func(t *testing.T) {
		s := &service{start: time.Now()}
		transport := bubble.Serve(t, http.HandlerFunc(
			func(w http.ResponseWriter, r *http.Request) {
				s.mu.Lock()
				s.asked = append(s.asked, time.Since(s.start))
				n := len(s.asked)
				s.mu.Unlock()
				answer(d, n, w, r)
			},
		))
		store, err := d.open(t.Context(), &http.Client{Transport: transport}, token)
		if err != nil {
			t.Fatal(err)
		}
		b := storage.New(store, opts)
		defer b.Close()
		test(t, b, s)
	})
}

// times are when the service was asked.
func (s *service) times() []time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.asked)
}

// busy answers with a failure that passes.
func (d driver) busy(w http.ResponseWriter) {
	code := map[string]string{"s3": "SlowDown", "gcs": "backendError", "azure": "ServerBusy"}
	d.refuse(w, http.StatusServiceUnavailable, code[d.name])
}

func (d driver) refuse(w http.ResponseWriter, status int, code string) {
	h := w.Header()
	switch d.name {
	case "azure":
		h.Set("X-Ms-Error-Code", code)
		h.Set("X-Ms-Request-Id", "1")
		w.WriteHeader(status)
	case "s3":
		h.Set("X-Amz-Request-Id", "1")
		h.Set("Content-Type", "application/xml")
		w.WriteHeader(status)
		fmt.Fprintf(w, "<Error><Code>%s</Code><Message>m</Message></Error>", code)
	case "gcs":
		h.Set("Content-Type", "application/json; charset=UTF-8")
		w.WriteHeader(status)
		fmt.Fprintf(w, `{"error":{"code":%d,"message":"m","errors":[{"reason":%q}]}}`, status, code)
	}
}

// describe answers a Stat with an empty object.
func (d driver) describe(w http.ResponseWriter) {
	if d.name == "gcs" {
		w.Header().Set("Content-Type", "application/json; charset=UTF-8")
		io.WriteString(w, `{"name":"k","size":"0","generation":"1","metageneration":"1"}`)
		return
	}
	d.head(w, 0)
}

// head sets the headers of an object of so many bytes.
func (d driver) head(w http.ResponseWriter, size int) {
	h := w.Header()
	h.Set("ETag", `"etag"`)
	h.Set("Last-Modified", "Fri, 31 Dec 1999 00:00:00 GMT")
	h.Set("Content-Length", strconv.Itoa(size))
	switch d.name {
	case "gcs":
		h.Set("X-Goog-Generation", "1")
		h.Set("X-Goog-Metageneration", "1")
	case "azure":
		h.Set("X-Ms-Request-Id", "1")
		h.Set("X-Ms-Blob-Type", "BlockBlob")
	}
}
