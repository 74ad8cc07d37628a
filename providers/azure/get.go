package azure

import (
	"context"
	"net/http"

	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blob"

	"github.com/polystore/storage"
	"github.com/polystore/storage/driver"
	"github.com/polystore/storage/driver/httpdriver"
)

// Get makes one Get Blob. Azure has no suffixes: Offset < 0 is ErrUnsupported. Only where an
// IfMatch is refused a request follows, which tells a missing object from a changed one.
func (s *Store) Get(
	ctx context.Context, key string, opts *storage.GetOptions,
) (*storage.GetResult, error) {
	if err := s.checkAsked(ctx, key); err != nil {
		return nil, err
	}
	if opts.Offset < 0 {
		return nil, driver.Unsupportedf("a range from the end on Azure")
	}
	a := &attempt{version: opts.VersionID}
	a.Stream = true
	object := s.client.NewBlobClient(key)
	out, err := object.DownloadStream(a.begin(ctx), &blob.DownloadStreamOptions{
		Range:            blob.HTTPRange{Offset: opts.Offset, Count: opts.Length},
		AccessConditions: readConditions(opts),
	})
	if err != nil {
		e := fail(ctx, a, err)
		if e.Kind == storage.ErrPrecondition {
			_, err := s.Stat(ctx, key, &storage.StatOptions{VersionID: opts.VersionID})
			if isNotExist(err) {
				e.Kind = storage.ErrNotExist
			}
		}
		return nil, e
	}
	if out.Body == nil { // the SDK's way to say 304, without an error
		return nil, &storage.Error{
			Kind: storage.ErrNotModified, Status: http.StatusNotModified,
			Code: value(out.ErrorCode),
		}
	}
	o := gotten(key, &out.DownloadResponse, a)
	r := &storage.GetResult{
		Object: o, Length: o.Size, Unproven: true, Classless: out.AccessTier == nil,
		NewCRC64NVME: s.hasher.NewCRC64NVME,
	}
	unending := out.ContentLength == nil && out.ContentRange == nil && !a.delimited
	switch {
	case a.directory:
		err = &storage.Error{Kind: storage.ErrNotExist, Err: errDirectory}
	case unending, out.ETag == nil: // then nobody could tell a short body, or another version
		err = a.Foreign("an object without a length or an ETag")
	case out.ContentRange != nil:
		err = ranged(r, opts, *out.ContentRange)
	}
	if err == nil {
		err = driver.CheckRead(driver.ReadConditions(opts), o)
	}
	if err != nil {
		out.Body.Close()
		return nil, err
	}
	r.Body = driver.NewBody(ctx, out.Body, r.Length)
	return r, nil
}

// ranged reads a Content-Range into r.
func ranged(r *storage.GetResult, asked *storage.GetOptions, contentRange string) error {
	if r.Length == 0 { // Azurite's answer at the end of an object, where Azure says 416
		return &storage.Error{Kind: storage.ErrRange}
	}
	r.Object.Checksums = storage.Checksums{} // the Bucket holds them against the body
	return httpdriver.SetRange(r, asked, contentRange)
}

// sizeOf is what a Content-Length says; -1 where there is none.
func sizeOf(length *int64) int64 {
	if length == nil {
		return -1
	}
	return *length
}

func gotten(key string, out *blob.DownloadResponse, a *attempt) *storage.Object {
	o := &storage.Object{
		Key:                key,
		Size:               sizeOf(out.ContentLength), // of what was asked for
		ETag:               etagOf(out.ETag),
		VersionID:          value(out.VersionID),
		ModTime:            value(out.LastModified),
		ContentType:        value(out.ContentType),
		ContentEncoding:    value(out.ContentEncoding),
		ContentDisposition: value(out.ContentDisposition),
		ContentLanguage:    value(out.ContentLanguage),
		CacheControl:       value(out.CacheControl),
		StorageClass:       class(value(out.AccessTier), a.inferred),
		TagCount:           a.tags,
	}
	var n note
	o.Metadata, n = userMetadata(out.Metadata)
	// Also a sum of an object of another size: either somebody carried it over, or this answer lies
	// about its length. The Bucket asks for a proof of what does not fit.
	o.Checksums = n.sums
	trust(&o.Checksums, value(out.BlobType), out.ContentMD5)
	return o
}

// trust adds the MD5 that Azure has to the sum from the metadata. A blob that can change in place
// keeps both of what it once was: it has none.
func trust(sums *storage.Checksums, t blob.BlobType, md5 []byte) {
	switch {
	case t != blob.BlobTypeBlockBlob:
		*sums = storage.Checksums{}
	case len(md5) == 16:
		sums.MD5 = md5
	}
}
