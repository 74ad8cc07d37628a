package s3

import (
	"context"
	"net/http"
	"slices"
	"sync/atomic"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/polystore/storage"
	"github.com/polystore/storage/conformance"
	"github.com/polystore/storage/internal/testenv"
)

// What a server cannot do, by its profile. Each defect is also shown by a probe without this
// package, in internal/testenv/defects.
var limits = map[string][]conformance.Limit{
	"minio": {
		{Feature: conformance.DeleteIfMatch, Defect: true, Reason: "MinIO ignores If-Match of DeleteObject"},
		{Feature: conformance.DeleteIfMatchAbsent, Defect: true, Reason: "MinIO answers success"},
		{Feature: conformance.CoexistingKeys, Defect: true, Reason: "MinIO leaves a/b out of every list once there is an a"},
		{Feature: conformance.CopyConditions, Reason: "MinIO ignores the conditions on CopyObject's destination"},
	},
	"versitygw": {
		{Feature: conformance.DeleteIfMatchAbsent, Defect: true, Reason: "versitygw answers success"},
		{Feature: conformance.CoexistingKeys, Reason: "versitygw refuses a/b beside a: a file is no directory"},
		{Feature: conformance.CopyConditions, Reason: "versitygw ignores the conditions on CopyObject's destination"},
	},
}

// storageClasses are classes that a server has and reports.
var storageClasses = map[string]string{"minio": "REDUCED_REDUNDANCY"}

func TestConformance(t *testing.T) {
	onServers(t, func(t *testing.T, env *testenv.Server, o Options, bucket string) {
		c := conformanceOptions(env, o, bucket)
		c.Limits = append(slices.Clone(c.Limits), conformance.Limit{Feature: conformance.Versions, Reason: "the bucket keeps none; TestConformanceVersions has one that does"})
		conformance.Test(t, c)
	})
}

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
