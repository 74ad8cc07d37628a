package s3

import (
	"context"
	"flag"
	"net/http"
	"testing"

	"github.com/polystore/storage"
	"github.com/polystore/storage/conformance"
	"github.com/polystore/storage/conformance/fault"
	"github.com/polystore/storage/internal/faultplan"
	"github.com/polystore/storage/internal/tally"
	"github.com/polystore/storage/internal/testenv"
)

// faults asks for the whole matrix. Without it each fault meets each operation on one path.
var faults = flag.Bool("faults", false, "run all cells of TestFaults")

// leftBehind are the cells that a service's own race decides.
var leftBehind = map[string][]conformance.FaultExclusion{
	// Its UploadPart looks for the upload's directory first, and makes it again for the part.
	"versitygw": {{
		Fault: "delivered late", Op: "PutPart",
		Reason: "a part that comes while its upload is completed can leave an upload behind",
	}},
}

func TestFaults(t *testing.T) {
	onServers(t, func(t *testing.T, env *testenv.Server, o Options, bucket string) {
		if env.CA != nil || o.Provider != "minio" && o.Provider != "versitygw" {
			t.Skip("the faults are tried on MinIO and versitygw, without TLS")
		}
		var r *conformance.FaultReport
		tally.Later(t, func() tally.Row { return tally.Faults(env.Name, r) })
		r = conformance.TestFaults(t, conformance.FaultOptions{
			Open: func(ctx context.Context, client *http.Client) (storage.Store, error) {
				own := o
				own.HTTPClient = client
				return New(ctx, bucket, &own)
			},
			Transport: o.HTTPClient.Transport,
			Service:   fault.S3,
			Cover:     !*faults,
			Exclude:   leftBehind[o.Provider],
		})
		faultplan.Check(t, env.Name, r)
	})
}
