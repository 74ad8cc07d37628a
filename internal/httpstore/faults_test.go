package httpstore_test

import (
	"context"
	"net/http"
	"testing"

	"github.com/polystore/storage"
	"github.com/polystore/storage/conformance"
	"github.com/polystore/storage/internal/httpstore"
	"github.com/polystore/storage/internal/tally"
)

func TestFaults(t *testing.T) {
	url, transport := start(t)
	r := conformance.TestFaults(t, conformance.FaultOptions{
		Open: func(_ context.Context, client *http.Client) (storage.Store, error) {
			return httpstore.New(url, client), nil
		},
		Transport: transport,
	})
	tally.Add(t, tally.Faults("httpstore", r))
}
