package s3

import (
	"context"
	"flag"
	"net/http"
	"testing"

	"github.com/polystore/storage"
	"github.com/polystore/storage/conformance"
	"github.com/polystore/storage/conformance/fault"
	"github.com/polystore/storage/internal/tally"
	"github.com/polystore/storage/internal/testenv"
)

// faults asks for the whole matrix. Without it each fault meets each operation on one path.
var faults = flag.Bool("faults", false, "run all cells of TestFaults")

func TestFaults(t *testing.T) {
	onServers(t, func(t *testing.T, env *testenv.Server, o Options, bucket string) {
		if env.CA != nil || o.Provider != "minio" && o.Provider != "versitygw" {
			t.Skip("the faults are tried on MinIO and versitygw, without TLS")
		}
		r := conformance.TestFaults(t, conformance.FaultOptions{
			Open: func(ctx context.Context, client *http.Client) (storage.Store, error) {
				own := o
				own.HTTPClient = client
				return New(ctx, bucket, &own)
			},
			Transport: o.HTTPClient.Transport,
			Service:   fault.S3,
			Cover:     !*faults,
		})
		tally.Add(t, tally.Faults(env.Name, r))
	})
}
