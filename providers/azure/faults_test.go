package azure

import (
	"context"
	"flag"
	"net/http"
	"testing"

	"github.com/polystore/storage"
	"github.com/polystore/storage/conformance"
	"github.com/polystore/storage/conformance/fault"
	"github.com/polystore/storage/internal/testenv"
)

// faults asks for TestFaults, which needs a machine with nothing else to do: its Buckets cut what
// stalls for 200 ms.
var faults = flag.Bool("faults", false, "run TestFaults")

func TestFaults(t *testing.T) {
	if !*faults {
		t.Skip("it is run with -args -faults")
	}
	env := testenv.Azurite(t)
	transport := env.Transport()
	t.Cleanup(transport.CloseIdleConnections)
	name := env.NewBucket(t)
	conformance.TestFaults(t, conformance.FaultOptions{
		Open: func(ctx context.Context, client *http.Client) (storage.Store, error) {
			o := options(env)
			o.HTTPClient = client
			return New(ctx, name, o)
		},
		Transport: transport,
		Service:   fault.Azure,
	})
}
