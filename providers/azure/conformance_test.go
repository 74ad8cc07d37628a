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

// limits are Azure's own, and would be the same on the service, but for those of Azurite, which
// package defects shows.
var limits = []conformance.Limit{
	{Feature: conformance.SuffixRange, Reason: "there is no such range: the Bucket asks for the size"},
	{Feature: conformance.AbortUpload, Reason: "blocks cannot be dropped, they stay until the object is written or for a week", Defect: true},
	{Feature: conformance.ListUploads, Reason: "an upload is known by its blocks alone, from the first part on", Defect: true},
	{Feature: conformance.SignURL, Reason: "a shared access signature binds no headers", Defect: true},
	{Feature: conformance.Versions, Reason: "Azurite keeps none"},
	{Feature: conformance.StorageClass, Reason: "Azurite calls the tier of a copy inferred although it was asked for", Defect: true},
}

// signed are the checks of signed URLs that Azure can pass, and that its one limit shall not hide.
var signed = []string{
	"sign/get", "sign/head", "sign/put", "sign/delete", "sign/tampered", "sign/other-*", "sign/expires", "sign/metadata", "sign/if-absent", "sign/response-*",
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
			all := conformance.Options{
				Open:         func(ctx context.Context) (storage.Store, error) { return New(ctx, name, o) },
				Limits:       limits,
				Requests:     n,
				HTTPClient:   env.Client,
				StorageClass: "Cool",
			}
			conformance.Test(t, all)
			t.Run("signed", func(t *testing.T) {
				some := all
				some.Only, some.Limits = signed, nil
				conformance.Test(t, some)
			})
		})
	}
}

// options are those of the account of env.
func options(env *testenv.Server) *Options {
	return &Options{Endpoint: env.Endpoint + "/" + env.AccessKey, Key: env.AzureKey(), HTTPClient: env.Client}
}
