package azure

import (
	"context"
	"net/http"
	"testing"

	"github.com/polystore/storage"
	"github.com/polystore/storage/conformance"
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

// limits are the defects of Azure, and one of Azurite, which package defects shows, too.
var limits = []conformance.Limit{
	{Feature: conformance.ListUploads, Reason: "an upload is known by its blocks alone, from the first part on"},
	{Check: "copy/storageclass", Reason: "Azurite calls the tier of a copy inferred although it was asked for"},
}

func TestConformance(t *testing.T) {
	for _, server := range servers {
		t.Run(server.name, func(t *testing.T) {
			env := server.start(t)
			transport := env.Transport()
			t.Cleanup(transport.CloseIdleConnections)
			// Under load Azurite breaks TLS connections that are used again, now and then, and a Store does
			// not retry.
			transport.DisableKeepAlives = env.CA != nil
			counted, n := testenv.Count(transport)
			o := options(env)
			o.HTTPClient = &http.Client{Transport: counted}
			name := env.NewBucket(t)
			conformance.Test(t, conformance.Options{
				Open:         func(ctx context.Context) (storage.Store, error) { return New(ctx, name, o) },
				Limits:       limits,
				Requests:     n,
				HTTPClient:   env.Client,
				StorageClass: "Cool",
			})
		})
	}
}

// options are those of the account of env.
func options(env *testenv.Server) *Options {
	return &Options{Endpoint: env.Endpoint + "/" + env.AccessKey, Key: env.AzureKey(), HTTPClient: env.Client}
}
