package s3

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/polystore/storage"
	"github.com/polystore/storage/internal/stub"
)

const noSuchUpload = "HTTP/1.1 404 Not Found\r\nContent-Type: application/xml\r\nConnection: " +
	"close\r\n\r\n" +
	`<Error><Code>NoSuchUpload</Code><Message>m</Message></Error>`

// A part whose upload is gone is told so at its headers, and the connection is cut while the bytes
// still go up.
func TestPartOfNoUpload(t *testing.T) {
	server := stub.NewRefuser(t, noSuchUpload)
	s := mustNew(t, "bucket", &Options{
		Endpoint: server.URL, Region: "us-east-1",
		AccessKeyID: stubKey, SecretAccessKey: stubSecret,
	})
	const size = 8 << 20
	for range 10 {
		body := bytes.NewReader(make([]byte, size))
		_, err := s.PutPart(t.Context(), "k", "id", 1, body, size, &storage.PartOptions{})
		wantError(t, "PutPart", err, storage.ErrNotExist, false)
	}
	if n := server.Requests.Load(); n != 10 {
		t.Errorf("%d requests, want 10", n)
	}
}

// A service that knows an upload no longer does not always say what it does not know. An answer
// without an ID may be any server's.
func TestPartOfNothingNamed(t *testing.T) {
	for id, kind := range map[string]error{"": nil, "tx0001": storage.ErrNotExist} {
		srv := newStub(t, func(w http.ResponseWriter, _ *stub.Request) {
			if id != "" {
				w.Header().Set("X-Amz-Request-Id", id)
			}
			w.WriteHeader(http.StatusNotFound)
		})
		_, err := srv.store(t).PutPart(t.Context(), "k", "id", 1, strings.NewReader("x"), 1,
			&storage.PartOptions{})
		if e, ok := errors.AsType[*storage.Error](err); !ok || e.Kind != kind {
			t.Errorf("PutPart, request ID %q: %v, want the kind %v", id, err, kind)
		}
	}
}

// An upload that somebody ended under a Put of a Bucket is made again from a source that can be
// read again. From a stream it is ErrUnavailable: never ErrNotExist, which would be about the
// object.
func TestUploadGoneOfBucket(t *testing.T) {
	const part = 5 << 20
	data := make([]byte, 3*part)
	for _, absent := range []bool{false, true} {
		t.Run(fmt.Sprint("IfAbsent ", absent), func(t *testing.T) {
			var gone atomic.Bool
			srv := newStub(t, func(w http.ResponseWriter, r *stub.Request) {
				q := r.URL.Query()
				switch {
				case q.Has("partNumber") && gone.CompareAndSwap(true, false):
					refuse(w, http.StatusNotFound, "NoSuchUpload")
				case r.Method == http.MethodHead:
					w.WriteHeader(http.StatusNotFound)
				default:
					answerOK(w, r)
				}
			})
			b := storage.New(srv.store(t), &storage.Options{PartSize: part})
			defer b.Close()
			opts := &storage.PutOptions{IfAbsent: absent, Concurrency: 1}
			gone.Store(true)
			if _, err := b.Put(t.Context(), "sized", bytes.NewReader(data), opts); err != nil {
				t.Errorf("a source that can be read again: %v", err)
			}
			gone.Store(true)
			_, err := b.Put(t.Context(), "stream", struct{ io.Reader }{bytes.NewReader(data)}, opts)
			if !errors.Is(err, storage.ErrUnavailable) || errors.Is(err, storage.ErrNotExist) {
				t.Errorf("a stream: %v, want %v", err, storage.ErrUnavailable)
			}
		})
	}
}
