package azure

import (
	"context"
	"errors"
	"net/http"
	"testing"

	"github.com/polystore/storage"
	"github.com/polystore/storage/conformance"
	"github.com/polystore/storage/internal/limits"
	"github.com/polystore/storage/internal/testenv"
)

// servers are the real servers that this package is run against.
var servers = []struct {
	name  string
	start func(testing.TB) *testenv.Server
}{
	{"Azurite", testenv.Azurite},
	{"AzuriteTLS", testenv.AzuriteTLS},
	{"AzuriteDisk", testenv.AzuriteDisk},
}

func TestConformance(t *testing.T) {
	for _, server := range servers {
		t.Run(server.name, func(t *testing.T) {
			env := server.start(t)
			transport := env.Transport()
			t.Cleanup(transport.CloseIdleConnections)
			// Under load Azurite breaks TLS connections that are used again, now and then, and a
			// Store does not retry.
			transport.DisableKeepAlives = env.CA != nil
			counted, n := testenv.Count(transport)
			o := options(env)
			o.HTTPClient = &http.Client{Transport: counted}
			name := env.NewBucket(t)
			conformance.Test(t, conformance.Options{
				Open: func(ctx context.Context) (storage.Store, error) {
					return New(ctx,
						name, o)
				},
				Limits:       limits.Azure(),
				Requests:     n,
				HTTPClient:   env.Client,
				StorageClass: "Cool",
				Foreign:      foreign(mustNew(t, name, o)),
			})
		})
	}
}

// options are those of the account of env.
func options(env *testenv.Server) *Options {
	return &Options{Endpoint: env.Endpoint + "/" + env.AccessKey, Key: env.AzureKey(),
		HTTPClient: env.Client}
}

// foreign writes with the SDK alone. What XML cannot carry breaks every list of the container.
func foreign(s *Store) func(context.Context, *storage.Object, []byte) error {
	return func(ctx context.Context, o *storage.Object, data []byte) error {
		if !text(o.Key) {
			return errors.ErrUnsupported
		}
		_, err := s.Client().NewBlockBlobClient(o.Key).UploadBuffer(ctx, data, nil)
		return err
	}
}
