package storage_test

import (
	"bytes"
	"context"
	"errors"
	"testing"

	"github.com/polystore/storage"
	"github.com/polystore/storage/conformance/fault"
	"github.com/polystore/storage/providers/memory"
)

func newFaulty(t *testing.T) (*storage.Bucket, *fault.Store) {
	t.Helper()
	inner, err := memory.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	s := fault.New(inner)
	retry := storage.RetryOptions{MinDelay: 1, MaxDelay: 1}
	return storage.New(s, &storage.Options{Retry: retry}), s
}

// A write that a proxy delivers twice is told that it is refused. The look that finds out otherwise
// is all the evidence there is, so one failure of it does not end the matter.
func TestDoubledWriteWhoseLookFails(t *testing.T) {
	for name, lookFails := range map[string][]fault.Fault{
		"never":   nil,
		"once":    {fault.Unsent()},
		"lost":    {fault.Lost()},
		"twice":   {fault.Unsent(), fault.Throttle(0)},
		"forever": {fault.Refuse(&storage.Error{Kind: storage.ErrPermission})},
	} {
		t.Run(name, func(t *testing.T) {
			b, s := newFaulty(t)
			s.Next("Put", fault.Twice())
			s.Next("Stat", lookFails...)
			o, err := b.WriteAll(t.Context(), "k", []byte("x"), &storage.PutOptions{IfAbsent: true})
			if name == "forever" { // whoever may not look is told what the service said
				if !errors.Is(err, storage.ErrExist) {
					t.Errorf("WriteAll: %v", err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if now, err := b.Stat(t.Context(), "k", nil); err != nil || now.ETag != o.ETag {
				t.Errorf("Stat: %v, %v; the write told %v", now, err, o)
			}
		})
	}
}

// A copy whose answer was lost, and whose source is another when it is sent again, may have
// happened: a refusal would say that nothing was changed.
func TestLostCopyOfAChangingSource(t *testing.T) {
	for name, change := range map[string]func(
		ctx context.Context, inner storage.FullStore, c fault.Call,
	) error{
		"changed": func(ctx context.Context, inner storage.FullStore, _ fault.Call) error {
			_, err := inner.Put(ctx, "src", bytes.NewReader(nil), 0, &storage.PutOptions{})
			return err
		},
		"deleted": func(ctx context.Context, inner storage.FullStore, _ fault.Call) error {
			return inner.Delete(ctx, "src", &storage.DeleteOptions{})
		},
	} {
		t.Run(name, func(t *testing.T) {
			b, s := newFaulty(t)
			src, err := b.WriteAll(t.Context(), "src", []byte("x"), nil)
			if err != nil {
				t.Fatal(err)
			}
			s.Next("Copy", fault.Lost().After(change))
			opts := &storage.CopyOptions{SourceIfMatch: src.ETag}
			_, err = b.Copy(t.Context(), "dst", "src", opts)
			if !errors.Is(err, storage.ErrUnknownOutcome) {
				t.Errorf("Copy: %v, want ErrUnknownOutcome", err)
			}
		})
	}
}
