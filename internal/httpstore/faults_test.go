package httpstore_test

import (
	"context"
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/polystore/storage"
	"github.com/polystore/storage/conformance"
	"github.com/polystore/storage/internal/faultplan"
	"github.com/polystore/storage/internal/httpstore"
	"github.com/polystore/storage/internal/tally"
)

// exclusions are how many cells are left out for which reason.
var exclusions = map[string]int{
	"another program's write is no trouble to it": 6,
	"no checksum covers the answer":               9,
	"no service does this to the operation":       120,
	"the answer has no Content-Range":             122,
	"the answer has no body, or next to none":     504,
	"the request has no body, or next to none":    36,
}

func TestFaults(t *testing.T) {
	url, transport := start(t)
	var r *conformance.FaultReport
	tally.Later(t, func() tally.Row { return tally.Faults("httpstore", r) })
	r = conformance.TestFaults(t, conformance.FaultOptions{
		Open: func(_ context.Context, client *http.Client) (storage.Store, error) {
			return httpstore.New(url, client), nil
		},
		Transport: transport,
	})
	faultplan.Check(t, "httpstore", r)
	excluded := make(map[string]int)
	for i := range r.Cells {
		if why := r.Cells[i].Excluded; why != "" {
			excluded[why]++
		}
	}
	if diff := cmp.Diff(exclusions, excluded); diff != "" {
		t.Errorf("the cells that are excluded (-want +got):\n%s", diff)
	}
}
