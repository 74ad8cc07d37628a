package gcs

import (
	"context"
	"flag"
	"net/http"
	"testing"

	"github.com/polystore/storage"
	"github.com/polystore/storage/conformance"
	"github.com/polystore/storage/conformance/fault"
	"github.com/polystore/storage/internal/faultplan"
	"github.com/polystore/storage/internal/gcsfake"
	"github.com/polystore/storage/internal/tally"
)

// faults asks for the whole matrix. Without it each fault meets each operation on one path.
var faults = flag.Bool("faults", false, "run all cells of TestFaults")

func TestFaults(t *testing.T) {
	f := startFake(t, gcsfake.Options{})
	var r *conformance.FaultReport
	tally.Later(t, func() tally.Row { return tally.Faults("gcsfake", r) })
	r = conformance.TestFaults(t, conformance.FaultOptions{
		Open: func(ctx context.Context, client *http.Client) (storage.Store, error) {
			own := f.options
			own.HTTPClient = client
			return New(ctx, f.bucket, &own)
		},
		Transport: f.options.HTTPClient.Transport,
		Service:   fault.GCS,
		Cover:     !*faults,
	})
	faultplan.Check(t, "gcsfake", r)
}
