package gocdk

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
	"gocloud.dev/blob"
	"gocloud.dev/blob/driver"
	"gocloud.dev/gcerrors"

	"github.com/polystore/storage"
	"github.com/polystore/storage/providers/memory"
)

// onMemory is a Bucket in memory whose Store is what wrap makes of it.
func onMemory(t *testing.T, wrap func(storage.FullStore) storage.Store) *storage.Bucket {
	t.Helper()
	s, err := memory.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return newBucket(t, wrap(s), nil)
}

// brokenList fails in the way of a connection that the server closes.
type brokenList struct{ storage.FullStore }

func (brokenList) ListPage(context.Context, *storage.ListOptions) (*storage.Page, error) {
	return nil, &storage.Error{Kind: storage.ErrUnavailable, Err: io.EOF}
}

// A program takes every error that matches io.EOF for the end of a list or an object, and the Go
// CDK gives such an error no code.
func TestFailureIsNotTheEnd(t *testing.T) {
	b := Bucket(onMemory(t, func(s storage.FullStore) storage.Store { return brokenList{s} }))
	_, err := b.List(nil).Next(t.Context())
	if err == nil || errors.Is(err, io.EOF) || gcerrors.Code(err) != gcerrors.Internal {
		t.Errorf("a list that fails by io.EOF = %v, code %v", err, gcerrors.Code(err))
	}
	var e *storage.Error
	if !b.ErrorAs(err, &e) || e.Kind != storage.ErrUnavailable {
		t.Errorf("ErrorAs gives %v", e)
	}

	hangUp := func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }
	clouds(t, hangUp, func(t *testing.T, sb *storage.Bucket) {
		b := Bucket(sb)
		_, attributes := b.Attributes(t.Context(), "k")
		_, read := b.ReadAll(t.Context(), "k")
		_, list := b.List(nil).Next(t.Context())
		for what, err := range map[string]error{
			"Attributes": attributes, "ReadAll": read, "List": list, "Delete": b.Delete(t.Context(),
				"k"),
			"Copy": b.Copy(t.Context(), "to", "k", nil), "WriteAll": b.WriteAll(t.Context(), "k",
				nil, nil),
		} {
			if errors.Is(err, io.EOF) || gcerrors.Code(err) != gcerrors.Internal {
				t.Errorf("%s where the connection breaks = %v, code %v; want %v", what, err,
					gcerrors.Code(err), gcerrors.Internal)
			}
		}
	})
}

// Every kind of failure has a code.
func TestErrorCodes(t *testing.T) {
	for kind, want := range map[error]gcerrors.ErrorCode{
		storage.ErrNotExist: gcerrors.NotFound, storage.ErrNoBucket: gcerrors.NotFound,
		storage.ErrExist:          gcerrors.FailedPrecondition,
		storage.ErrPrecondition:   gcerrors.FailedPrecondition,
		storage.ErrNotModified:    gcerrors.FailedPrecondition,
		storage.ErrChanged:        gcerrors.FailedPrecondition,
		storage.ErrClosed:         gcerrors.FailedPrecondition,
		storage.ErrIntegrity:      gcerrors.FailedPrecondition,
		storage.ErrPermission:     gcerrors.PermissionDenied,
		storage.ErrInvalid:        gcerrors.InvalidArgument,
		storage.ErrInvalidKey:     gcerrors.InvalidArgument,
		storage.ErrRange:          gcerrors.InvalidArgument,
		storage.ErrThrottled:      gcerrors.ResourceExhausted,
		storage.ErrUnavailable:    gcerrors.Internal,
		storage.ErrUnknownOutcome: gcerrors.Unknown, errors.ErrUnsupported: gcerrors.Unimplemented,
	} {
		if got := new(bucket).ErrorCode(&storage.Error{Kind: kind,
			Err: errors.New("why")}); got != want {
			t.Errorf("ErrorCode(%v) = %v, want %v", kind, got, want)
		}
	}
	if got := new(bucket).ErrorCode(errSource); got != gcerrors.Unknown {
		t.Errorf("ErrorCode of the caller's own error = %v", got)
	}
}

// noETag is a Store that does not know the versions of its objects.
type noETag struct{ storage.FullStore }

func (s noETag) Stat(
	ctx context.Context, key string, opts *storage.StatOptions,
) (*storage.Object, error) {
	o, err := s.FullStore.Stat(ctx, key, opts)
	if err == nil {
		o.ETag = storage.ETagNone
	}
	return o, err
}

// An ETag that stands for "unknown" would say of every two versions that they are the same.
func TestUnknownETagIsEmpty(t *testing.T) {
	sb := onMemory(t, func(s storage.FullStore) storage.Store { return noETag{s} })
	write(t, sb, "k")
	if a, err := Bucket(sb).Attributes(t.Context(), "k"); err != nil || a.ETag != "" {
		t.Errorf("Attributes = %+v, %v; want no ETag", a, err)
	}
}

// The Go CDK takes an MD5 of no bytes for none.
func TestEmptyContentMD5(t *testing.T) {
	b := Bucket(onMemory(t, func(s storage.FullStore) storage.Store { return s }))
	w, err := b.NewWriter(t.Context(), "k", &blob.WriterOptions{ContentMD5: []byte{}})
	if err != nil {
		t.Fatal(err)
	}
	io.WriteString(w, "x")
	if err := w.Close(); err != nil {
		t.Errorf("Close of a writer with an empty ContentMD5 = %v", err)
	}
}

// Names that every provider takes stay readable for all other programs.
func TestPlainMetadataIsNotEncoded(t *testing.T) {
	want := map[string]string{"user_id": "7", "a.b-c": "Zoë", "0": ""}
	sb := onMemory(t, func(s storage.FullStore) storage.Store { return s })
	if err := Bucket(sb).WriteAll(t.Context(), "k", nil,
		&blob.WriterOptions{Metadata: want}); err != nil {
		t.Fatal(err)
	}
	o, err := sb.Stat(t.Context(), "k", nil)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, o.Metadata); diff != "" {
		t.Errorf("metadata (-want +got):\n%s", diff)
	}
}

// A key that looks encoded is a key of its own under every delimiter.
func TestListLooksEncoded(t *testing.T) {
	b := Bucket(onMemory(t, func(s storage.FullStore) storage.Store { return s }))
	keys := []string{"__0x5c__a", "__0x5c__b", `c\d`, "e"}
	for _, key := range keys {
		if err := b.WriteAll(t.Context(), key, nil, nil); err != nil {
			t.Fatal(err)
		}
	}
	want := []string{"__0x5c__a", "__0x5c__b", `c\`, "e"}
	for _, size := range []int{1, 2, 1000} {
		if diff := cmp.Diff(want,
			pages(t, b, size, &blob.ListOptions{Delimiter: `\`})); diff != "" {
			t.Errorf("pages of %d (-want +got):\n%s", size, diff)
		}
	}
}

// onlyList lets nobody read.
type onlyList struct{ storage.FullStore }

func (onlyList) Stat(context.Context, string, *storage.StatOptions) (*storage.Object, error) {
	return nil, &storage.Error{Kind: storage.ErrPermission}
}

// To list takes no permission but that to list.
func TestListNeedsNoReads(t *testing.T) {
	sb := onMemory(t, func(s storage.FullStore) storage.Store { return onlyList{s} })
	b := Bucket(sb)
	for _, key := range []string{"d/", "d/x"} {
		if err := b.WriteAll(t.Context(), key, nil, nil); err != nil {
			t.Fatal(err)
		}
	}
	for prefix, want := range map[string][]string{"d/": {"d/", "d/x"}, "none/": nil,
		strings.Repeat("x/", 510): nil} {
		if diff := cmp.Diff(want, pages(t, b, 10, &blob.ListOptions{Prefix: prefix,
			Delimiter: "/"})); diff != "" {
			t.Errorf("List(%q) (-want +got):\n%s", prefix, diff)
		}
	}
}

func TestListHugePage(t *testing.T) {
	sb := onMemory(t, func(s storage.FullStore) storage.Store { return s })
	write(t, sb, "k")
	const maxInt = int(^uint(0) >> 1)
	page, err := (&bucket{sb}).ListPaged(t.Context(), &driver.ListOptions{PageSize: maxInt})
	if err != nil || len(page.Objects) != 1 {
		t.Errorf("a page of the largest size = %v, %v", page, err)
	}
}

// A hook of the Go CDK is called once, and its error keeps the request from being made.
func TestHooks(t *testing.T) {
	sb := onMemory(t, func(s storage.FullStore) storage.Store { return s })
	b := Bucket(sb)
	write(t, sb, "k")
	calls := 0
	refuse := func(as func(any) bool) error {
		calls++
		if as(new(*storage.Bucket)) {
			t.Error("a hook's asFunc gives something")
		}
		return errSource
	}
	_, read := b.NewRangeReader(t.Context(), "k", 0, 1, &blob.ReaderOptions{BeforeRead: refuse})
	_, list := b.List(&blob.ListOptions{BeforeList: refuse}).Next(t.Context())
	_, sign := b.SignedURL(t.Context(), "k", &blob.SignedURLOptions{BeforeSign: refuse})
	for what, err := range map[string]error{
		"read": read, "list": list, "sign": sign,
		"write": b.WriteAll(t.Context(), "k", []byte("bad"),
			&blob.WriterOptions{BeforeWrite: refuse}),
		"copy":   b.Copy(t.Context(), "k2", "k", &blob.CopyOptions{BeforeCopy: refuse}),
		"delete": b.DeleteWithOptions(t.Context(), "k", &blob.DeleteOptions{BeforeDelete: refuse}),
	} {
		if !errors.Is(err, errSource) {
			t.Errorf("%s = %v, want the hook's error", what, err)
		}
	}
	if calls != 6 {
		t.Errorf("%d calls of 6 hooks", calls)
	}
	holds(t, sb, "k", "good")
	if ok, err := b.Exists(t.Context(), "k2"); ok || err != nil {
		t.Errorf("the copy's destination exists: %v, %v", ok, err)
	}
}

// A Writer whose context ended leaves nothing, however much was written, and says so by the
// context's error.
func TestCancelledWriter(t *testing.T) {
	each(t, func(t *testing.T, sb *storage.Bucket) {
		b := Bucket(sb)
		write(t, sb, "k")
		for _, size := range []int{0, 3, 6 << 20} {
			ctx, cancel := context.WithCancel(t.Context())
			w, err := b.NewWriter(ctx, "k", &blob.WriterOptions{ContentType: "text/plain",
				BufferSize: 5 << 20})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := io.WriteString(w, strings.Repeat("x", size)); err != nil {
				t.Errorf("Write of %d bytes: %v", size, err)
			}
			cancel()
			if err := w.Close(); !errors.Is(err, context.Canceled) ||
				gcerrors.Code(err) != gcerrors.Canceled {
				t.Errorf("Close after %d bytes = %v, code %v", size, err, gcerrors.Code(err))
			}
			holds(t, sb, "k", "good")
		}
		if n, err := sb.CleanUploads(t.Context(), 0, nil); n != 0 ||
			err != nil && !errors.Is(err, errors.ErrUnsupported) {
			t.Errorf("%d uploads were left behind, %v", n, err)
		}
	})
}

// A copy onto itself changes nothing.
func TestCopyOntoItself(t *testing.T) {
	each(t, func(t *testing.T, sb *storage.Bucket) {
		b := Bucket(sb)
		if err := b.WriteAll(t.Context(), "k", []byte("same"),
			&blob.WriterOptions{Metadata: map[string]string{"a": "1"}}); err != nil {
			t.Fatal(err)
		}
		if err := b.Copy(t.Context(), "k", "k", nil); err != nil {
			t.Errorf("Copy = %v", err)
		}
		if a, err := b.Attributes(t.Context(), "k"); err != nil || a.Metadata["a"] != "1" {
			t.Errorf("Attributes = %+v, %v", a, err)
		}
		holds(t, sb, "k", "same")
	})
}

// puts counts what a Store is asked to write.
type puts struct {
	storage.FullStore
	n *int
}

func (p puts) Put(
	ctx context.Context, key string, body io.ReadSeeker, size int64, opts *storage.PutOptions,
) (*storage.Object, error) {
	*p.n++
	return p.FullStore.Put(ctx, key, body, size, opts)
}

// BufferSize is a hint: where the Go CDK's drivers take no notice of one of a few bytes, here are
// not as many requests.
func TestSmallBufferSize(t *testing.T) {
	n := 0
	b := Bucket(onMemory(t, func(s storage.FullStore) storage.Store { return puts{s, &n} }))
	if err := b.WriteAll(t.Context(),
		"k", make([]byte, 100<<10), &blob.WriterOptions{BufferSize: 1}); err != nil || n != 1 {
		t.Errorf("100 KiB with a BufferSize of 1: %v, %d puts of it whole; want 1", err, n)
	}
}

// Upload of the Go CDK hands the errors of a driver's Upload on without a code, those of its Close
// with one.
func TestUploadErrorsHaveCodes(t *testing.T) {
	b := Bucket(onMemory(t, func(s storage.FullStore) storage.Store { return s }))
	opts := &blob.WriterOptions{ContentType: "text/plain"}
	if err := b.Upload(t.Context(), strings.Repeat("k", 1100), strings.NewReader("x"),
		opts); gcerrors.Code(err) != gcerrors.InvalidArgument {
		t.Errorf("Upload under a key that is too long = %v, code %v", err, gcerrors.Code(err))
	}
	if err := b.Upload(t.Context(), "k", broken("half"), opts); !errors.Is(err, errSource) {
		t.Errorf("Upload of a source that breaks = %v", err)
	}
}

// denied opens objects whose bytes may not be read.
type denied struct{ storage.FullStore }

func (d denied) Get(
	ctx context.Context, key string, opts *storage.GetOptions,
) (*storage.GetResult, error) {
	res, err := d.FullStore.Get(ctx, key, opts)
	if err == nil {
		res.Body.Close()
		res.Body = io.NopCloser(iotest.ErrReader(&storage.Error{Kind: storage.ErrPermission}))
	}
	return res, err
}

// Download of the Go CDK hands the errors of a driver's Download on without a code, too.
func TestDownloadErrorsHaveCodes(t *testing.T) {
	sb := onMemory(t, func(s storage.FullStore) storage.Store { return denied{s} })
	b := Bucket(sb)
	write(t, sb, "k")
	if err := b.Download(t.Context(),
		"k", io.Discard, nil); gcerrors.Code(err) != gcerrors.PermissionDenied {
		t.Errorf("Download = %v, code %v", err, gcerrors.Code(err))
	}
	if _, err := b.ReadAll(t.Context(), "k"); gcerrors.Code(err) != gcerrors.PermissionDenied {
		t.Errorf("ReadAll = %v, code %v", err, gcerrors.Code(err))
	}
	full := Bucket(onMemory(t, func(s storage.FullStore) storage.Store { return s }))
	if err := full.WriteAll(t.Context(), "k", []byte("x"), nil); err != nil {
		t.Fatal(err)
	}
	if err := full.Download(t.Context(), "k", failingWriter{}, nil); !errors.Is(err, errSource) {
		t.Errorf("Download into a writer that fails = %v", err)
	}
}

type failingWriter struct{}

func (failingWriter) Write([]byte) (int, error) { return 0, errSource }
