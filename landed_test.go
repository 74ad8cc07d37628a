package storage_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"path/filepath"
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

// A part that was given up arrives behind its second attempt, and the service, where each arrival
// has an ETag of its own, no longer has the part that the completion names. Nobody did anything
// wrong: it is sent again, or ErrUnavailable where the bytes are gone.
func TestLatePart(t *testing.T) {
	const part = 64 << 10
	data := bytes.Repeat([]byte("late"), part/4*5/2)
	late := fault.None().Before(func(
		ctx context.Context, inner storage.FullStore, c fault.Call,
	) error {
		_, err := inner.PutPart(ctx, c.Key, c.UploadID, 1, bytes.NewReader(data[:part]), part,
			&storage.PartOptions{})
		return err
	})
	for name, write := range map[string]func(*storage.Bucket, *storage.PutOptions) error{
		"sized": func(b *storage.Bucket, o *storage.PutOptions) error {
			_, err := b.WriteAll(t.Context(), "k", data, o)
			return err
		},
		"stream": func(b *storage.Bucket, o *storage.PutOptions) error {
			_, err := b.Put(t.Context(), "k", onlyReader{bytes.NewReader(data)}, o)
			return err
		},
		"resumable": func(b *storage.Bucket, o *storage.PutOptions) error {
			kept := *o
			kept.StateFile = filepath.Join(t.TempDir(), "state")
			_, err := b.PutReaderAt(t.Context(), "k", bytes.NewReader(data), int64(len(data)),
				&kept)
			return err
		},
	} {
		for _, absent := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, IfAbsent %v", name, absent), func(t *testing.T) {
				b, s := newFaulty(t)
				s.Next("PutPart", fault.Doubt())
				s.Next("CompleteUpload", late)
				err := write(b, &storage.PutOptions{PartSize: part, IfAbsent: absent})
				if name == "stream" {
					if !errors.Is(err, storage.ErrUnavailable) {
						t.Errorf("%v, want ErrUnavailable", err)
					}
				} else if now, e := b.ReadAll(t.Context(), "k", nil); err != nil || e != nil ||
					!bytes.Equal(now, data) {
					t.Errorf("%v; ReadAll: %d bytes, %v", err, len(now), e)
				}
				page, err := s.ListUploadsPage(t.Context(), &storage.ListOptions{})
				if err != nil || len(page.Uploads) > 0 {
					t.Errorf("%d uploads are left, %v", len(page.Uploads), err)
				}
			})
		}
	}
}
