package gocdk

import (
	"bytes"
	"context"
	"crypto/md5"
	"errors"
	"io"
	"math"
	"net/url"
	"strings"
	"testing"
	"time"

	"gocloud.dev/blob"
	"gocloud.dev/blob/driver"
	"gocloud.dev/blob/fileblob"
	"gocloud.dev/blob/memblob"
	"gocloud.dev/gcerrors"

	"github.com/polystore/storage"
	kit "github.com/polystore/storage/driver"
)

// cdk is a driver of the Go CDK that answers as its fields say; what it has none for is not called.
type cdk struct {
	driver.Bucket
	attributes func() (*driver.Attributes, error)
	list       func() (*driver.ListPage, error)
	write      error // of Write
	close      error // of Close of a Writer
	written    int
}

// coded is an error of a driver that has the code.
type coded struct {
	error
	code gcerrors.ErrorCode
}

func (c *cdk) ErrorCode(err error) gcerrors.ErrorCode {
	if e, ok := errors.AsType[coded](err); ok {
		return e.code
	}
	return gcerrors.Unknown
}

func (c *cdk) Close() error { return nil }

func (c *cdk) Attributes(
	context.Context, string,
) (*driver.Attributes, error) {
	return c.attributes()
}

func (c *cdk) ListPaged(context.Context, *driver.ListOptions) (*driver.ListPage, error) {
	return c.list()
}

func (c *cdk) NewTypedWriter(
	context.Context, string, string, *driver.WriterOptions,
) (driver.Writer, error) {
	return cdkWriter{c}, nil
}

type cdkWriter struct{ c *cdk }

func (w cdkWriter) Write(p []byte) (int, error) { w.c.written += len(p); return len(p), w.c.write }
func (w cdkWriter) Close() error                { return w.c.close }

func put(t *testing.T, s storage.Store, opts *storage.PutOptions) error {
	t.Helper()
	_, err := s.Put(t.Context(), "k", strings.NewReader("data"), 4, opts)
	return err
}

// A driver may refuse a write while it takes the bytes, or at the end.
func TestStoreRefusedWrite(t *testing.T) {
	refused := coded{errors.New("refused"), gcerrors.FailedPrecondition}
	for name, c := range map[string]*cdk{"Write": {write: refused, close: refused},
		"Close": {close: refused}} {
		s := Store(blob.NewBucket(c))
		if err := put(t, s, &storage.PutOptions{IfAbsent: true}); !errors.Is(err,
			storage.ErrExist) {
			t.Errorf("a create that %s refuses = %v, want %v", name, err, storage.ErrExist)
		}
		// There was no condition that could have failed.
		if err := put(t, s, &storage.PutOptions{}); err == nil ||
			errors.Is(err, storage.ErrPrecondition) {
			t.Errorf("a write without a condition that %s refuses = %v", name, err)
		}
	}
}

// A list, and a write, miss nothing but the bucket.
func TestStoreMissingBucket(t *testing.T) {
	missing := coded{errors.New("no container"), gcerrors.NotFound}
	s := Store(blob.NewBucket(&cdk{list: func() (*driver.ListPage, error) { return nil, missing },
		write: missing, close: missing}))
	if _, err := s.ListPage(t.Context(), &storage.ListOptions{}); !errors.Is(err,
		storage.ErrNoBucket) {
		t.Errorf("ListPage = %v, want %v", err, storage.ErrNoBucket)
	}
	if err := put(t, s, &storage.PutOptions{}); !errors.Is(err, storage.ErrNoBucket) {
		t.Errorf("Put = %v, want %v", err, storage.ErrNoBucket)
	}
}

// The URL of a request may be signed.
func TestStoreErrorsHaveNoURL(t *testing.T) {
	broken := &url.Error{Op: "Get", URL: "https://account/container?sig=hunter2",
		Err: errors.New("connection reset")}
	s := Store(blob.NewBucket(&cdk{
		attributes: func() (*driver.Attributes, error) { return nil, broken },
		list:       func() (*driver.ListPage, error) { return nil, broken },
		close:      broken,
	}))
	_, stat := s.Stat(t.Context(), "k", &storage.StatOptions{})
	_, list := s.ListPage(t.Context(), &storage.ListOptions{})
	for what, err := range map[string]error{"Stat": stat, "ListPage": list,
		"Put": put(t, s, &storage.PutOptions{})} {
		if err == nil || strings.Contains(err.Error(), "hunter2") ||
			!strings.Contains(err.Error(), "connection reset") {
			t.Errorf("%s = %v", what, err)
		}
		if !errors.Is(err, broken.Err) {
			t.Errorf("%s: the driver's error cannot be had", what)
		}
	}
}

// If-None-Match makes If-Modified-Since void: two writes in a second differ by their ETags only.
func TestStoreConditionsOfReads(t *testing.T) {
	now := time.Now()
	s := Store(blob.NewBucket(&cdk{attributes: func() (*driver.Attributes, error) {
		return &driver.Attributes{ETag: `"2"`, ModTime: now}, nil
	}}))
	if _, err := s.Stat(t.Context(), "k", &storage.StatOptions{IfNoneMatch: `"1"`,
		IfModifiedSince: now}); err != nil {
		t.Errorf("Stat of another version of the same second = %v", err)
	}
	if _, err := s.Stat(t.Context(),
		"k", &storage.StatOptions{IfModifiedSince: now}); !errors.Is(err, storage.ErrNotModified) {
		t.Errorf("Stat with IfModifiedSince = %v, want %v", err, storage.ErrNotModified)
	}
}

func TestStoreHugeNumbers(t *testing.T) {
	b := newBucket(t, Store(memblob.OpenBucket(nil)), nil)
	write(t, b, "k")
	page, err := b.ListPage(t.Context(), &storage.ListOptions{PageSize: math.MaxInt})
	if err != nil || len(page.Objects) != 1 {
		t.Errorf("a page of the largest size = %v, %v", page, err)
	}
	if _, err := b.PutReaderAt(t.Context(), "k2", strings.NewReader("short"), math.MaxInt64,
		nil); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("a source that is much too short = %v, want %v", err, io.ErrUnexpectedEOF)
	}
	if got, err := b.Exists(t.Context(), "k2"); got || err != nil {
		t.Errorf("it left an object: %v, %v", got, err)
	}
}

func TestStoreForeignToken(t *testing.T) {
	s := Store(memblob.OpenBucket(nil))
	for _, token := range []string{"x", "%.%", "YQ.", kit.EncodeToken("a", "")} {
		if _, err := s.ListPage(t.Context(),
			&storage.ListOptions{PageToken: token}); !errors.Is(err, storage.ErrInvalid) {
			t.Errorf("the page token %q = %v, want %v", token, err, storage.ErrInvalid)
		}
	}
}

// hundred is a body that says it has 100 bytes.
type hundred struct{ io.Reader }

func (hundred) Seek(offset int64, whence int) (int64, error) {
	if whence == io.SeekEnd {
		offset += 100
	}
	return offset, nil
}

// A write that fails after its first byte keeps what was there, on a driver that takes a stream
// apart and on one that does not.
func TestStoreFailedSource(t *testing.T) {
	file, err := fileblob.OpenBucket(t.TempDir(), nil)
	if err != nil {
		t.Fatal(err)
	}
	sum := md5.Sum([]byte("other"))
	long := bytes.Repeat([]byte("x"), 1<<20)
	for name, cdk := range map[string]*blob.Bucket{"memblob": memblob.OpenBucket(nil),
		"fileblob": file} {
		s := Store(cdk)
		b := newBucket(t, s, nil)
		write(t, b, "k")
		for _, opts := range []storage.PutOptions{{}, {ContentType: "text/plain"},
			{Checksums: storage.Checksums{MD5: sum[:]}}} {
			_, short := s.Put(t.Context(), "k", bytes.NewReader(long), int64(len(long))+1, &opts)
			_, tooLong := s.Put(t.Context(), "k", bytes.NewReader(long), int64(len(long))-1, &opts)
			_, failed := s.Put(t.Context(), "k", hundred{broken("half")}, 100, &opts)
			if !errors.Is(short, io.ErrUnexpectedEOF) || !errors.Is(tooLong, storage.ErrInvalid) ||
				!errors.Is(failed, errSource) {
				t.Errorf("%s, %+v: a short source = %v, a long one = %v, a broken one = %v", name,
					opts, short, tooLong, failed)
			}
		}
		other := &storage.PutOptions{Checksums: storage.Checksums{MD5: sum[:]}}
		_, wrong := s.Put(t.Context(), "k", bytes.NewReader(long), int64(len(long)), other)
		if !errors.Is(wrong, storage.ErrIntegrity) {
			t.Errorf("%s: another MD5 = %v, want %v", name, wrong, storage.ErrIntegrity)
		}
		holds(t, b, "k", "good")
	}
}

// pieces is a driver that must not be written to piece by piece, as azureblob must not: where such
// a write is refused, it dereferences nil (D3).
type pieces struct{ cdk }

func (p *pieces) NewTypedWriter(
	context.Context, string, string, *driver.WriterOptions,
) (driver.Writer, error) {
	return &uploader{cdkWriter{&p.cdk}, false}, nil
}

type uploader struct {
	cdkWriter
	whole bool
}

func (u *uploader) Upload(r io.Reader) error {
	u.whole = true
	_, err := io.Copy(u.cdkWriter, r)
	return err
}

func (u *uploader) Close() error {
	if !u.whole {
		panic("a nil pointer")
	}
	return u.cdkWriter.Close()
}

func TestStoreRefusedUpload(t *testing.T) {
	refused := coded{errors.New("BlobAlreadyExists"), gcerrors.FailedPrecondition}
	sum := md5.Sum([]byte("data"))
	for _, opts := range []storage.PutOptions{{ContentType: "text/plain"}, {},
		{Checksums: storage.Checksums{MD5: sum[:]}}} {
		p := &pieces{cdk{close: refused}}
		opts.IfAbsent = true
		if err := put(t, Store(blob.NewBucket(p)), &opts); !errors.Is(err, storage.ErrExist) {
			t.Errorf("Put(%+v) = %v, want %v", opts, err, storage.ErrExist)
		}
		if p.written != len("data") {
			t.Errorf("Put(%+v) handed over %d bytes", opts, p.written)
		}
	}
}

// reads are of a driver that knows no ETags, whose object is replaced by a longer one while Get
// looks at it.
type reads struct {
	cdk
	looks int
}

func (r *reads) Attributes(context.Context, string) (*driver.Attributes, error) {
	r.looks++
	return &driver.Attributes{Size: min(int64(r.looks)*4, 8)}, nil
}

func (r *reads) NewRangeReader(
	_ context.Context, _ string, offset, length int64, _ *driver.ReaderOptions,
) (driver.Reader, error) {
	return nopReader{io.NewSectionReader(strings.NewReader("new data"), offset, length)}, nil
}

type nopReader struct{ io.Reader }

func (nopReader) Close() error                         { return nil }
func (nopReader) As(any) bool                          { return false }
func (nopReader) Attributes() *driver.ReaderAttributes { return &driver.ReaderAttributes{} }

func TestStoreReadWithoutETags(t *testing.T) {
	res, err := Store(blob.NewBucket(new(reads))).Get(t.Context(), "k", &storage.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if got, err := io.ReadAll(res.Body); err != nil || string(got) != "new data" ||
		res.Object.Size != 8 {
		t.Errorf("Get of an object that is replaced meanwhile = %q of %d bytes, %v", got,
			res.Object.Size, err)
	}
}
