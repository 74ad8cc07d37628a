package gcs

import (
	"context"
	"net/http"
	"sync/atomic"
	"testing"

	gcloud "cloud.google.com/go/storage"

	"github.com/polystore/storage"
	"github.com/polystore/storage/conformance"
	"github.com/polystore/storage/internal/gcsfake"
	"github.com/polystore/storage/internal/limits"
	"github.com/polystore/storage/internal/testenv"
)

// Everything holds on a server that keeps Google's rules, on a bucket that keeps versions.
func TestConformance(t *testing.T) {
	f := startFake(t, gcsfake.Options{})
	keepVersions(t, f.open(t))
	conformance.Test(t, conformance.Options{
		Open: func(ctx context.Context) (storage.Store, error) {
			return New(ctx, f.bucket,
				&f.options)
		},
		Requests:     f.requests.Load,
		StorageClass: "NEARLINE",
	})
}

// The public fake ignores most conditions, so it proves little beyond an independent reading of the
// API.
func TestConformanceEmulator(t *testing.T) {
	env := testenv.FakeGCS(t)
	bucket := env.NewBucket(t)
	var requests atomic.Int64
	transport := env.Transport()
	t.Cleanup(transport.CloseIdleConnections)
	o := Options{
		Endpoint: env.Endpoint, Emulator: true, Anonymous: true, AccessID: signerName,
		PrivateKey: signerPEM(t),
		HTTPClient: &http.Client{Transport: counting{transport, &requests}},
	}
	keepVersions(t, mustNew(t, bucket, &o))
	conformance.Test(t, conformance.Options{
		Open: func(ctx context.Context) (storage.Store, error) {
			return New(ctx, bucket,
				&o)
		},
		Limits:       limits.GCSEmulator(),
		Requests:     requests.Load,
		StorageClass: "NEARLINE",
	})
}

func keepVersions(t *testing.T, s *Store) {
	t.Helper()
	if _, err := s.Client().Bucket(s.bucket).Update(t.Context(),
		gcloud.BucketAttrsToUpdate{VersioningEnabled: true}); err != nil {
		t.Fatal(err)
	}
}
