package azure

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/polystore/storage"
	"github.com/polystore/storage/internal/stub"
)

// A token that comes slowly is no stall, however many calls wait for it.
func TestSlowTokenIsNoStall(t *testing.T) {
	giver := httptest.NewServer(stub.Slow(fmt.Sprintf(
		`{"access_token":"token","token_type":"Bearer","resource":"r","expires_on":"%d"}`,
		time.Now().Add(time.Hour).Unix(),
	)))
	defer giver.Close()
	managed(t, giver.URL)
	srv := newStub(t, answerOK)
	everywhere := &http.Client{Transport: &stub.Everywhere{Server: srv.Server}}
	o := &Options{Account: stubAccount, HTTPClient: everywhere}
	b := stub.Patient(t, mustNew(t, "bucket", o))
	var waiting sync.WaitGroup
	for range 3 {
		waiting.Go(func() {
			_, err := b.Stat(t.Context(), "k", nil)
			if err != nil && !errors.Is(err, storage.ErrNotExist) {
				t.Errorf("Stat: %v", err)
			}
		})
	}
	waiting.Wait()
	if len(srv.Seen()) == 0 {
		t.Error("nothing was asked of the service")
	}
}
