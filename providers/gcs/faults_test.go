package gcs

import (
	"context"
	"flag"
	"net/http"
	"testing"

	"github.com/polystore/storage"
	"github.com/polystore/storage/conformance"
	"github.com/polystore/storage/conformance/fault"
	"github.com/polystore/storage/internal/gcsfake"
)

// faults asks for TestFaults, which needs a machine with nothing else to do: its Buckets cut what
// stalls for 200 ms.
var faults = flag.Bool("faults", false, "run TestFaults")

func TestFaults(t *testing.T) {
	if !*faults {
		t.Skip("it is run with -args -faults")
	}
	f := startFake(t, gcsfake.Options{})
	conformance.TestFaults(t, conformance.FaultOptions{
		Open: func(ctx context.Context, client *http.Client) (storage.Store, error) {
			own := f.options
			own.HTTPClient = client
			return New(ctx, f.bucket, &own)
		},
		Transport: f.options.HTTPClient.Transport,
		Service:   fault.GCS,
	})
}
