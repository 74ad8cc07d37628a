package gocdk

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/polystore/storage"
	"github.com/polystore/storage/internal/calmclock"
	"github.com/polystore/storage/providers/s3"
	"gocloud.dev/blob"
	"gocloud.dev/gcerrors"
)

// D1: Upload commits what it has when its source fails.
func TestD1FailedUploadCommitsNothing(t *testing.T) {
	upload := func(b *blob.Bucket) error {
		return b.Upload(t.Context(), "k", broken("trunc"),
			&blob.WriterOptions{ContentType: "text/plain"})
	}
	each(t, func(t *testing.T, b *storage.Bucket) {
		write(t, b, "k")
		if err := upload(Bucket(b)); !errors.Is(err, errSource) {
			t.Errorf("Upload from a broken source = %v, want its error", err)
		}
		if _, err := b.Put(t.Context(), "k", broken("trunc"), nil); !errors.Is(err, errSource) {
			t.Errorf("Put from a broken source = %v, want its error", err)
		}
		if _, err := b.Put(t.Context(), "new", broken(strings.Repeat("x", 9<<20)),
			nil); !errors.Is(err, errSource) {
			t.Errorf("Put in parts from a broken source = %v, want its error", err)
		}
		holds(t, b, "k", "good")
		if ok, err := b.Exists(t.Context(), "new"); ok || err != nil {
			t.Errorf("Exists after a failed Put = %v, %v", ok, err)
		}
	})
	theirs(t, "a failed Upload commits", theirBoth(t), func(t *testing.T, b *blob.Bucket) bool {
		return upload(b) != nil && theirContent(t, b, "k") == "trunc"
	})
}

func theirContent(t *testing.T, b *blob.Bucket, key string) string {
	t.Helper()
	data, err := b.ReadAll(t.Context(), key)
	if err != nil {
		t.Errorf("ReadAll: %v", err)
	}
	return string(data)
}

// D2: a deferred Close commits what a failing copy left.
func TestD2DeferredCloseAborts(t *testing.T) {
	each(t, func(t *testing.T, b *storage.Bucket) {
		write(t, b, "k")
		w := b.NewWriter(t.Context(), "k", nil)
		if _, err := io.Copy(w, broken("trunc")); !errors.Is(err, errSource) {
			t.Errorf("Copy from a broken source = %v, want its error", err)
		}
		if err := w.Close(); !errors.Is(err, storage.ErrNotCommitted) {
			t.Errorf("Close without Commit = %v, want %v", err, storage.ErrNotCommitted)
		}
		holds(t, b, "k", "good")

		// A blob.Writer has no Commit, so Close is one; its context aborts.
		ctx, cancel := context.WithCancel(t.Context())
		cw, err := Bucket(b).NewWriter(ctx, "k", &blob.WriterOptions{ContentType: "text/plain"})
		if err != nil {
			t.Fatal(err)
		}
		io.Copy(cw, broken("trunc"))
		cancel()
		if err := cw.Close(); gcerrors.Code(err) != gcerrors.Canceled {
			t.Errorf("Close of a blob.Writer whose context was cancelled = %v", err)
		}
		holds(t, b, "k", "good")
	})
	theirs(t, "Close commits after a failed copy", theirBoth(t),
		func(t *testing.T, b *blob.Bucket) bool {
			w, err := b.NewWriter(t.Context(), "k", nil)
			if err != nil {
				t.Fatal(err)
			}
			io.Copy(w, broken("trunc"))
			return w.Close() == nil && theirContent(t, b, "k") == "trunc"
		})
}

// D3: azureblob dereferences nil when a streamed write fails.
func TestD3FailedStreamedWriteOnAzure(t *testing.T) {
	for _, test := range []struct {
		status       int
		code         string
		small, large gcerrors.ErrorCode // in one request, in blocks
	}{
		{http.StatusConflict, "BlobAlreadyExists", gcerrors.FailedPrecondition,
			gcerrors.FailedPrecondition},
		{http.StatusForbidden, "AuthorizationFailure", gcerrors.PermissionDenied,
			gcerrors.PermissionDenied},
		// A create whose every answer is lost is ErrUnknownOutcome; without its blocks it cannot
		// have happened.
		{http.StatusInternalServerError, "InternalError", gcerrors.Unknown, gcerrors.Internal},
	} {
		for size, want := range map[int]gcerrors.ErrorCode{10: test.small, 20 << 20: test.large} {
			t.Run(test.code+"/"+strconv.Itoa(size), func(t *testing.T) {
				b := onStubAzure(t, func(w http.ResponseWriter, _ *http.Request) {
					refuse(w,
						test.status, test.code)
				})
				w, err := Bucket(b).NewWriter(t.Context(), "k",
					&blob.WriterOptions{ContentType: "text/plain", IfNotExist: true})
				if err != nil {
					t.Fatal(err)
				}
				chunk := make([]byte, min(size, 1<<20))
				for sent := 0; sent < size && err == nil; sent += len(chunk) {
					_, err = w.Write(chunk)
				}
				if closed := w.Close(); err == nil {
					err = closed
				}
				if err == nil {
					t.Fatal("a write that was refused succeeded")
				}
				if got := gcerrors.Code(err); got != want {
					t.Errorf("the error is %v, code %v, want %v", err, got, want)
				}
			})
		}
	}
}

// D5: azureblob.Copy dereferences nil when its first poll fails, and sleeps through the end of its
// context. Ours does not poll.
func TestD5FailedCopyOnAzure(t *testing.T) {
	t.Run("failed", func(t *testing.T) {
		b := onStubAzure(t, func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("x-ms-copy-source") != "" {
				w.Header().Set("x-ms-copy-status", "pending")
			}
			refuse(w, http.StatusServiceUnavailable, "ServerBusy")
		})
		if err := Bucket(b).Copy(t.Context(), "dst", "src", nil); err == nil {
			t.Error("a copy whose every request failed succeeded")
		}
	})
	t.Run("cancelled", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		b := onStubAzure(t, func(w http.ResponseWriter, r *http.Request) {
			cancel()
			<-r.Context().Done()
		})
		clock := calmclock.Start()
		defer clock.Close()
		if err := Bucket(b).Copy(ctx, "dst", "src", nil); gcerrors.Code(err) != gcerrors.Canceled {
			t.Errorf("Copy under a context that ended = %v", err)
		}
		if took := clock.Now(); took > 10*time.Second {
			t.Errorf("Copy came back %v after its context ended", took)
		}
	})
}

// winners lets n writers create key at once and counts those who were told that they did.
func winners(n int, create func() error) int {
	var wg sync.WaitGroup
	won := make(chan bool, n)
	for range n {
		wg.Go(func() { won <- create() == nil })
	}
	wg.Wait()
	close(won)
	count := 0
	for w := range won {
		if w {
			count++
		}
	}
	return count
}

func createCDK(t *testing.T, b *blob.Bucket, key string) int {
	return winners(8, func() error {
		return b.WriteAll(t.Context(), key, []byte("mine"), &blob.WriterOptions{IfNotExist: true,
			ContentType: "text/plain"})
	})
}

// D7: IfNotExist of fileblob looks and then renames.
func TestD7OneCreatorWins(t *testing.T) {
	each(t, func(t *testing.T, b *storage.Bucket) {
		for round := range 20 {
			if n := createCDK(t, Bucket(b), strconv.Itoa(round)); n != 1 {
				t.Fatalf("round %d: %d of 8 creators won", round, n)
			}
		}
	})
	theirs(t, "IfNotExist lets several win", theirFile(t), func(t *testing.T, b *blob.Bucket) bool {
		for round := range 5000 {
			if createCDK(t, b, strconv.Itoa(round)) > 1 {
				return true
			}
		}
		return false
	})
}

// torn overwrites an object whose metadata name its size, reads attributes meanwhile, and reports
// whether any did not fit.
func torn(t *testing.T, b *blob.Bucket, rounds int) bool {
	t.Helper()
	put := func(n int) error {
		return b.WriteAll(t.Context(), "k", make([]byte, n), &blob.WriterOptions{
			ContentType: "text/plain", Metadata: map[string]string{"size": strconv.Itoa(n)},
		})
	}
	if err := put(1); err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for i := range rounds {
			if err := put(1 + i%5); err != nil {
				t.Errorf("WriteAll: %v", err)
				return
			}
		}
	}()
	mixed := false
	for {
		select {
		case <-done:
			return mixed
		default:
			a, err := b.Attributes(t.Context(), "k")
			mixed = mixed || err != nil || a.Metadata["size"] != strconv.FormatInt(a.Size, 10)
		}
	}
}

// D8: fileblob rewrites the metadata of an object in place.
func TestD8OverwriteIsAtomic(t *testing.T) {
	each(t, func(t *testing.T, b *storage.Bucket) {
		if torn(t, Bucket(b), 50) {
			t.Error("a reader saw the metadata of one version with the size of another, or an error")
		}
	})
	theirs(t, "metadata is not replaced with the content", theirFile(t),
		func(t *testing.T, b *blob.Bucket) bool {
			for range 100 {
				if torn(t, b, 100) {
					return true
				}
			}
			return false
		})
}

// D18, of writes: fileblob keeps no a beside a/b, no key that ends in .attrs or has a long segment,
// and leaves empty directories in the way of keys.
func TestD18AwkwardKeys(t *testing.T) {
	long := strings.Repeat("s", 254)
	each(t, func(t *testing.T, b *storage.Bucket) {
		write(t, b, "x.attrs", long, "d/e/f")
		holds(t, b, "x.attrs", "good")
		holds(t, b, long, "good")
		if err := b.Delete(t.Context(), "d/e/f", nil); err != nil {
			t.Fatal(err)
		}
		write(t, b, "d")
		holds(t, b, "d", "good")
		if _, onS3 := b.Store().(*s3.Store); onS3 {
			return // MinIO is a directory tree itself and refuses the next two
		}
		write(t, b, "a", "a/b")
		holds(t, b, "a", "good")
		holds(t, b, "a/b", "good")
	})
	theirs(t, "keys that are refused", theirFile(t), func(t *testing.T, b *blob.Bucket) bool {
		put := func(key string) error { return b.WriteAll(t.Context(), key, []byte("x"), nil) }
		if err := put("a"); err != nil {
			t.Fatal(err)
		}
		if err := put("d/e/f"); err != nil {
			t.Fatal(err)
		}
		if err := b.Delete(t.Context(), "d/e/f"); err != nil {
			t.Fatal(err)
		}
		return put("a/b") != nil && put("x.attrs") != nil && put(long) != nil && put("d") != nil
	})
}
