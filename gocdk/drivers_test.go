package gocdk

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"net/http"
	"testing"

	"cloud.google.com/go/auth"

	"github.com/polystore/storage"
	"github.com/polystore/storage/internal/gcsfake"
	"github.com/polystore/storage/internal/testenv"
	"github.com/polystore/storage/providers/azure"
	"github.com/polystore/storage/providers/gcs"
	"github.com/polystore/storage/providers/s3"
)

func TestDriverS3(t *testing.T) {
	server := testenv.MinIO(t)
	open := func(bucket string) func(context.Context) (storage.Store, error) {
		return func(ctx context.Context) (storage.Store, error) {
			return s3.New(ctx, bucket, &s3.Options{
				Endpoint: server.Endpoint, Provider: "minio", Region: server.Region,
				AccessKeyID: server.AccessKey, SecretAccessKey: server.SecretKey,
				HTTPClient: server.Client,
			})
		}
	}
	run(t, &harness{open: open(server.NewBucket(t)), missing: open("no-such-bucket"),
		client: server.Client})
}

// The server that keeps Google's rules, credentials and signatures included.
func TestDriverGCS(t *testing.T) {
	const signer = "signer@project.iam.gserviceaccount.com"
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	server := gcsfake.Start(t, gcsfake.Options{
		Tokens:  map[string]bool{"good": true},
		Signers: map[string]*rsa.PublicKey{signer: &key.PublicKey},
	})
	open := func(bucket string) func(context.Context) (storage.Store, error) {
		return func(ctx context.Context) (storage.Store, error) {
			return gcs.New(ctx, bucket, &gcs.Options{
				Endpoint: server.URL,
				Credentials: auth.NewCredentials(
					&auth.CredentialsOptions{TokenProvider: token("good")}),
				AccessID:   signer,
				PrivateKey: pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}),
			})
		}
	}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	run(t, &harness{open: open(server.NewBucket(t)), missing: open("no-such-bucket"),
		client: client})
}

type token string

func (t token) Token(context.Context) (*auth.Token, error) {
	return &auth.Token{Value: string(t), Type: "Bearer"}, nil
}

// The public fake, as far as it goes: it verifies no signatures, so its URLs are not the suite's
// concern.
func TestDriverFakeGCS(t *testing.T) {
	server := testenv.FakeGCS(t)
	open := func(bucket string) func(context.Context) (storage.Store, error) {
		return func(ctx context.Context) (storage.Store, error) {
			return gcs.New(ctx, bucket, &gcs.Options{Endpoint: server.Endpoint, Emulator: true,
				Anonymous: true, HTTPClient: server.Client})
		}
	}
	run(t, &harness{open: open(server.NewBucket(t)), missing: open("no-such-bucket"),
		client: server.Client})
}

func TestDriverAzure(t *testing.T) {
	server := testenv.Azurite(t)
	open := func(bucket string) func(context.Context) (storage.Store, error) {
		return func(ctx context.Context) (storage.Store, error) {
			return azure.New(ctx, bucket, &azure.Options{Endpoint: server.Endpoint + "/" +
				server.AccessKey, Key: server.AzureKey(), HTTPClient: server.Client})
		}
	}
	// A signed PUT has to say what kind of blob it makes; the Go CDK has no way to hand that on.
	client := &http.Client{Transport: blockBlob{server.Client.Transport}}
	run(t, &harness{open: open(server.NewBucket(t)), missing: open("no-such-container"),
		client: client})
}

type blockBlob struct{ base http.RoundTripper }

func (b blockBlob) RoundTrip(req *http.Request) (*http.Response, error) {
	req = req.Clone(req.Context())
	req.Header.Set("X-Ms-Blob-Type", "BlockBlob")
	return b.base.RoundTrip(req)
}
