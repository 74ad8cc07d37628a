package azure

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/polystore/storage"
	"github.com/polystore/storage/internal/stub"
)

// Each key of a batch has its own answer.
func TestDeleteBatch(t *testing.T) {
	srv := newStub(t, func(w http.ResponseWriter, r *stub.Request) {
		w.Header().Set("Content-Type", "multipart/mixed; boundary=b")
		w.WriteHeader(http.StatusAccepted)
		for id, status := range []string{"202 Accepted",
			"404 Not Found\r\nx-ms-error-code: BlobNotFound",
			"412 Precondition Failed\r\nx-ms-error-code: LeaseIdMissing",
			"503 Busy\r\nx-ms-error-code: ServerBusy", "500 Oh\r\nx-ms-error-code: InternalError"} {
			fmt.Fprintf(w,
				"--b\r\nContent-Type: application/http\r\nContent-ID: %d\r\n\r\nHTTP/1.1 "+
					"%s\r\nx-ms-request-id: R%d\r\n\r\n", id, status, id)
		}
		io.WriteString(w, "--b--\r\n")
	})
	s := srv.store(t)
	errs, err := s.DeleteBatch(t.Context(), []string{"ok", `ba\d`, "gone", "leased", "busy",
		"broken"}, &storage.DeleteBatchOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if errs[0] != nil || errs[2] != nil {
		t.Errorf("ok: %v, gone: %v", errs[0], errs[2])
	}
	wantError(t, "invalid", errs[1], storage.ErrInvalidKey, false)
	wantError(t, "leased", errs[3], storage.ErrPermission, false)
	wantError(t, "busy", errs[4], storage.ErrThrottled, false)
	wantError(t, "broken", errs[5], storage.ErrUnavailable, true)
	r := srv.One(t)
	if n := bytes.Count(r.Body, []byte("DELETE /")); n != 5 ||
		bytes.Count(r.Body, []byte("Authorization: SharedKey")) != 5 {
		t.Errorf("%d requests in the batch: %s", n, r.Body)
	}
	if _, err := s.DeleteBatch(t.Context(), make([]string, maxBatch+1),
		&storage.DeleteBatchOptions{}); err == nil {
		t.Error("257 keys were taken")
	}
	if errs, err := s.DeleteBatch(t.Context(), nil, &storage.DeleteBatchOptions{}); err != nil ||
		len(errs) != 0 || len(srv.Seen()) != 0 {
		t.Errorf("an empty batch: %v, %v", errs, err)
	}
}

// An answer that cannot be told apart is one to nothing, and one without a number is to the whole
// batch.
func TestBatchAnswers(t *testing.T) {
	part := func(id, answer string) string {
		if id != "" {
			id = "Content-ID: " + id + "\r\n"
		}
		return "--b\r\nContent-Type: application/http\r\n" + id + "\r\nHTTP/1.1 " + answer +
			"\r\n\r\n"
	}
	for _, test := range []struct {
		name, body string
		kind       error
		doubt      bool
	}{
		{"number too high", part("0", "202 Accepted") + part("2", "500 Oh"), storage.ErrUnavailable,
			true},
		{"number too low", part("0", "202 Accepted") + part("-1", "500 Oh"), storage.ErrUnavailable,
			true},
		{"number twice", part("0", "202 Accepted") + part("0", "202 Accepted"),
			storage.ErrUnavailable, true},
		{"no number", part("0", "202 Accepted") +
			part("", "500 Oh\r\nx-ms-error-code: InternalError"), storage.ErrUnavailable, true},
		{"too few", part("0", "202 Accepted"), storage.ErrUnavailable, true},
		{"not an answer", part("0", "202 Accepted") + "--b\r\nContent-ID: 1\r\n\r\nnonsense\r\n",
			storage.ErrUnavailable, true},
		{"refused as a whole", part("", "403 Forbidden\r\nx-ms-error-code: AuthorizationFailure"),
			storage.ErrPermission, false},
		{"refused as a whole, the batch", part("", "400 Bad\r\nx-ms-error-code: InvalidInput"),
			storage.ErrInvalid, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			srv := newStub(t, func(w http.ResponseWriter, _ *stub.Request) {
				w.Header().Set("Content-Type", "multipart/mixed; boundary=b")
				w.WriteHeader(http.StatusAccepted)
				io.WriteString(w, test.body+"--b--\r\n")
			})
			errs, err := srv.store(t).DeleteBatch(t.Context(), []string{"a", "b"},
				&storage.DeleteBatchOptions{})
			for _, e := range errs {
				if err == nil && e != nil {
					err = e
				}
			}
			wantError(t, "DeleteBatch", err, test.kind, test.doubt)
		})
	}
}

// Each request of a batch has a signature of its own, which the answer to it may repeat.
func TestBatchAnswerRepeatsSignature(t *testing.T) {
	var signatures []string
	id := func(i int) string { return fmt.Sprintf("Content-ID: %d\r\n", i) }
	srv := newStub(t, func(w http.ResponseWriter, r *stub.Request) {
		w.Header().Set("Content-Type", "multipart/mixed; boundary=b")
		w.WriteHeader(http.StatusAccepted)
		signed := regexp.MustCompile("(?i)\nAuthorization: SharedKey " + stubAccount + ":(.+)\r\n")
		for i, found := range signed.FindAllSubmatch(r.Body, -1) {
			signatures = append(signatures, string(found[1]))
			text := fmt.Sprintf("<Error><Message>signed %s</Message></Error>", found[1])
			fmt.Fprintf(w, "--b\r\nContent-Type: application/http\r\n%s\r\n"+
				"HTTP/1.1 403 Forbidden\r\nx-ms-error-code: Code-%s\r\nx-ms-request-id: ID-%s\r\n"+
				"Content-Length: %d\r\n\r\n%s\r\n", id(i), found[1], found[1], len(text), text)
		}
		io.WriteString(w, "--b--\r\n")
	})
	s := srv.store(t)
	errs, err := s.DeleteBatch(t.Context(), []string{"a", "b"}, &storage.DeleteBatchOptions{})
	if err != nil || len(signatures) != 2 {
		t.Fatalf("DeleteBatch: %v, %d signatures", err, len(signatures))
	}
	id = func(int) string { return "" }
	_, err = s.DeleteBatch(t.Context(), []string{"a"}, &storage.DeleteBatchOptions{})
	for i, err := range append(errs, err) {
		e := wantError(t, "DeleteBatch", err, storage.ErrPermission, false)
		text := fmt.Sprint(e, e.RequestID)
		if !strings.Contains(text, "signed (redacted)") || strings.Contains(text, signatures[i]) {
			t.Error(text)
		}
	}
}
