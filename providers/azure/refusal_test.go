package azure

import (
	"bytes"
	"errors"
	"io"
	"testing"

	"github.com/polystore/storage"
	"github.com/polystore/storage/internal/stub"
)

// A refusal at the headers is that refusal also when the connection is cut behind it, while the
// body is still going up.
func TestEarlyRefusal(t *testing.T) {
	const answer = "HTTP/1.1 403 Forbidden\r\nX-Ms-Error-Code: " +
		"AuthorizationPermissionMismatch\r\nConnection: close\r\n\r\n" +
		`<?xml version="1.0"?><Error><Code>AuthorizationPermissionMismatch</Code></Error>`
	server := stub.NewRefuser(t, answer)
	s := mustNew(t, "bucket", &Options{Endpoint: server.URL + "/" + stubAccount, Key: stubKey})
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

// A block that is refused with 404 at its headers, the connection cut while the bytes still go up,
// is that refusal. In a Put of a Bucket it is never ErrNotExist, which would be about the object:
// blocks need none.
func TestBlockOfNothing(t *testing.T) {
	const size = 8 << 20
	data := make([]byte, 2*size)
	for code, kind := range map[string]error{
		"ContainerNotFound": storage.ErrNoBucket,
		"ResourceNotFound":  storage.ErrNotExist, "": storage.ErrNotExist, // the upload
	} {
		answer := "HTTP/1.1 404 Not Found\r\nConnection: close\r\n"
		if code != "" {
			answer += "X-Ms-Error-Code: " + code + "\r\n"
		}
		server := stub.NewRefuser(t, answer+"\r\nNot here.")
		s := mustNew(t, "bucket", &Options{Endpoint: server.URL + "/" + stubAccount, Key: stubKey})
		id, err := s.CreateUpload(t.Context(), "k", &storage.PutOptions{})
		if err != nil {
			t.Fatal(err)
		}
		for range 5 {
			_, err := s.PutPart(t.Context(), "k", id, 1, bytes.NewReader(data[:size]), size,
				&storage.PartOptions{})
			wantError(t, "PutPart, "+code, err, kind, false)
		}
		if n := server.Requests.Load(); n != 5 {
			t.Errorf("%d requests, want 5", n)
		}
		if kind == storage.ErrNotExist {
			kind = storage.ErrUnavailable
		}
		b := storage.New(s, &storage.Options{PartSize: size})
		for _, source := range []io.Reader{
			bytes.NewReader(data), struct{ io.Reader }{bytes.NewReader(data)},
		} {
			_, err := b.Put(t.Context(), "k", source, &storage.PutOptions{Concurrency: 1})
			if !errors.Is(err, kind) || errors.Is(err, storage.ErrNotExist) {
				t.Errorf("Put, %s: %v, want %v", code, err, kind)
			}
		}
		b.Close()
	}
}
