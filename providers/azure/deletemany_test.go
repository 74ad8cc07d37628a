package azure

import (
	"bytes"
	"fmt"
	"io"
	"iter"
	"net/http"
	"sync/atomic"
	"testing"

	"github.com/polystore/storage"
	"github.com/polystore/storage/internal/stub"
	"github.com/polystore/storage/internal/testenv"
)

// numbered yields n keys.
func numbered(n int) iter.Seq[string] {
	return func(yield func(string) bool) {
		for i := range n {
			if !yield(fmt.Sprintf("k%05d", i)) {
				return
			}
		}
	}
}

// Azurite takes a minute for 10,000 keys, so it gets a tenth of them.
func TestDeleteManyRequests(t *testing.T) {
	env := testenv.Azurite(t)
	o, transport := options(env), env.Transport()
	t.Cleanup(transport.CloseIdleConnections)
	var requests atomic.Int64
	o.HTTPClient = &http.Client{Transport: roundTripper(
		func(r *http.Request) (*http.Response, error) {
			requests.Add(1)
			return transport.RoundTrip(r)
		})}
	b := storage.New(mustNew(t, env.NewBucket(t), o), &storage.Options{StallTimeout: -1})
	defer b.Close()
	if _, err := b.WriteAll(t.Context(), "k00471", []byte("content"), nil); err != nil {
		t.Fatal(err)
	}
	requests.Store(0)
	n, err := b.DeleteMany(t.Context(), numbered(1000), nil)
	if n != 1000 || err != nil || requests.Load() < 4 || requests.Load() > 6 {
		t.Errorf("DeleteMany of 1,000 keys = %d, %v, by %d requests, want 4 to 6", n, err,
			requests.Load())
	}
	if there, err := b.Exists(t.Context(), "k00471"); there || err != nil {
		t.Errorf("the object is there: %v, %v", there, err)
	}
}

// A stub, which is as fast as the service. One answer to a key of each batch says that the service
// is busy: those keys alone are asked for again.
func TestDeleteManyBusy(t *testing.T) {
	var requests, keys, busy atomic.Int64
	srv := newStub(t, func(w http.ResponseWriter, r *stub.Request) {
		n := bytes.Count(r.Body, []byte("DELETE /"))
		requests.Add(1)
		keys.Add(int64(n))
		w.Header().Set("Content-Type", "multipart/mixed; boundary=b")
		w.WriteHeader(http.StatusAccepted)
		for id := range n {
			status := "202 Accepted"
			if id == 3 && busy.Add(1) <= 40 {
				status = "503 Busy\r\nx-ms-error-code: ServerBusy"
			}
			fmt.Fprintf(w, "--b\r\nContent-Type: application/http\r\nContent-ID: %d\r\n\r\n"+
				"HTTP/1.1 %s\r\nx-ms-request-id: R%d\r\n\r\n", id, status, id)
		}
		io.WriteString(w, "--b--\r\n")
	})
	b := storage.New(srv.store(t), nil)
	defer b.Close()
	n, err := b.DeleteMany(t.Context(), numbered(10_000), nil)
	if n != 10_000 || err != nil || keys.Load() != 10_040 || requests.Load() > 45 {
		t.Errorf("DeleteMany = %d, %v: %d keys by %d requests, want 10,040 by 45 at most", n, err,
			keys.Load(), requests.Load())
	}
}
