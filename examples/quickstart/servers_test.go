package main

import (
	"bytes"
	"net/url"
	"strings"
	"testing"

	sdk "github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/polystore/storage"
	"github.com/polystore/storage/internal/testenv"
	"github.com/polystore/storage/providers/s3"
)

// The program ends on every server: where the conditions of a write hold, in what it shows, and
// where they do not, in a sentence that says so, and never in a lost line of the index.
func TestOtherServers(t *testing.T) {
	for _, c := range []struct {
		name, provider string
		start          func(testing.TB) *testenv.Server
		versions       bool   // in a bucket that keeps them
		want           string // of the error; empty: there is none
	}{
		{"Ceph", "ceph", testenv.Ceph, false, ""},
		{"Ceph with versions", "ceph", testenv.Ceph, true, unconditional},
		{"Ceph by its protocol alone", "generic", testenv.Ceph, false, "refuses the ETag"},
		{"MiniStack", "ministack", testenv.MiniStack, false, ""},
		{"versitygw", "versitygw", testenv.VersityGW, false, ""},
		{"Garage", "garage", testenv.Garage, false, unconditional},
	} {
		t.Run(c.name, func(t *testing.T) {
			server := c.start(t)
			t.Setenv("AWS_ACCESS_KEY_ID", server.AccessKey)
			t.Setenv("AWS_SECRET_ACCESS_KEY", server.SecretKey)
			t.Setenv("AWS_SESSION_TOKEN", "")
			bucket := server.NewBucket(t)
			address := "s3://" + bucket + "?" + url.Values{
				"endpoint": {server.Endpoint}, "region": {server.Region}, "provider": {c.provider},
			}.Encode()
			if c.versions {
				keepVersions(t, address, bucket)
			}
			var out bytes.Buffer
			err := run(t.Context(), address, &out)
			if (err == nil) != (c.want == "") ||
				err != nil && !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v, want %q\n%s", err, c.want, &out)
			}
		})
	}
}

// unconditional is what the inbox says of a store without conditional writes.
const unconditional = "unsupported operation"

// keepVersions makes a bucket keep versions.
func keepVersions(t *testing.T, address, bucket string) {
	b, err := storage.Open(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	client := b.Store().(*s3.Store).Client()
	_, err = client.PutBucketVersioning(t.Context(), &sdk.PutBucketVersioningInput{
		Bucket: &bucket,
		VersioningConfiguration: &types.VersioningConfiguration{
			Status: types.BucketVersioningStatusEnabled,
		},
	})
	if err != nil {
		t.Fatal(err)
	}
}
