package storage_test

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"iter"
	"log/slog"
	"net/url"
	"testing"
	"time"

	"github.com/polystore/storage"
	"github.com/polystore/storage/providers/memory"
)

// What follows is the public face as programs were promised it: each name with its exact type. It
// has to compile.

func _() {
	type (
		b = *storage.Bucket
		c = context.Context
		o = *storage.Object
	)

	var (
		_ func(*memory.Options) (*memory.Store, error) = memory.New
		_ func(storage.Store, *storage.Options) b      = storage.New
		_ func(c, string) (b, error)                   = storage.Open
		_ func(string, storage.Opener)                 = storage.Handle
		_ func(storage.Store) storage.FullStore        = storage.Full
		_ func(string) error                           = storage.PortableKey
		_ func(c, b, string, b, string,
			*storage.CopyOptions) (o, error) = storage.CopyObject
		_ func(*storage.Mux, c,
			string) (b, error) = (*storage.Mux).Open
		_ func(*storage.Mux, string,
			storage.Opener) = (*storage.Mux).Handle
		_ func(*storage.Mux) []string = (*storage.Mux).Schemes
		_ func(*storage.Writer) (o,
			error) = (*storage.Writer).Commit
		_ func(*storage.Writer) io.WriteCloser = (*storage.Writer).CommitOnClose
		_ func(*storage.Reader) o              = (*storage.Reader).Object
		_ func(*storage.ReaderAt, []storage.Range) ([][]byte,
			error) = (*storage.ReaderAt).ReadRanges
		_ func(b, c, string, io.WriterAt, *storage.GetOptions) (o, error)         = b.Download
		_ func(b, c, string, string, *storage.GetOptions) (o, error)              = b.DownloadFile
		_ func(b, c, string, string, *storage.PutOptions) (o, error)              = b.UploadFile
		_ func(b, c, string, io.ReaderAt, int64, *storage.PutOptions) (o, error)  = b.PutReaderAt
		_ func(b, c, string, io.Reader, *storage.PutOptions) (o, error)           = b.Put
		_ func(b, c, string, *storage.GetOptions) (*storage.Reader, error)        = b.Get
		_ func(b, c, string, *storage.GetOptions) ([]byte, error)                 = b.ReadAll
		_ func(b, c, string, *storage.ReaderAtOptions) (*storage.ReaderAt, error) = b.NewReaderAt
		_ func(b, c, string, func([]byte, o) ([]byte, error)) (o, error)          = b.Update
		_ func(b, c, string, *storage.PutOptions) *storage.Writer                 = b.NewWriter
		_ func(b, c, string, *storage.StatOptions) (o, error)                     = b.Stat
		_ func(b, c, string) (bool, error)                                        = b.Exists
		_ func(b, c, string, *storage.DeleteOptions) error                        = b.Delete
		_ func(b, c, iter.Seq[string], *storage.DeleteManyOptions) (int, error)   = b.DeleteMany
		_ func(b, c, string, *storage.DeleteManyOptions) (int, error)             = b.DeletePrefix
		_ func(b, c, time.Duration, *storage.CleanOptions) (int, error)           = b.CleanUploads
		_ func(b, c, *storage.ListOptions) iter.Seq2[o, error]                    = b.List
		_ func(b, c, *storage.ListOptions) (*storage.Page, error)                 = b.ListPage
		_ func(b, c, string, string, *storage.CopyOptions) (o, error)             = b.Copy
		_ func(b, c, string, *storage.SignOptions) (*storage.SignedURL, error)    = b.SignURL
		_ func(b, string) b                                                       = b.Prefix
		_ func(b) storage.Store                                                   = b.Store
		_ func(b) error                                                           = b.Close
	)
}

var (
	_ interface {
		io.ReadCloser
		io.WriterTo
	} = (*storage.Reader)(nil)
	_ interface {
		io.ReaderAt
		io.ReadSeekCloser
		io.WriterTo
	} = (*storage.ReaderAt)(nil)
	_ interface {
		io.WriteCloser
		io.ReaderFrom
	} = (*storage.Writer)(nil)
	_ storage.FullStore = (*memory.Store)(nil)

	// A driver of the whole contract, and one of the least.
	_ storage.FullStore = contract{}
	_ storage.FullStore = struct {
		storage.Store
		storage.Unsupported
	}{}
)

// contract implements FullStore by its exact signatures.
type contract struct{}

func (contract) Get(
	ctx context.Context, key string, opts *storage.GetOptions,
) (*storage.GetResult, error) {
	return &storage.GetResult{Object: &storage.Object{}, Body: io.NopCloser(nil), Offset: int64(0),
		Length: int64(0)}, nil
}

func (contract) Put(
	ctx context.Context, key string, body io.ReadSeeker, size int64, opts *storage.PutOptions,
) (*storage.Object, error) {
	return nil, nil
}

func (contract) Stat(
	ctx context.Context, key string, opts *storage.StatOptions,
) (*storage.Object, error) {
	return nil, nil
}
func (contract) Delete(ctx context.Context, key string, opts *storage.DeleteOptions) error {
	return nil
}

func (contract) ListPage(ctx context.Context, opts *storage.ListOptions) (*storage.Page, error) {
	return &storage.Page{Objects: []*storage.Object{}, NextToken: ""}, nil
}

func (contract) Capabilities() storage.Capabilities { return storage.Capabilities{} }

func (contract) CheckKey(string) error { return nil }

func (contract) Tags(
	ctx context.Context, key string, opts *storage.TagsOptions,
) (map[string]string, error) {
	return nil, nil
}

func (contract) Copy(
	ctx context.Context, dst, src string, opts *storage.CopyOptions,
) (*storage.CopyResult, error) {
	return &storage.CopyResult{Object: &storage.Object{}, Token: ""}, nil
}

func (contract) CreateUpload(
	ctx context.Context, key string, opts *storage.PutOptions,
) (uploadID string, err error) {
	return "", nil
}

func (contract) PutPart(
	ctx context.Context, key, uploadID string, number int, body io.ReadSeeker, size int64,
	opts *storage.PartOptions,
) (*storage.Part, error) {
	_ = storage.PartOptions{Offset: int64(0), Last: true}
	return &storage.Part{Number: 1, Size: int64(0), ETag: "", Checksums: storage.Checksums{}}, nil
}

func (contract) CopyPart(
	ctx context.Context, key, uploadID string, number int, src string,
	opts *storage.CopyPartOptions,
) (*storage.Part, error) {
	_ = storage.CopyPartOptions{PartOptions: storage.PartOptions{}, SourceOffset: int64(0),
		SourceLength: int64(0), SourceIfMatch: "", SourceVersionID: ""}
	return nil, nil
}

func (contract) CompleteUpload(
	ctx context.Context, key, uploadID string, parts []*storage.Part, opts *storage.PutOptions,
) (*storage.Object, error) {
	return nil, nil
}
func (contract) AbortUpload(ctx context.Context, key, uploadID string) error { return nil }

func (contract) ListPartsPage(
	ctx context.Context, key, uploadID string, opts *storage.ListPartsOptions,
) (*storage.PartPage, error) {
	_ = storage.ListPartsOptions{PageSize: 1, PageToken: ""}
	return &storage.PartPage{Parts: []*storage.Part{}, NextToken: ""}, nil
}

func (contract) ListUploadsPage(
	ctx context.Context, opts *storage.ListOptions,
) (*storage.UploadPage, error) {
	return &storage.UploadPage{Uploads: []*storage.Upload{{Key: "", ID: "", Created: time.Time{}}},
		NextToken: ""}, nil
}

func (contract) PartLimits(opts *storage.PutOptions) storage.PartLimits {
	var n int64
	return storage.PartLimits{Min: n, Max: n, Multiple: n, MaxObject: n, Count: 1, Parallel: true,
		Equal: true}
}

func (contract) DeleteBatch(
	ctx context.Context, keys []string, opts *storage.DeleteBatchOptions,
) ([]error, error) {
	return nil, nil
}
func (contract) MaxBatch() int { return 0 }

func (contract) SignURL(
	ctx context.Context, key string, opts *storage.SignOptions,
) (*storage.SignedURL, error) {
	return &storage.SignedURL{Method: "", URL: "", Header: map[string][]string{},
		Expires: time.Time{}}, nil
}
func (contract) Close() error { return nil }

// Every struct, field by field.
var _ = []any{
	storage.Object{
		Key: "", Size: int64(0), ETag: "", VersionID: "", ModTime: time.Time{}, ContentType: "",
		ContentEncoding: "", ContentDisposition: "",
		ContentLanguage: "", CacheControl: "", Metadata: map[string]string{}, StorageClass: "",
		IsPrefix: true, TagCount: 0,
		Checksums: storage.Checksums{CRC32: []byte{}, CRC32C: []byte{}, CRC64NVME: []byte{},
			MD5: []byte{}, SHA1: []byte{}, SHA256: []byte{}},
	},
	storage.ListOptions{Prefix: "", Delimiter: "", StartAfter: "", PageSize: 1, PageToken: "",
		Concurrency: 1},
	storage.GetOptions{
		Offset: int64(0), Length: int64(0), IfMatch: "", IfNoneMatch: "",
		IfModifiedSince: time.Time{}, VersionID: "", Concurrency: 1, VerifyHash: true,
	},
	storage.StatOptions{
		IfMatch: "", IfNoneMatch: "", IfModifiedSince: time.Time{}, VersionID: "",
		ProveChecksums: true,
	},
	storage.TagsOptions{VersionID: ""},
	storage.PutOptions{
		ContentType: "", ContentEncoding: "", ContentDisposition: "", ContentLanguage: "",
		CacheControl: "", Metadata: map[string]string{},
		StorageClass: "", Tags: map[string]string{}, IfAbsent: true, IfMatch: "",
		Checksums: storage.Checksums{}, Verified: storage.Checksums{},
		PartSize: int64(0), Concurrency: 1,
		Progress: func(p storage.Progress) { _, _ = p.Done, p.Total },
	},
	storage.DeleteOptions{IfMatch: ""},
	storage.DeleteManyOptions{}, storage.CleanOptions{}, storage.DeleteBatchOptions{},
	storage.CopyOptions{
		IfAbsent: true, IfMatch: "", SourceIfMatch: "", SourceVersionID: "", Replace: true,
		ContentType: "", ContentEncoding: "",
		ContentDisposition: "", ContentLanguage: "", CacheControl: "",
		Metadata: map[string]string{}, StorageClass: "", Tags: map[string]string{}, Token: "",
		AllowLoss: []string{},
	},
	storage.SignOptions{
		Method: "GET", Expires: 15 * time.Minute, ContentType: "", ContentLength: int64(0),
		Metadata: map[string]string{}, IfAbsent: true,
		VersionID: "", ResponseContentType: "", ResponseDisposition: "",
	},
	storage.Options{
		Retry: storage.RetryOptions{}, StallTimeout: time.Second, AbortTimeout: time.Second,
		Memory: int64(0), Concurrency: 1, PartSize: int64(0),
		Bandwidth: int64(0), PortableKeys: true, Tracer: storage.LogTracer(slog.Default()),
	},
	storage.Error{
		Op: "", Key: "", Kind: error(nil), Status: 1, Code: "", RequestID: "",
		RetryAfter: time.Second, InDoubt: true, Attempts: 1, Err: error(nil),
	},
	storage.Opener(func(context.Context, *url.URL) (*storage.Bucket, error) { return nil, nil }),
	storage.StoreOpener{Open: func(context.Context, *url.URL,
		*storage.Params) (storage.Store, error) {
		return nil, nil
	}},
	storage.Range{Offset: int64(0), Length: int64(0)},
	storage.ETagNone + "",
	new(storage.Mux), new(storage.DeleteError),
}

// TestKindsOfError: the sentinels are those of io/fs where io/fs has them, all differ, and each is
// found by its own kind alone.
func TestKindsOfError(t *testing.T) {
	for _, same := range [][2]error{
		{storage.ErrNotExist, fs.ErrNotExist}, {storage.ErrExist, fs.ErrExist},
		{storage.ErrPermission, fs.ErrPermission},
		{storage.ErrClosed, fs.ErrClosed}, {storage.ErrInvalid, fs.ErrInvalid},
	} {
		if same[0] != same[1] {
			t.Errorf("%v is not io/fs's", same[0])
		}
	}
	kinds := []error{
		storage.ErrNotExist, storage.ErrExist, storage.ErrPermission, storage.ErrClosed,
		storage.ErrInvalid, storage.ErrPrecondition,
		storage.ErrNotModified, storage.ErrRange, storage.ErrInvalidKey, storage.ErrThrottled,
		storage.ErrUnavailable, storage.ErrIntegrity,
		storage.ErrChanged, storage.ErrUnknownOutcome, storage.ErrNoBucket, errors.ErrUnsupported,
	}
	for _, kind := range kinds {
		err := error(&storage.Error{Kind: kind, Err: errors.Join(kinds...)})
		for _, target := range kinds {
			want := target == kind || kind == storage.ErrInvalidKey && target == storage.ErrInvalid
			if errors.Is(err, target) != want {
				t.Errorf("Is(an error of kind %v, %v) = %v", kind, target, !want)
			}
		}
	}
	if _, ok := any(new(storage.Error)).(interface{ Unwrap() error }); ok {
		t.Error("Error has Unwrap: a sentinel inside would be taken for its kind")
	}
}
