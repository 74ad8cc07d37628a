package s3

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"sync/atomic"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/polystore/storage"
	"github.com/polystore/storage/conformance"
	"github.com/polystore/storage/driver/httpdriver"
	"github.com/polystore/storage/internal/limits"
	"github.com/polystore/storage/internal/testenv"
)

// storageClasses are classes that a server has and reports, or that are refused on its behalf.
var storageClasses = map[string]string{"minio": "REDUCED_REDUNDANCY",
	"versitygw": "REDUCED_REDUNDANCY", "ministack": "REDUCED_REDUNDANCY"}

func TestConformance(t *testing.T) {
	onServers(t, func(t *testing.T, env *testenv.Server, o Options, bucket string) {
		conformance.Test(t, conformanceOptions(env, o, bucket))
	})
}

// The buckets of TestConformance keep no versions.
func TestConformanceVersions(t *testing.T) {
	onServers(t, func(t *testing.T, env *testenv.Server, o Options, bucket string) {
		s := mustNew(t, bucket, &o)
		if s.profile.noVersions {
			return
		}
		_, err := s.Client().PutBucketVersioning(t.Context(), &s3.PutBucketVersioningInput{
			Bucket: &bucket,
			VersioningConfiguration: &types.VersioningConfiguration{
				Status: types.BucketVersioningStatusEnabled,
			},
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
		Open: func(ctx context.Context) (storage.Store, error) {
			return New(ctx, bucket,
				&o)
		},
		Limits:       limits.S3(o.Provider),
		Requests:     requests.Load,
		HTTPClient:   env.Client,
		StorageClass: storageClasses[o.Provider],
		Foreign:      foreign(bucket, o),
	}
}

// foreign writes with the SDK alone, whatever the key. What the server refuses it does not have.
func foreign(bucket string, o Options) func(context.Context, *storage.Object, []byte) error {
	return func(ctx context.Context, object *storage.Object, data []byte) error {
		if o.Provider == "versitygw" && !httpdriver.XMLText(object.Key) {
			return errors.ErrUnsupported // TestQuirks: it lists another key
		}
		s, err := New(ctx, bucket, &o)
		if err != nil {
			return err
		}
		defer s.Close()
		a := new(attempt)
		_, err = s.Client().PutObject(a.begin(ctx), &s3.PutObjectInput{
			Bucket: &bucket, Key: &object.Key, Body: bytes.NewReader(data),
		})
		if err == nil {
			return nil
		}
		e := s.fail(ctx, a, err)
		if e.Status/100 == 4 && e.Kind != storage.ErrPermission {
			e.Kind = storage.ErrInvalidKey
		}
		return e
	}
}
