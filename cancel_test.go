package storage_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/polystore/storage"
	"github.com/polystore/storage/conformance/fault"
)

// withoutCopy is a Store that copies by parts only.
type withoutCopy struct{ storage.FullStore }

func (withoutCopy) Copy(
	context.Context, string, string, *storage.CopyOptions,
) (*storage.CopyResult, error) {
	return nil, &storage.Error{Kind: errors.ErrUnsupported}
}

// TestCancelAnywhere cancels each way of writing at each of its requests, before it and when it has
// been carried out: what was there is still there unless the error says that it is in doubt,
// nothing is mixed, and nothing is left behind.
func TestCancelAnywhere(t *testing.T) {
	temporary(t)
	data := bytesOf(3*partSize + 5)
	put := func(ctx context.Context, b *storage.Bucket, match string) error {
		_, err := b.Put(ctx, "k", bytes.NewReader(data), &storage.PutOptions{IfMatch: match})
		return err
	}
	stream := func(ctx context.Context, b *storage.Bucket, match string) error {
		_, err := b.Put(ctx, "k", onlyReader{bytes.NewReader(data)},
			&storage.PutOptions{IfMatch: match})
		return err
	}
	copied := func(ctx context.Context, b *storage.Bucket, match string) error {
		_, err := b.Copy(ctx, "k", "src", &storage.CopyOptions{IfMatch: match})
		return err
	}
	same := func(s storage.FullStore) storage.Store { return s }
	for name, way := range map[string]struct {
		store func(storage.FullStore) storage.Store
		write func(ctx context.Context, b *storage.Bucket, match string) error
	}{
		"sections":    {same, put},
		"stream":      {same, stream},
		"one request": {func(s storage.FullStore) storage.Store { return plain{s} }, put},
		"spooled":     {func(s storage.FullStore) storage.Store { return plain{s} }, stream},
		"copy":        {same, copied},
		"copy by parts": {func(s storage.FullStore) storage.Store { return withoutCopy{s} },
			copied},
		"copy through": {func(s storage.FullStore) storage.Store { return plain{s} }, copied},
	} {
		for _, conditional := range []bool{false, true} {
			for _, lost := range []bool{false, true} {
				for at := int32(1); at < 20; at++ { // until no request is cancelled any more
					what := fmt.Sprintf("%s (conditional %t), cancelled at request %d, after it %t",
						name, conditional, at, lost)
					if !cancelAt(t, what, at, lost, data, way.store,
						func(ctx context.Context, b *storage.Bucket, etag string) error {
							if !conditional {
								etag = ""
							}
							return way.write(ctx, b, etag)
						}) {
						break
					}
				}
			}
		}
	}
}

// cancelAt cancels write at its request number at, and reports whether there was one.
func cancelAt(t *testing.T, what string, at int32, lost bool, data []byte,
	store func(storage.FullStore) storage.Store,
	write func(ctx context.Context, b *storage.Bucket, etag string) error) bool {
	m := newMemory(t)
	s := fault.New(m)
	b := storage.New(store(s),
		&storage.Options{PartSize: partSize, Concurrency: 2,
			Retry: storage.RetryOptions{MinDelay: time.Nanosecond}})
	defer b.Close()
	o, err := b.Put(t.Context(), "k", bytes.NewReader([]byte("old")), nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.Put(t.Context(), "src", bytes.NewReader(data), nil); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var n atomic.Int32
	hook := func(context.Context, storage.FullStore, fault.Call) error {
		if n.Add(1) == at {
			cancel()
		}
		return nil
	}
	for _, op := range []string{"Put", "Copy", "CreateUpload", "PutPart", "CopyPart",
		"CompleteUpload", "Stat", "Get"} {
		f := fault.None().Before(hook)
		// an upload whose ID never arrived may stay
		if lost && op != "CreateUpload" && op != "Stat" && op != "Get" {
			f = fault.Lost().After(hook)
		}
		s.Add(fault.Rule{Op: op, Times: fault.Always, Fault: f})
	}
	err = write(ctx, b, o.ETag)
	s.Reset()
	got, readErr := b.ReadAll(t.Context(), "k", nil)
	isOld, isNew := string(got) == "old", bytes.Equal(got, data)
	var e *storage.Error
	switch {
	case readErr != nil || !isOld && !isNew:
		t.Errorf("%s: %d bytes are there, %v", what, len(got), readErr)
	case err == nil && !isNew:
		t.Errorf("%s: nil, and the old object is there", what)
	case err != nil && isNew && (!errors.As(err, &e) || !e.InDoubt):
		t.Errorf("%s: %v, not in doubt, and the new object is there", what, err)
	case err != nil && n.Load() >= at && !lost && !errors.Is(err, context.Canceled):
		t.Errorf("%s: %v, want %v", what, err, context.Canceled)
	}
	if page, err := m.ListUploadsPage(t.Context(), &storage.ListOptions{}); err != nil ||
		len(page.Uploads) > 0 {
		t.Errorf("%s: %d uploads are left behind, %v", what, len(page.Uploads), err)
	}
	return n.Load() >= at
}
