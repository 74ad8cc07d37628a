package s3

import (
	"context"
	"net/http"
	"sync/atomic"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/polystore/storage"
	"github.com/polystore/storage/conformance"
	"github.com/polystore/storage/internal/testenv"
)

// limits are the defects of a server, by its profile. Each is also shown by a probe without this
// package, in internal/testenv/defects.
var limits = map[string][]conformance.Limit{
	"minio": {
		{Feature: conformance.DeleteIfMatch, Reason: "MinIO ignores If-Match of DeleteObject"},
		{Feature: conformance.CoexistingKeys, Reason: "MinIO leaves a/b out of every list once there is an a"},
	},
	"versitygw": {
		{Feature: conformance.DeleteIfMatchAbsent, Reason: "versitygw answers success"},
		{
			Check:  "condition/before-range",
			Reason: "versitygw looks at the range before If-Modified-Since",
		},
	},
}

// storageClasses are classes that a server has and reports, or that are refused on its behalf.
var storageClasses = map[string]string{"minio": "REDUCED_REDUNDANCY", "versitygw": "REDUCED_REDUNDANCY"}

func TestConformance(t *testing.T) {
	onServers(t, func(t *testing.T, env *testenv.Server, o Options, bucket string) {
		conformance.Test(t, conformanceOptions(env, o, bucket))
	})
}

// The buckets of TestConformance keep no versions.
func TestConformanceVersions(t *testing.T) {
	onServers(t, func(t *testing.T, env *testenv.Server, o Options, bucket string) {
		s := mustNew(t, bucket, &o)
		_, err := s.Client().PutBucketVersioning(t.Context(), &s3.PutBucketVersioningInput{
			Bucket:                  &bucket,
			VersioningConfiguration: &types.VersioningConfiguration{Status: types.BucketVersioningStatusEnabled},
		})
		if err != nil {
			t.Fatal(err)
		}
		c := conformanceOptions(env, o, bucket)
		c.Only = []string{"version/*", "sign/version", "upload/copy-part-version"}
		conformance.Test(t, c)
	})
}

func conformanceOptions(env *testenv.Server, o Options, bucket string) conformance.Options {
	var requests atomic.Int64
	o.HTTPClient = &http.Client{Transport: counting{o.HTTPClient.Transport, &requests}}
	return conformance.Options{
		Open:         func(ctx context.Context) (storage.Store, error) { return New(ctx, bucket, &o) },
		Limits:       limits[o.Provider],
		Requests:     requests.Load,
		HTTPClient:   env.Client,
		StorageClass: storageClasses[o.Provider],
	}
}
