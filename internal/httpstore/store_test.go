package httpstore_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"

	"go.uber.org/goleak"

	"github.com/polystore/storage"
	"github.com/polystore/storage/conformance"
	"github.com/polystore/storage/driver/httpdriver"
	"github.com/polystore/storage/internal/httpstore"
	"github.com/polystore/storage/providers/memory"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// start starts a service on an empty memory, and returns its URL and a transport to it.
func start(t testing.TB) (string, *http.Transport) {
	t.Helper()
	inner, err := memory.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(httpstore.NewHandler(inner))
	t.Cleanup(server.Close)
	transport := httpdriver.NewTransport(nil)
	t.Cleanup(transport.CloseIdleConnections)
	return server.URL, transport
}

// The driver that the kit of faults is tried on keeps the contract.
func TestConformance(t *testing.T) {
	url, transport := start(t)
	conformance.Test(t, conformance.Options{
		Open: func(context.Context) (storage.Store, error) {
			return httpstore.New(url, &http.Client{Transport: transport}), nil
		},
	})
}
