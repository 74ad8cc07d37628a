package main

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/polystore/storage"
	"github.com/polystore/storage/providers/memory"
)

// silent carries a write of the index out, or not, and then answers nothing more about it.
type silent struct {
	storage.FullStore
	refuse bool // the write of the index is refused for good
	wrote  bool
}

func (s *silent) Put(
	ctx context.Context, key string, body io.ReadSeeker, size int64, opts *storage.PutOptions,
) (*storage.Object, error) {
	if key != indexKey {
		return s.FullStore.Put(ctx, key, body, size, opts)
	}
	if s.refuse {
		return nil, &storage.Error{Kind: storage.ErrPermission}
	}
	if !s.wrote {
		s.wrote = true
		if _, err := s.FullStore.Put(ctx, key, body, size, opts); err != nil {
			return nil, err
		}
	}
	return nil, &storage.Error{Kind: storage.ErrUnavailable, InDoubt: true}
}

func (s *silent) Stat(
	ctx context.Context, key string, opts *storage.StatOptions,
) (*storage.Object, error) {
	if key == indexKey {
		return nil, &storage.Error{Kind: storage.ErrUnavailable}
	}
	return s.FullStore.Stat(ctx, key, opts)
}

// A file that the index has, or may have, is there; one that it cannot have is taken back.
func TestReceiveWithoutAnAnswer(t *testing.T) {
	for _, test := range []struct {
		refuse bool
		want   error
		exists bool
	}{{false, storage.ErrUnknownOutcome, true}, {true, storage.ErrPermission, false}} {
		m, err := memory.New(nil)
		if err != nil {
			t.Fatal(err)
		}
		in := &inbox{bucket: storage.New(&silent{FullStore: m, refuse: test.refuse},
			&storage.Options{Retry: storage.RetryOptions{Attempts: 1}})}
		if _, err := in.receive(t.Context(), "a.txt", strings.NewReader("hello")); !errors.Is(err,
			test.want) {
			t.Errorf("receive = %v, want %v", err, test.want)
		}
		if exists, err := in.bucket.Exists(t.Context(), fileKey("a.txt")); exists != test.exists ||
			err != nil {
			t.Errorf("where the index answers %v the file exists: %v, %v", test.want, exists, err)
		}
		if err := in.bucket.Close(); err != nil {
			t.Error(err)
		}
	}
}
