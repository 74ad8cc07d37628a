package storage_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/polystore/storage"
	"github.com/polystore/storage/conformance/fault"
)

// closedUnder closes b after a second of a call, which then ends with ErrClosed.
func closedUnder(t *testing.T, what string, b *storage.Bucket, call func() error) {
	t.Helper()
	start := time.Now()
	time.AfterFunc(time.Second, func() { b.Close() })
	err := call()
	if took := time.Since(start); !errors.Is(err, storage.ErrClosed) || took != time.Second {
		t.Errorf("%s, its Bucket closed after a second: %v after %v, want %v", what, err, took,
			storage.ErrClosed)
	}
}

// TestCloseUnderCopy closes the destination of a copy that waits for its source.
func TestCloseUnderCopy(t *testing.T) {
	for op, f := range map[string]fault.Fault{
		"Get": fault.Hang(), "Get body": fault.Stall(10),
		"Tags": fault.Hang(), "Stat": fault.Hang(),
	} {
		t.Run(op, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				src, s := newBucket(t, storage.Options{})
				dst := storage.New(newMemory(t), nil)
				err := must(src.WriteAll(t.Context(), "k", bytesOf(1000),
					&storage.PutOptions{Tags: map[string]string{"a": "b"}}))
				if err != nil {
					t.Fatal(err)
				}
				var opts storage.CopyOptions
				if op == "Stat" { // of a copy that repeats what a new object could not have
					opts = storage.CopyOptions{Replace: true, ContentDisposition: "caf\u00e9"}
				}
				name, _, _ := strings.Cut(op, " ")
				s.Add(fault.Rule{Op: name, Times: fault.Always, Fault: f})
				closedUnder(t, "CopyObject that waits for "+op, dst, func() error {
					_, err := storage.CopyObject(context.Background(), dst, "k", src, "k", &opts)
					return err
				})
			})
		})
	}
}

// TestCloseUnderSuspend closes a Bucket when the last part of a Writer that is suspended has been
// sent: the upload is aborted, and there is no token of it.
func TestCloseUnderSuspend(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, s := newBucket(t, storage.Options{})
		closed := make(chan error)
		w := b.NewWriter(t.Context(), "k", &storage.PutOptions{Progress: func(storage.Progress) {
			go func() { closed <- b.Close() }()
			synctest.Wait() // Close waits for the part, which has not ended yet
		}})
		if _, err := w.Write(bytesOf(partSize)); err != nil {
			t.Fatal(err)
		}
		if token, err := w.Suspend(); !errors.Is(err, storage.ErrClosed) || token != "" {
			t.Errorf("Suspend = %q, %v, want %v", token, err, storage.ErrClosed)
		}
		if err := <-closed; err != nil {
			t.Error(err)
		}
		if n := s.Count("AbortUpload"); n != 1 {
			t.Errorf("%d uploads were aborted, want 1", n)
		}
	})
}

// TestCloseUnderCopyThatAborts has the deadline of a copy pass while the copy, which Close ended,
// still aborts its upload.
func TestCloseUnderCopyThatAborts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		src, from := newBucket(t, storage.Options{Concurrency: 1})
		dst, to := newBucket(t, storage.Options{})
		if err := must(src.WriteAll(t.Context(), "k", bytesOf(8*partSize), nil)); err != nil {
			t.Fatal(err)
		}
		from.Add(fault.Rule{Op: "Get", Times: fault.Always, Fault: fault.Stall(3 * partSize)})
		to.Add(fault.Rule{Op: "AbortUpload", Fault: fault.None().After(
			func(context.Context, storage.FullStore, fault.Call) error {
				time.Sleep(time.Second)
				return nil
			})})
		ctx, cancel := context.WithTimeout(t.Context(), 1500*time.Millisecond)
		defer cancel()
		time.AfterFunc(time.Second, func() { dst.Close() })
		err := must(storage.CopyObject(ctx, dst, "k", src, "k", nil))
		if !errors.Is(err, storage.ErrClosed) {
			t.Errorf("CopyObject: %v, want %v", err, storage.ErrClosed)
		}
		if n := to.Count("AbortUpload"); n != 1 {
			t.Errorf("%d uploads were aborted, want 1", n)
		}
	})
}
