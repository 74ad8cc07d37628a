package s3

import (
	"bytes"
	"net/http"
	"testing"

	"github.com/polystore/storage"
	"github.com/polystore/storage/internal/stub"
)

// A refusal at the headers is that refusal also when the connection is cut behind it, while the
// body is still going up.
func TestEarlyRefusal(t *testing.T) {
	const answer = "HTTP/1.1 403 Forbidden\r\nContent-Type: application/xml\r\nConnection: " +
		"close\r\n\r\n" +
		`<Error><Code>AccessDenied</Code><Message>m</Message></Error>`
	server := stub.NewRefuser(t, answer)
	s := mustNew(t, "bucket", &Options{Endpoint: server.URL, Region: "us-east-1",
		AccessKeyID: stubKey, SecretAccessKey: stubSecret})
	for _, size := range []int64{1 << 20, 8 << 20} {
		for range 10 {
			_, err := s.Put(t.Context(), "k", bytes.NewReader(make([]byte, size)), size,
				&storage.PutOptions{})
			wantError(t, "Put", err, storage.ErrPermission, false)
		}
	}
	if n := server.Requests.Load(); n != 20 {
		t.Errorf("%d requests, want 20", n)
	}
}

// A large object waits for the service's word before it goes up. A part does not, unless the
// service was too busy for another request.
func TestBodyWaits(t *testing.T) {
	busy := false
	srv := newStub(t, func(w http.ResponseWriter, r *stub.Request) {
		if busy {
			refuse(w, 503, "SlowDown")
			return
		}
		answerOK(w, r)
	})
	s := srv.store(t)
	put := func(size int) error {
		_, err := s.Put(t.Context(), "k", bytes.NewReader(make([]byte, size)), int64(size),
			&storage.PutOptions{})
		return err
	}
	part := func(size int) error {
		_, err := s.PutPart(t.Context(), "k", "id", 1, bytes.NewReader(make([]byte, size)),
			int64(size), &storage.PartOptions{})
		return err
	}
	expects := func(what string, write func(int) error, size int, want string) {
		t.Helper()
		srv.Seen()
		if err := write(size); err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		if got := srv.One(t).Header.Get("Expect"); got != want {
			t.Errorf("%s: Expect %q, want %q", what, got, want)
		}
	}
	expects("an object", put, continueFrom, "100-continue")
	expects("a small object", put, continueFrom-1, "")
	expects("a part", part, continueFrom, "")
	busy = true
	wantError(t, "Put", put(1), storage.ErrThrottled, false)
	busy = false
	expects("a part of a busy service", part, continueFrom, "100-continue")
	expects("a small part of a busy service", part, continueFrom-1, "")
}
