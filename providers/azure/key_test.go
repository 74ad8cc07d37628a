package azure

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/polystore/storage"
	"github.com/polystore/storage/internal/stub"
	"github.com/polystore/storage/internal/testenv"
)

// Keys that the service would take for others, or that it advises against, are refused in writes.
// Reads refuse what no object has. All of it is before any request.
func TestKeys(t *testing.T) {
	srv := newStub(t, answerOK)
	s := srv.store(t)
	never := []string{`a\b`, strings.Repeat("\u00e9", 1025)}
	odd := []string{"a/", "/a/", "a//", "a\x00", "a\x7f", "a\u0085", "a\ufffe", strings.Repeat("a/",
		254) + "a"}
	dots := []string{"a.", "a./b", ".", "..", "a/../b"}
	for _, key := range append(append(odd, dots...), never...) {
		wantError(t, fmt.Sprintf("CheckKey(%.20q)", key), s.CheckKey(key), storage.ErrInvalidKey,
			false)
		_, err := s.Put(t.Context(), key, strings.NewReader(""), 0, &storage.PutOptions{})
		wantError(t, fmt.Sprintf("Put(%.20q)", key), err, storage.ErrInvalidKey, false)
	}
	for _, key := range never {
		_, err := s.Stat(t.Context(), key, &storage.StatOptions{})
		wantError(t, fmt.Sprintf("Stat(%.20q)", key), err, storage.ErrInvalidKey, false)
		err = s.Delete(t.Context(), key, &storage.DeleteOptions{})
		wantError(t, fmt.Sprintf("Delete(%.20q)", key), err, storage.ErrInvalidKey, false)
	}
	if n := len(srv.Seen()); n > 0 {
		t.Errorf("%d requests for keys that are refused", n)
	}
	for _, key := range append(odd, "a", "/a", "a//b", ".a", "a?b", strings.Repeat("\u00e9",
		1024)) {
		if _, err := s.Stat(t.Context(), key, &storage.StatOptions{}); err != nil {
			t.Errorf("Stat(%.20q): %v", key, err)
		}
	}
}

// A key with a segment that ends in a dot may be another to the service, until a list has shown it.
func TestKeysWithDots(t *testing.T) {
	shown := ""
	srv := newStub(t, func(w http.ResponseWriter, r *stub.Request) {
		if r.URL.Query().Get("comp") != "list" {
			answerOK(w, r)
			return
		}
		w.Header().Set("Content-Type", "application/xml")
		fmt.Fprintf(w, "<EnumerationResults><Blobs>%s</Blobs><NextMarker/></EnumerationResults>",
			shown)
	})
	s := srv.store(t)
	ctx := t.Context()
	_, err := s.Stat(ctx, "a.", &storage.StatOptions{})
	wantError(t, "Stat", err, storage.ErrNotExist, false)
	_, err = s.Get(ctx, "a./b", &storage.GetOptions{})
	wantError(t, "Get", err, storage.ErrNotExist, false)
	if err := s.Delete(ctx, "a.", &storage.DeleteOptions{}); err != nil {
		t.Errorf("Delete: %v", err)
	}
	err = s.Delete(ctx, "a.", &storage.DeleteOptions{IfMatch: `"1"`})
	wantError(t, "conditional Delete", err, storage.ErrPrecondition, false)
	errs, err := s.DeleteBatch(ctx, []string{"a."}, &storage.DeleteBatchOptions{})
	if err != nil || errs[0] != nil {
		t.Errorf("DeleteBatch: %v, %v", errs, err)
	}
	_, err = s.SignURL(ctx, "a.", &storage.SignOptions{})
	wantError(t, "SignURL", err, storage.ErrInvalidKey, false)
	for _, r := range srv.Seen() {
		if r.URL.Query().Get("comp") != "list" {
			t.Errorf("%s %s was sent although no list shows the key", r.Method, r.URL.Path)
		}
	}
	shown = "<Blob><Name>a.</Name><Properties><Etag>1</Etag></Properties></Blob>"
	if _, err := s.ListPage(ctx, &storage.ListOptions{}); err != nil {
		t.Fatal(err)
	}
	srv.Seen()
	if _, err := s.Stat(ctx, "a.", &storage.StatOptions{}); err != nil {
		t.Errorf("Stat of a key that a list has shown: %v", err)
	}
	if n := len(srv.Seen()); n != 1 {
		t.Errorf("%d requests, want 1", n)
	}
}

// Keys of more than 1,024 bytes are read, listed, copied from and deleted, where they have at most
// 1,024 UTF-16 code units.
func TestLongForeignKey(t *testing.T) {
	env := testenv.Azurite(t)
	b := storage.New(mustNew(t, env.NewBucket(t), options(env)), nil)
	ctx := t.Context()
	key := strings.Repeat("\u8a9e", 1000)
	client := b.Store().(*Store).Client()
	if _, err := client.NewBlockBlobClient(key).UploadBuffer(ctx, []byte("x"), nil); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Put(ctx, key, strings.NewReader("y"), nil); !errors.Is(err,
		storage.ErrInvalidKey) {
		t.Errorf("Put: %v, want %v", err, storage.ErrInvalidKey)
	}
	if data, err := b.ReadAll(ctx, key, nil); string(data) != "x" || err != nil {
		t.Errorf("ReadAll = %q, %v", data, err)
	}
	r, err := b.Get(ctx, key, &storage.GetOptions{Offset: -1})
	if err != nil {
		t.Fatal(err)
	}
	if data, err := io.ReadAll(r); string(data) != "x" || err != nil {
		t.Errorf("suffix = %q, %v", data, err)
	}
	r.Close()
	if _, err := b.Copy(ctx, "copy", key, nil); err != nil {
		t.Errorf("Copy: %v", err)
	}
	if n, err := b.DeletePrefix(ctx, "", nil); n != 2 || err != nil {
		t.Errorf("DeletePrefix = %d, %v, want 2", n, err)
	}
}
