package gocdk_test

import (
	"bytes"
	"errors"
	"io"
	"testing"

	"github.com/google/go-cmp/cmp"
	"gocloud.dev/blob"
	"gocloud.dev/gcerrors"

	"github.com/polystore/storage"
	"github.com/polystore/storage/gocdk"
	"github.com/polystore/storage/providers/memory"
)

// What another program wrote under a key that a Bucket would encode, or that only looks encoded, is
// in lists, and is found under the key that it has there.
func TestBucketFindsForeignKeys(t *testing.T) {
	s, err := memory.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	ctx := t.Context()
	b := gocdk.Bucket(storage.New(s, nil))
	defer b.Close()
	foreign := []string{"/lead", "a//b", "dots.", "looks__0x41__encoded", "photos/", "photos/a.jpg"}
	for _, key := range foreign {
		_, err := s.Put(ctx, key, bytes.NewReader([]byte(key)), int64(len(key)),
			&storage.PutOptions{})
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := b.WriteAll(ctx, "own//key", []byte("own//key"), nil); err != nil {
		t.Fatal(err)
	}
	var listed []string
	list := b.List(nil)
	for {
		o, err := list.Next(ctx)
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		listed = append(listed, o.Key)
	}
	want := []string{
		"/lead", "a//b", "dots.", "looks__0x41__encoded", "own//key", "photos/", "photos/a.jpg",
	}
	if diff := cmp.Diff(want, listed); diff != "" {
		t.Errorf("List (-want +got):\n%s", diff)
	}
	for _, key := range listed {
		if data, err := b.ReadAll(ctx, key); string(data) != key || err != nil {
			t.Errorf("ReadAll(%q) = %q, %v", key, data, err)
		}
		if a, err := b.Attributes(ctx, key); err != nil || a.Size != int64(len(key)) {
			t.Errorf("Attributes(%q): %v", key, err)
		}
		if r, err := b.NewRangeReader(ctx, key, 0, 0, nil); err != nil {
			t.Errorf("NewRangeReader(%q) of nothing: %v", key, err)
		} else {
			r.Close()
		}
		if err := b.Copy(ctx, "copy", key, nil); err != nil {
			t.Errorf("Copy of %q: %v", key, err)
		}
		if data, err := b.ReadAll(ctx, "copy"); string(data) != key || err != nil {
			t.Errorf("the copy of %q = %q, %v", key, data, err)
		}
		_, err := b.SignedURL(ctx, key, &blob.SignedURLOptions{})
		if gcerrors.Code(err) != gcerrors.Unimplemented { // not that it is missing
			t.Errorf("SignedURL(%q): %v", key, err)
		}
		if err := b.Delete(ctx, key); err != nil {
			t.Errorf("Delete(%q): %v", key, err)
		}
		if ok, err := b.Exists(ctx, key); ok || err != nil {
			t.Errorf("Exists(%q) after Delete = %t, %v", key, ok, err)
		}
	}
	if _, err := s.Stat(ctx, "copy", &storage.StatOptions{}); err != nil {
		t.Errorf("Stat: %v", err)
	}
	page, err := s.ListPage(ctx, &storage.ListOptions{})
	if err != nil || len(page.Objects) != 1 {
		t.Errorf("%d objects are left, %v, want the copy", len(page.Objects), err)
	}
	// A write goes on under the encoded key, which is then the one that is found.
	for _, key := range []string{"both//ways"} {
		_, err := s.Put(ctx, key, bytes.NewReader(nil), 0, &storage.PutOptions{})
		if err := errors.Join(err, b.WriteAll(ctx, key, []byte("ours"), nil)); err != nil {
			t.Fatal(err)
		}
		if data, err := b.ReadAll(ctx, key); string(data) != "ours" || err != nil {
			t.Errorf("ReadAll(%q) = %q, %v", key, data, err)
		}
	}
}
