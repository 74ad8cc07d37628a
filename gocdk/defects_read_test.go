package gocdk

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/polystore/storage"
	"github.com/polystore/storage/internal/testenv"
	"github.com/polystore/storage/providers/azure"
	"github.com/polystore/storage/providers/memory"
	"gocloud.dev/blob"
	"gocloud.dev/gcerrors"
)

// D9: closing a view of a bucket (PrefixedBucket, fs.Sub) closes the bucket.
func TestD9ClosingAViewLeavesTheBucketOpen(t *testing.T) {
	each(t, func(t *testing.T, b *storage.Bucket) {
		write(t, b, "p/k", "q/k")
		for _, prefix := range []string{"p/", "q/"} {
			view := Bucket(b.Prefix(prefix))
			if got := theirContent(t, view, "k"); got != "good" {
				t.Errorf("below %s: %q", prefix, got)
			}
			if err := view.Close(); err != nil {
				t.Errorf("Close of the view %s = %v", prefix, err)
			}
		}
		holds(t, b, "p/k", "good")
	})
	theirs(t, "a view consumes its bucket", theirBoth(t), func(t *testing.T, b *blob.Bucket) bool {
		if err := blob.PrefixedBucket(b, "p/").Close(); err != nil {
			t.Fatal(err)
		}
		_, err := b.Exists(t.Context(), "k")
		return gcerrors.Code(err) == gcerrors.FailedPrecondition
	})
}

// D10: ReadAll and Download take a read lock twice, and Close between the two locks everybody out.
func TestD10CloseDuringReads(t *testing.T) {
	s, err := memory.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	write(t, newBucket(t, s, nil), "k")
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for range 3000 {
			b := storage.New(shared{s}, nil)
			var wg sync.WaitGroup
			for range 4 {
				wg.Go(func() {
					if _, err := b.ReadAll(t.Context(), "k", nil); err != nil &&
						!errors.Is(err, storage.ErrClosed) {
						t.Errorf("ReadAll during Close = %v", err)
					}
				})
			}
			wg.Go(func() { b.Close() })
			wg.Wait()
		}
	}()
	select {
	case <-ended:
	case <-time.After(time.Minute):
		t.Fatal("ReadAll and Close wait for each other")
	}
}

// open counts the response bodies that nobody has closed, and the bytes that came.
type open struct {
	http.RoundTripper
	bodies, read atomic.Int64
}

func (o *open) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := o.RoundTripper.RoundTrip(r)
	if err == nil {
		o.bodies.Add(1)
		resp.Body = &openBody{ReadCloser: resp.Body, o: o}
	}
	return resp, err
}

type openBody struct {
	io.ReadCloser
	o    *open
	once sync.Once
}

func (b *openBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	b.o.read.Add(int64(n))
	return n, err
}

func (b *openBody) Close() error {
	b.once.Do(func() { b.o.bodies.Add(-1) })
	return b.ReadCloser.Close()
}

// D11: s3blob and azureblob leak the response of a range of no bytes; azureblob asks for the whole
// object.
func TestD11EmptyRanges(t *testing.T) {
	test := func(t *testing.T, b *storage.Bucket, o *open) {
		if _, err := b.Put(t.Context(), "k", strings.NewReader(strings.Repeat("x", 1<<20)),
			nil); err != nil {
			t.Fatal(err)
		}
		o.read.Store(0)
		for range 10 {
			r, err := Bucket(b).NewRangeReader(t.Context(), "k", 3, 0, nil)
			if err != nil {
				t.Fatal(err)
			}
			if data, err := io.ReadAll(r); len(data) > 0 || err != nil || r.Size() != 1<<20 {
				t.Errorf("a range of no bytes = %d bytes of %d, %v", len(data), r.Size(), err)
			}
			if err := r.Close(); err != nil {
				t.Errorf("Close = %v", err)
			}
		}
		if n := o.bodies.Load(); n != 0 {
			t.Errorf("%d responses were not closed", n)
		}
		if n := o.read.Load(); n > 10_000 {
			t.Errorf("%d bytes came for 10 ranges of none", n)
		}
	}
	t.Run("s3", func(t *testing.T) {
		o := new(open)
		test(t, onMinIO(t,
			func(next http.RoundTripper) http.RoundTripper { o.RoundTripper = next; return o }), o)
	})
	t.Run("azure", func(t *testing.T) {
		server := testenv.Azurite(t)
		o := &open{RoundTripper: server.Client.Transport}
		s, err := azure.New(t.Context(), server.NewBucket(t), &azure.Options{
			Endpoint: server.Endpoint + "/" + server.AccessKey, Key: server.AzureKey(),
			HTTPClient: &http.Client{Transport: o},
		})
		test(t, newBucket(t, s, err), o)
	})
}

// D12: what lies behind the end is nothing on some drivers, and an error on others.
func TestD12RangesAtTheEnd(t *testing.T) {
	each(t, func(t *testing.T, b *storage.Bucket) {
		write(t, b, "k")
		for _, offset := range []int64{4, 5, 1 << 40} {
			if _, err := b.Get(t.Context(), "k",
				&storage.GetOptions{Offset: offset}); !errors.Is(err, storage.ErrRange) {
				t.Errorf("Get at %d of 4 bytes = %v, want %v", offset, err, storage.ErrRange)
			}
			for _, length := range []int64{-1, 0, 10} {
				r, err := Bucket(b).NewRangeReader(t.Context(), "k", offset, length, nil)
				if err != nil {
					t.Errorf("NewRangeReader(%d, %d) = %v", offset, length, err)
					continue
				}
				if data, err := io.ReadAll(r); len(data) > 0 || err != nil {
					t.Errorf("NewRangeReader(%d, %d) reads %q, %v", offset, length, data, err)
				}
				r.Close()
			}
		}
		r, err := Bucket(b).NewReader(t.Context(), "k", nil)
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		if _, err := r.Seek(0, io.SeekEnd); err != nil {
			t.Errorf("Seek to the end = %v", err)
		}
		if n, err := r.Read(make([]byte, 1)); n != 0 || err != io.EOF {
			t.Errorf("Read at the end = %d, %v, want io.EOF", n, err)
		}
		ra, err := b.NewReaderAt(t.Context(), "k", nil)
		if err != nil {
			t.Fatal(err)
		}
		if n, err := ra.ReadAt(make([]byte, 1), 4); n != 0 || err != io.EOF {
			t.Errorf("ReadAt at the end = %d, %v, want io.EOF", n, err)
		}
	})
}

// D15: s3blob takes every ETag of 32 hexadecimal digits for an MD5; those of encrypted objects are
// none.
func TestD15ETagIsNoMD5(t *testing.T) {
	b := onStubS3(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("ETag", `"0123456789abcdef0123456789abcdef"`)
		w.Header().Set("x-amz-server-side-encryption", "aws:kms")
		w.Header().Set("Last-Modified", "Mon, 02 Jan 2006 15:04:05 GMT")
		w.Header().Set("Content-Length", "4")
	})
	a, err := Bucket(b).Attributes(t.Context(), "k")
	if err != nil {
		t.Fatal(err)
	}
	if a.MD5 != nil {
		t.Errorf("MD5 of an object encrypted by KMS = %x", a.MD5)
	}
}

// D19: memblob and fileblob do not look at the context, so tests on them find no mistake with it; a
// copy in memblob keeps the ETag and the time of its source.
func TestD19ContextsAndCopies(t *testing.T) {
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	each(t, func(t *testing.T, b *storage.Bucket) {
		write(t, b, "k")
		cdk := Bucket(b)
		_, read := cdk.ReadAll(ended, "k")
		_, stat := cdk.Attributes(ended, "k")
		_, _, list := cdk.ListPage(ended, blob.FirstPageToken, 10, nil)
		for what, err := range map[string]error{
			"ReadAll": read, "Attributes": stat, "ListPage": list, "Delete": cdk.Delete(ended, "k"),
			"Copy": cdk.Copy(ended, "k2", "k", nil), "WriteAll": cdk.WriteAll(ended, "k", nil, nil),
		} {
			if gcerrors.Code(err) != gcerrors.Canceled {
				t.Errorf("%s under a context that has ended = %v", what, err)
			}
		}
		holds(t, b, "k", "good")
	})
	t.Run("copy", func(t *testing.T) {
		s, err := memory.New(nil)
		b := newBucket(t, s, err)
		write(t, b, "k")
		src, err := b.Stat(t.Context(), "k", nil)
		if err != nil {
			t.Fatal(err)
		}
		dst, err := b.Copy(t.Context(), "k2", "k", nil)
		if err != nil {
			t.Fatal(err)
		}
		if dst.ETag == src.ETag || dst.ModTime.Before(src.ModTime) {
			t.Errorf("the copy has the ETag %s and the time %v, its source %s and %v", dst.ETag,
				dst.ModTime, src.ETag, src.ModTime)
		}
	})
	theirs(t, "contexts are not looked at", theirBoth(t), func(t *testing.T, b *blob.Bucket) bool {
		if err := b.WriteAll(t.Context(), "k", nil, nil); err != nil {
			t.Fatal(err)
		}
		_, err := b.Attributes(ended, "k")
		return err == nil && b.Delete(ended, "k") == nil
	})
}
