package httpstore_test

import (
	"context"
	"net/http"
	"testing"

	"github.com/polystore/storage"
	"github.com/polystore/storage/conformance"
	"github.com/polystore/storage/internal/httpstore"
)

func TestFaults(t *testing.T) {
	url, transport := start(t)
	conformance.TestFaults(t, conformance.FaultOptions{
		Open: func(_ context.Context, client *http.Client) (storage.Store, error) {
			return httpstore.New(url, client), nil
		},
		Transport: transport,
	})
}
