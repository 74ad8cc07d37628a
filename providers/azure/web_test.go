package azure

import (
	"errors"
	"strings"
	"testing"

	"github.com/polystore/storage"
	"github.com/polystore/storage/internal/testenv"
)

// The container of a static website, $web, opens by URL: the dollar sign is signed and sent as the
// service has it. Azurite, which has no such container, says so only of a request that it has
// verified. The key of the account comes with the line end of the file that it was read from.
func TestWebContainer(t *testing.T) {
	server := testenv.Azurite(t)
	base := server.Endpoint + "/" + server.AccessKey
	for name, c := range map[string]struct{ url, key, connection string }{
		"key": {url: "az://$web/site?endpoint=" + base, key: server.AzureKey() + "\n"},
		"connection string": {
			url: "az://$web/site",
			connection: "DefaultEndpointsProtocol=http;AccountName=" + server.AccessKey +
				";AccountKey=" + server.AzureKey() + ";BlobEndpoint=" + base + "/;",
		},
	} {
		t.Run(name, func(t *testing.T) {
			cleanEnvironment(t)
			if t.Setenv(envConnection, c.connection); c.key != "" {
				t.Setenv(envAccount, server.AccessKey)
				t.Setenv(envKey, c.key)
			}
			b, err := storage.Open(t.Context(), c.url)
			if err != nil {
				t.Fatal(err)
			}
			defer b.Close()
			_, err = b.Put(t.Context(), "index.html", strings.NewReader("<p>"), nil)
			if !errors.Is(err, storage.ErrNoBucket) {
				t.Errorf("Put: %v, want %v", err, storage.ErrNoBucket)
			}
		})
	}
}
