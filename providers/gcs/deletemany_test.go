package gcs

import (
	"fmt"
	"testing"

	"github.com/polystore/storage"
	"github.com/polystore/storage/internal/gcsfake"
)

// TestDeleteManyRequests deletes 10,000 keys, one of which has an object.
func TestDeleteManyRequests(t *testing.T) {
	f := startFake(t, gcsfake.Options{})
	s, err := New(t.Context(), f.bucket, &f.options)
	if err != nil {
		t.Fatal(err)
	}
	b := storage.New(s, nil)
	defer b.Close()
	if _, err := b.WriteAll(t.Context(), "k04711", []byte("content"), nil); err != nil {
		t.Fatal(err)
	}
	f.requests.Store(0)
	n, err := b.DeleteMany(t.Context(), func(yield func(string) bool) {
		for i := range 10_000 {
			if !yield(fmt.Sprintf("k%05d", i)) {
				return
			}
		}
	}, nil)
	if n != 10_000 || err != nil || f.requests.Load() != 40 {
		t.Errorf("DeleteMany of 10,000 keys = %d, %v, by %d requests, want 40", n, err,
			f.requests.Load())
	}
	if there, err := b.Exists(t.Context(), "k04711"); there || err != nil {
		t.Errorf("the object is there: %v, %v", there, err)
	}
}
