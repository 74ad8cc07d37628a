package storage_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
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

// A completion that is delivered twice ends the upload by its first delivery. When another write
// has replaced the object before anybody looks, nothing tells: the failure of the second upload is
// in doubt, and so is a stream's. A condition tells.
func TestDoubledCompletion(t *testing.T) {
	const part = 64 << 10
	data := bytes.Repeat([]byte("twice"), part/5*5/2)
	doubled := fault.None().Before(func(
		ctx context.Context, inner storage.FullStore, c fault.Call,
	) error {
		page, err := inner.ListPartsPage(ctx, c.Key, c.UploadID, &storage.ListPartsOptions{})
		if err != nil {
			return err
		}
		if _, err = inner.CompleteUpload(ctx, c.Key, c.UploadID, page.Parts,
			&storage.PutOptions{}); err != nil {
			return err
		}
		_, err = inner.Put(ctx, c.Key, strings.NewReader("another's"), 9, &storage.PutOptions{})
		return err
	})
	denied := &storage.Error{Kind: storage.ErrPermission}
	for name, c := range map[string]struct {
		write func(context.Context, *storage.Bucket) error
		again func(*fault.Store, context.CancelFunc)
		want  error
	}{
		"sized, refused at the second upload": {
			write: func(ctx context.Context, b *storage.Bucket) error {
				_, err := b.WriteAll(ctx, "k", data, &storage.PutOptions{PartSize: part})
				return err
			},
			again: func(s *fault.Store, _ context.CancelFunc) {
				s.Next("CreateUpload", fault.None(), fault.Refuse(denied))
			},
			want: storage.ErrPermission,
		},
		"sized, given up at the second upload": {
			write: func(ctx context.Context, b *storage.Bucket) error {
				_, err := b.WriteAll(ctx, "k", data, &storage.PutOptions{PartSize: part})
				return err
			},
			again: func(s *fault.Store, cancel context.CancelFunc) {
				s.Next("CreateUpload", fault.None(), fault.Unsent().Before(func(
					context.Context, storage.FullStore, fault.Call,
				) error {
					cancel()
					return nil
				}))
			},
			want: storage.ErrUnknownOutcome,
		},
		"stream": {
			write: func(ctx context.Context, b *storage.Bucket) error {
				_, err := b.Put(ctx, "k", onlyReader{bytes.NewReader(data)},
					&storage.PutOptions{PartSize: part})
				return err
			},
			want: storage.ErrUnavailable,
		},
	} {
		t.Run(name, func(t *testing.T) {
			b, s := newFaulty(t)
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			if c.again != nil {
				c.again(s, cancel)
			}
			s.Next("CompleteUpload", doubled)
			err := c.write(ctx, b)
			var e *storage.Error
			if !errors.Is(err, c.want) || !errors.As(err, &e) || !e.InDoubt {
				t.Errorf("%v, %+v; want %v in doubt", err, e, c.want)
			}
			if now, err := b.ReadAll(t.Context(), "k", nil); string(now) != "another's" {
				t.Errorf("the object is %d bytes, %v; want the other's", len(now), err)
			}
		})
	}
}
