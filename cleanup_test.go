package storage_test

import (
	"bytes"
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/polystore/storage"
	"github.com/polystore/storage/conformance/fault"
	"github.com/polystore/storage/providers/memory"
)

// TestCleanUpOutlastsStorms lets the service refuse everything for less than AbortTimeout, from the
// end of the write on: no upload is left, whatever is left of the retry budget.
func TestCleanUpOutlastsStorms(t *testing.T) {
	const storm = 4400 * time.Millisecond
	for name, c := range map[string]struct {
		fault  fault.Fault
		cancel bool // what ends the write; otherwise PutPart is refused for good
	}{
		"503":                       {fault.Throttle(0), false},
		"503, cancelled":            {fault.Throttle(0), true},
		"Retry-After":               {fault.Throttle(time.Hour), false},
		"Retry-After, cancelled":    {fault.Throttle(15 * time.Second), true},
		"never sent":                {fault.Unsent(), true},
		"hangs at first":            {fault.Hang(), false},
		"hangs at first, cancelled": {fault.Hang(), true},
		"in doubt, cancelled":       {fault.Doubt(), true},
	} {
		for _, stream := range []bool{false, true} {
			synctest.Test(t, func(t *testing.T) {
				m, _ := memory.New(nil)
				s := fault.New(m)
				b := storage.New(s, &storage.Options{
					PartSize: partSize, Retry: storage.RetryOptions{Budget: 1},
				})
				defer b.Close()
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				var first sync.Once // parts are sent beside each other
				var ended time.Time
				refused := &storage.Error{Kind: storage.ErrPermission}
				s.Add(fault.Rule{Op: "PutPart", Times: fault.Always, Fault: fault.Refuse(refused).
					Before(func(context.Context, storage.FullStore, fault.Call) error {
						first.Do(func() { ended = time.Now() })
						if c.cancel {
							cancel()
						}
						return nil
					})})
				s.Add(fault.Rule{Op: "AbortUpload", Times: fault.Always, Fault: c.fault.
					Before(func(ctx context.Context, in storage.FullStore, c fault.Call) error {
						if time.Since(ended) < storm {
							return nil
						}
						if err := in.AbortUpload(ctx, c.Key, c.UploadID); err != nil {
							return err
						}
						return &storage.Error{Kind: storage.ErrPermission} // it is done
					})})
				src := bytes.NewReader(bytesOf(3 * partSize))
				var err error
				if stream {
					_, err = b.Put(ctx, "k", onlyReader{src}, nil)
				} else {
					_, err = b.Put(ctx, "k", src, nil)
				}
				if err == nil {
					t.Errorf("%s: Put succeeded", name)
				}
				if took := time.Since(ended); took > 5*time.Second {
					t.Errorf("%s: Put came back after %v, want AbortTimeout at most", name, took)
				}
				page, err := m.ListUploadsPage(t.Context(), &storage.ListOptions{})
				if err != nil || len(page.Uploads) != 0 {
					t.Errorf("%s: %d uploads are left, %v", name, len(page.Uploads), err)
				}
				if n := s.Count("AbortUpload"); n > 60 {
					t.Errorf("%s: %d AbortUploads in %v", name, n, storm)
				}
			})
		}
	}
}

// A Writer whose context ended long before Close leaves no upload: the clean-up has its own time,
// and a part of it from Close on.
func TestCleanUpOfOldWriter(t *testing.T) {
	for name, open := range map[string]time.Duration{"soon": 0, "late": time.Hour} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m, err := memory.New(nil)
				if err != nil {
					t.Fatal(err)
				}
				b := storage.New(m, &storage.Options{PartSize: partSize})
				defer b.Close()
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				w := b.NewWriter(ctx, "k", nil)
				if _, err := w.Write(bytesOf(3 * partSize)); err != nil {
					t.Fatal(err)
				}
				synctest.Wait()
				page, err := m.ListUploadsPage(t.Context(), &storage.ListOptions{})
				if err != nil || len(page.Uploads) != 1 {
					t.Fatalf("%d uploads are under way, %v; want 1", len(page.Uploads), err)
				}
				cancel()
				time.Sleep(open)
				if err := w.Close(); !errors.Is(err, storage.ErrNotCommitted) {
					t.Errorf("Close: %v, want %v", err, storage.ErrNotCommitted)
				}
				page, err = m.ListUploadsPage(t.Context(), &storage.ListOptions{})
				if err != nil || len(page.Uploads) != 0 {
					t.Errorf("%d uploads are left, %v", len(page.Uploads), err)
				}
			})
		})
	}
}
