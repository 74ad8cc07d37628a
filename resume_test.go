package storage_test

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/polystore/storage"
)

// breaking is a Store whose first body breaks after three bytes. It changes the answers after that.
type breaking struct {
	storage.Store
	change func(r *storage.GetResult)
	gets   int
}

func (s *breaking) Get(
	ctx context.Context, key string, opts *storage.GetOptions,
) (*storage.GetResult, error) {
	r, err := s.Store.Get(ctx, key, opts)
	if err != nil {
		return nil, err
	}
	if s.gets++; s.gets > 1 {
		s.change(r)
		return r, nil
	}
	r.Body = struct {
		io.Reader
		io.Closer
	}{
		io.MultiReader(
			io.LimitReader(r.Body, 3),
			iotest.ErrReader(&storage.Error{Kind: storage.ErrUnavailable}),
		), r.Body,
	}
	return r, nil
}

// TestResumedAnswer resumes a read with an answer that does not fit the first one. It must be the
// same version, of the same size, from where the first body broke.
func TestResumedAnswer(t *testing.T) {
	const content = "0123456789"
	for _, tt := range []struct {
		name   string
		change func(r *storage.GetResult)
		want   error
	}{
		{"the same", func(*storage.GetResult) {}, nil},
		{"without a size", func(r *storage.GetResult) { r.Object.Size = -1 }, nil},
		{"a larger size", func(r *storage.GetResult) { r.Object.Size++ }, storage.ErrIntegrity},
		{"a smaller size", func(r *storage.GetResult) { r.Object.Size-- }, storage.ErrIntegrity},
		{"another offset", func(r *storage.GetResult) { r.Offset++ }, storage.ErrIntegrity},
		{
			"another version",
			func(r *storage.GetResult) { r.Object.ETag = `"x"` }, storage.ErrChanged,
		},
	} {
		s := &breaking{Store: newMemory(t), change: tt.change}
		b := storage.New(s, &storage.Options{Retry: storage.RetryOptions{MinDelay: 1}})
		if _, err := b.Put(t.Context(), "k", strings.NewReader(content), nil); err != nil {
			t.Fatal(err)
		}
		got, err := b.ReadAll(t.Context(), "k", nil)
		if !errors.Is(err, tt.want) || tt.want == nil && string(got) != content {
			t.Errorf("an answer with %s: %q, %v, want %v", tt.name, got, err, tt.want)
		}
		if s.gets != 2 {
			t.Errorf("an answer with %s: %d Gets, want 2", tt.name, s.gets)
		}
		b.Close()
	}
}
