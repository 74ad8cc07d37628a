package azure

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

func TestFaults(t *testing.T) {
	env := testenv.Azurite(t)
	transport := env.Transport()
	t.Cleanup(transport.CloseIdleConnections)
	name := env.NewBucket(t)
	var r *conformance.FaultReport
	tally.Later(t, func() tally.Row { return tally.Faults("Azurite", r) })
	r = conformance.TestFaults(t, conformance.FaultOptions{
		Open: func(ctx context.Context, client *http.Client) (storage.Store, error) {
			o := options(env)
			o.HTTPClient = client
			return New(ctx, name, o)
		},
		Transport: transport,
		Service:   fault.Azure,
		Cover:     !*faults,
	})
	faultplan.Check(t, "Azurite", r)
}
