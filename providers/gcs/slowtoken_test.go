package gcs

import (
	"net/http/httptest"
	"sync"
	"testing"

	"github.com/polystore/storage"
	"github.com/polystore/storage/internal/gcsfake"
	"github.com/polystore/storage/internal/stub"
)

// A token that comes slowly is no stall, however many calls wait for it.
func TestSlowTokenIsNoStall(t *testing.T) {
	cleanEnvironment(t)
	server := httptest.NewServer(stub.Slow(
		`{"access_token":"good","token_type":"Bearer","expires_in":3600}`,
	))
	defer server.Close()
	f := startFake(t, gcsfake.Options{})
	put(t, f.open(t), "k", "content", storage.PutOptions{})
	b := stub.Patient(t, mustNew(t, f.bucket, &Options{
		Endpoint: f.URL, CredentialsFile: keyFile(t, server.URL), HTTPClient: f.options.HTTPClient,
	}))
	var waiting sync.WaitGroup
	for range 3 {
		waiting.Go(func() {
			if _, err := b.Stat(t.Context(), "k", nil); err != nil {
				t.Errorf("Stat: %v", err)
			}
		})
	}
	waiting.Wait()
}
