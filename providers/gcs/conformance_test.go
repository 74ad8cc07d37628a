package gcs

import (
	"context"
	"net/http"
	"slices"
	"sync/atomic"
	"testing"

	gcloud "cloud.google.com/go/storage"

	"github.com/polystore/storage"
	"github.com/polystore/storage/conformance"
	"github.com/polystore/storage/internal/gcsfake"
	"github.com/polystore/storage/internal/testenv"
)

// Everything holds on a server that keeps Google's rules, on a bucket that keeps versions.
func TestConformance(t *testing.T) {
	f := startFake(t, gcsfake.Options{})
	keepVersions(t, f.open(t))
	conformance.Test(t, conformance.Options{
		Open:         func(ctx context.Context) (storage.Store, error) { return New(ctx, f.bucket, &f.options) },
		Limits:       limits,
		Requests:     f.requests.Load,
		StorageClass: "NEARLINE",
	})
}

// What the service does not do.
var limits = []conformance.Limit{
	{Feature: conformance.CopyPart, Reason: "the service copies no parts; Copy takes objects of any size"},
}

// What fake-gcs-server does not do. Each defect is also shown by a probe without this package, in
// internal/testenv/defects.
var emulatorLimits = []conformance.Limit{
	{Feature: conformance.Copy, Reason: "conditions of a copy are ignored, and replaced headers kept"},
	{Feature: conformance.CopyConditions, Reason: "conditions of a copy are ignored"},
	{Feature: conformance.DeleteIfMatch, Reason: "the condition of a delete is ignored"},
	{Feature: conformance.DeleteIfMatchAbsent, Reason: "the condition of a delete is ignored"},
	{Feature: conformance.Tags, Reason: "object contexts are dropped"},
	{Feature: conformance.DeleteBatch, Reason: "there is no multi-object delete"},
	{Feature: conformance.ListUploads, Reason: "there are no XML multipart uploads, and resumable sessions cannot be listed"},
	{Feature: conformance.ListUploadsPrefix, Reason: "there are no XML multipart uploads, and resumable sessions cannot be listed"},
	{Feature: conformance.SignURL, Defect: true, Reason: "signatures are not verified"},
	{Feature: conformance.SignURLIfAbsent, Defect: true, Reason: "the condition of a signed PUT is ignored"},
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
		Endpoint: env.Endpoint, Emulator: true, Anonymous: true, AccessID: signerName, PrivateKey: signerPEM(t),
		HTTPClient: &http.Client{Transport: counting{transport, &requests}},
	}
	keepVersions(t, mustNew(t, bucket, &o))
	conformance.Test(t, conformance.Options{
		Open:         func(ctx context.Context) (storage.Store, error) { return New(ctx, bucket, &o) },
		Limits:       slices.Concat(limits, emulatorLimits),
		Requests:     requests.Load,
		StorageClass: "NEARLINE",
	})
}

func keepVersions(t *testing.T, s *Store) {
	t.Helper()
	if _, err := s.Client().Bucket(s.bucket).Update(t.Context(), gcloud.BucketAttrsToUpdate{VersioningEnabled: true}); err != nil {
		t.Fatal(err)
	}
}
