package servertable

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"flag"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"cloud.google.com/go/auth"
	sdk "github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/google/go-cmp/cmp"

	"github.com/polystore/storage"
	"github.com/polystore/storage/conformance"
	"github.com/polystore/storage/internal/gcsfake"
	"github.com/polystore/storage/internal/limits"
	"github.com/polystore/storage/internal/testenv"
	"github.com/polystore/storage/providers/azure"
	"github.com/polystore/storage/providers/gcs"
	"github.com/polystore/storage/providers/s3"
)

var update = flag.Bool("update", false, "run the suite on the servers and write the page")

func TestMain(m *testing.M) { testenv.Main(m) }

// servers are the columns of the page. One whose server is not at hand keeps its record.
var servers = []struct {
	name, provider string
	run            func(t *testing.T, provider string) (conformance.Options, string)
}{
	{"MinIO", "minio", onS3(testenv.MinIO, false)},
	{"versitygw", "versitygw", onS3(testenv.VersityGW, false)},
	{"Ceph", "ceph", onS3(testenv.Ceph, false)},
	{"Ceph, versioned bucket", "ceph", onS3(testenv.Ceph, true)},
	{"MiniStack", "ministack", onS3(testenv.MiniStack, false)},
	{"Garage", "garage", onS3(testenv.Garage, false)},
	{"moto", "generic", onS3(testenv.Moto, false)},
	{"rclone serve s3", "generic", onS3(testenv.Rclone, false)},
	{"gcsfake", "gcs", onFake},
	{"fake-gcs-server", "emulator=true", onEmulator},
	{"Azurite", "azure", onAzurite},
}

var document = filepath.Join("..", "..", "docs", "servers.md")

func TestServers(t *testing.T) {
	var records []*record
	for _, s := range servers {
		if *update {
			t.Run(s.name, func(t *testing.T) {
				o, version := s.run(t, s.provider)
				report, err := conformance.Inspect(t.Context(), o)
				if err != nil {
					t.Fatal(err)
				}
				rec := newRecord(report)
				rec.Name, rec.Version = s.name, version
				rec.Provider, rec.Date = s.provider, time.Now().UTC().Format(time.DateOnly)
				if err := rec.write(); err != nil {
					t.Fatal(err)
				}
			})
		}
		rec, err := read(s.name)
		if err != nil {
			t.Fatal(err)
		}
		if rec == nil {
			t.Errorf("%s was never run: make servers-table", s.name)
			continue
		}
		records = append(records, rec)
	}
	want := page(records)
	if *update {
		if err := os.WriteFile(document, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	got, err := os.ReadFile(document)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Errorf("docs/servers.md is not made of its records: make servers-table (-want +got)\n%s",
			diff)
	}
}

// onS3 opens a bucket of a server that speaks S3.
func onS3(
	start func(testing.TB) *testenv.Server, versioned bool,
) func(*testing.T, string) (conformance.Options, string) {
	return func(t *testing.T, provider string) (conformance.Options, string) {
		env := start(t)
		transport := env.Transport()
		t.Cleanup(transport.CloseIdleConnections)
		counted, n := testenv.Count(transport)
		bucket := env.NewBucket(t)
		o := &s3.Options{
			Region: env.Region, Endpoint: env.Endpoint, Provider: provider, PathStyle: true,
			AccessKeyID: env.AccessKey, SecretAccessKey: env.SecretKey,
			HTTPClient: &http.Client{Transport: counted},
		}
		if versioned {
			keepVersions(t, bucket, o)
		}
		return conformance.Options{
			Open: func(ctx context.Context) (storage.Store, error) {
				return s3.New(ctx, bucket, o)
			},
			Limits: limits.S3(provider), Requests: n, HTTPClient: env.Client,
			StorageClass: storageClasses[provider],
		}, env.Version
	}
}

// storageClasses are classes that a server has. Ceph has those alone that were made for it.
var storageClasses = map[string]string{
	"minio": "REDUCED_REDUNDANCY", "versitygw": "REDUCED_REDUNDANCY",
	"ministack": "REDUCED_REDUNDANCY", "generic": "REDUCED_REDUNDANCY",
}

func keepVersions(t *testing.T, bucket string, o *s3.Options) {
	s, err := s3.New(t.Context(), bucket, o)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	_, err = s.Client().PutBucketVersioning(t.Context(), &sdk.PutBucketVersioningInput{
		Bucket: &bucket,
		VersioningConfiguration: &types.VersioningConfiguration{
			Status: types.BucketVersioningStatusEnabled,
		},
	})
	if err != nil {
		t.Fatal(err)
	}
}

const signer = "signer@project.iam.gserviceaccount.com"

func newKey(t *testing.T) (*rsa.PrivateKey, []byte) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return key, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
}

type token struct{}

func (token) Token(context.Context) (*auth.Token, error) {
	return &auth.Token{Value: "good", Type: "Bearer"}, nil
}

// onFake opens a bucket of this module's own server with the rules of Cloud Storage.
func onFake(t *testing.T, _ string) (conformance.Options, string) {
	key, text := newKey(t)
	f := gcsfake.Start(t, gcsfake.Options{
		Signers: map[string]*rsa.PublicKey{signer: &key.PublicKey},
		Tokens:  map[string]bool{"good": true},
	})
	transport := &http.Transport{MaxIdleConnsPerHost: 64, DisableCompression: true}
	t.Cleanup(transport.CloseIdleConnections)
	counted, n := testenv.Count(transport)
	bucket := f.NewBucket(t)
	o := &gcs.Options{
		Endpoint:    f.URL,
		Credentials: auth.NewCredentials(&auth.CredentialsOptions{TokenProvider: token{}}),
		AccessID:    signer, PrivateKey: text, HTTPClient: &http.Client{Transport: counted},
	}
	return onGCS(bucket, o, n), "of this module"
}

func onEmulator(t *testing.T, _ string) (conformance.Options, string) {
	env := testenv.FakeGCS(t)
	_, text := newKey(t)
	transport := env.Transport()
	t.Cleanup(transport.CloseIdleConnections)
	counted, n := testenv.Count(transport)
	o := onGCS(env.NewBucket(t), &gcs.Options{
		Endpoint: env.Endpoint, Emulator: true, Anonymous: true,
		AccessID: signer, PrivateKey: text, HTTPClient: &http.Client{Transport: counted},
	}, n)
	o.Limits = limits.GCSEmulator()
	return o, env.Version
}

func onGCS(bucket string, o *gcs.Options, requests func() int64) conformance.Options {
	return conformance.Options{
		Open: func(ctx context.Context) (storage.Store, error) {
			return gcs.New(ctx, bucket, o)
		},
		Requests: requests, StorageClass: "NEARLINE",
	}
}

func onAzurite(t *testing.T, _ string) (conformance.Options, string) {
	env := testenv.Azurite(t)
	transport := env.Transport()
	t.Cleanup(transport.CloseIdleConnections)
	counted, n := testenv.Count(transport)
	container := env.NewBucket(t)
	o := &azure.Options{
		Endpoint: env.Endpoint + "/" + env.AccessKey, Key: env.AzureKey(),
		HTTPClient: &http.Client{Transport: counted},
	}
	return conformance.Options{
		Open: func(ctx context.Context) (storage.Store, error) {
			return azure.New(ctx, container, o)
		},
		Limits: limits.Azure(), Requests: n, HTTPClient: env.Client, StorageClass: "Cool",
	}, env.Version
}
