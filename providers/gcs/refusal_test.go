package gcs

import (
	"bytes"
	"testing"

	"github.com/polystore/storage"
	"github.com/polystore/storage/internal/stub"
)

// A refusal at the headers is that refusal also when the connection is cut behind it, while the
// body is still going up.
func TestEarlyRefusal(t *testing.T) {
	const answer = "HTTP/1.1 403 Forbidden\r\nContent-Type: application/json\r\nConnection: " +
		"close\r\n\r\n" +
		`{"error":{"code":403,"message":"m","errors":[{"reason":"forbidden"}]}}`
	server := stub.NewRefuser(t, answer)
	s := mustNew(t, "bucket", &Options{Endpoint: server.URL, Anonymous: true})
	for _, size := range []int64{1 << 20, 8 << 20} {
		for range 10 {
			_, err := s.Put(t.Context(), "k", bytes.NewReader(make([]byte, size)), size,
				&storage.PutOptions{})
			wantKind(t, "Put", err, storage.ErrPermission)
		}
	}
	if n := server.Requests.Load(); n != 20 {
		t.Errorf("%d requests, want 20", n)
	}
}
