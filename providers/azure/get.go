package azure

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blob"

	"github.com/polystore/storage"
)

// Get makes one Get Blob. Azure has no suffixes: Offset < 0 is ErrUnsupported. Only where an IfMatch is refused a request follows, which
// tells a missing object from a changed one.
func (s *Store) Get(ctx context.Context, key string, opts *storage.GetOptions) (*storage.GetResult, error) {
	if err := checkKey(key); err != nil {
		return nil, err
	}
	if opts.Offset < 0 {
		return nil, unsupported("a range from the end on Azure")
	}
	a := &attempt{version: opts.VersionID}
	out, err := s.client.NewBlobClient(key).DownloadStream(a.begin(ctx), &blob.DownloadStreamOptions{
		Range:            blob.HTTPRange{Offset: opts.Offset, Count: opts.Length},
		AccessConditions: readConditions(opts),
	})
	if err != nil {
		e := fail(ctx, a, err)
		if e.Kind == storage.ErrPrecondition {
			if _, err := s.Stat(ctx, key, &storage.StatOptions{VersionID: opts.VersionID}); isNotExist(err) {
				e.Kind = storage.ErrNotExist
			}
		}
		return nil, e
	}
	if out.Body == nil { // the SDK's way to say 304, without an error
		return nil, &storage.Error{Kind: storage.ErrNotModified, Status: http.StatusNotModified, Code: value(out.ErrorCode)}
	}
	r := &storage.GetResult{Object: gotten(key, &out.DownloadResponse, a), Body: &reader{ctx, out.Body}, Length: value(out.ContentLength)}
	r.Object.Size = r.Length
	if out.ContentRange != nil {
		err = ranged(r, *out.ContentRange)
	}
	if err == nil {
		err = held(&storage.StatOptions{IfMatch: opts.IfMatch, IfNoneMatch: opts.IfNoneMatch, IfModifiedSince: opts.IfModifiedSince}, r.Object)
	}
	if err != nil {
		out.Body.Close()
		return nil, err
	}
	return r, nil
}

// ranged reads a Content-Range into r.
func ranged(r *storage.GetResult, contentRange string) error {
	first, last, size, err := parseContentRange(contentRange)
	switch {
	case err != nil:
		return &storage.Error{Kind: storage.ErrUnavailable, Err: err}
	case first > last: // Azurite's answer at the end of an object, where Azure says 416
		return &storage.Error{Kind: storage.ErrRange}
	}
	r.Offset, r.Length, r.Object.Size = first, last-first+1, size
	r.Object.Checksums = storage.Checksums{} // the Bucket holds them against the body
	return nil
}

// parseContentRange reads "bytes first-last/size".
func parseContentRange(v string) (first, last, size int64, err error) {
	bounds, total, ok := strings.Cut(strings.TrimPrefix(v, "bytes "), "/")
	from, to, dash := strings.Cut(bounds, "-")
	ok = ok && dash && strings.HasPrefix(v, "bytes ")
	var n [3]int64
	for i, text := range [...]string{from, to, total} {
		u, err := strconv.ParseUint(text, 10, 63)
		ok = ok && err == nil
		n[i] = int64(u)
	}
	if !ok || n[0]-1 > n[1] || n[1] >= n[2] {
		return 0, 0, 0, fmt.Errorf("malformed Content-Range %q", v)
	}
	return n[0], n[1], n[2], nil
}

func gotten(key string, out *blob.DownloadResponse, a *attempt) *storage.Object {
	o := &storage.Object{
		Key:                key,
		ETag:               etagOf(out.ETag),
		VersionID:          value(out.VersionID),
		ModTime:            value(out.LastModified),
		ContentType:        value(out.ContentType),
		ContentEncoding:    value(out.ContentEncoding),
		ContentDisposition: value(out.ContentDisposition),
		ContentLanguage:    value(out.ContentLanguage),
		CacheControl:       value(out.CacheControl),
		StorageClass:       class(value(out.AccessTier), a.inferred),
	}
	o.Metadata, o.Checksums = userMetadata(out.Metadata)
	trust(&o.Checksums, value(out.BlobType), out.ContentMD5)
	return o
}

// trust drops a sum from the metadata of a blob that can change without its metadata, and adds the MD5 that Azure has.
func trust(sums *storage.Checksums, t blob.BlobType, md5 []byte) {
	if t != blob.BlobTypeBlockBlob {
		*sums = storage.Checksums{}
	}
	if len(md5) == 16 {
		sums.MD5 = md5
	}
}

// reader names the errors of a body.
type reader struct {
	ctx  context.Context
	body io.ReadCloser
}

func (r *reader) Read(p []byte) (int, error) {
	if ended := r.ctx.Err(); ended != nil {
		return 0, &storage.Error{Err: ended} // also where bytes have arrived already
	}
	n, err := r.body.Read(p)
	if err == nil || err == io.EOF {
		return n, err
	}
	if ended := r.ctx.Err(); ended != nil {
		return n, &storage.Error{Err: ended}
	}
	return n, &storage.Error{Kind: storage.ErrUnavailable, Err: &cause{plainText(err), err}}
}

func (r *reader) Close() error { return r.body.Close() }
