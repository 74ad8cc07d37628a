package azure

import (
	"context"
	"io"

	"github.com/polystore/storage"
	"github.com/polystore/storage/driver"
	"github.com/polystore/storage/driver/httpdriver"
)

// maxPut is the largest object that one request makes:
// https://learn.microsoft.com/rest/api/storageservices/put-blob.
const maxPut = 5000 << 20

// Put makes one Put Blob, of at most 5000 MiB.
func (s *Store) Put(
	ctx context.Context, key string, body io.ReadSeeker, size int64, opts *storage.PutOptions,
) (*storage.Object, error) {
	if err := checkKey(key); err != nil {
		return nil, err
	}
	if size > maxPut {
		return nil, driver.Invalidf("%d bytes in one request, at most %d", size, int64(maxPut))
	}
	if err := driver.CheckMatch(opts.IfMatch); err != nil {
		return nil, err
	}
	if err := s.checkHeaders(opts); err != nil {
		return nil, err
	}
	p, err := driver.NewPayload(body, size)
	if err != nil {
		return nil, err
	}
	sums, err := s.seal(ctx, p, &opts.Checksums, nil)
	if err != nil {
		return nil, err
	}
	in := s.newUpload(key, p)
	in.Set("Content-MD5", httpdriver.EncodeSum(sums.MD5))
	if sums.MD5 == nil { // the service takes one of them
		in.Set("x-ms-content-crc64", wireCRC64(sums.CRC64NVME))
	}
	in.Set("x-ms-blob-content-type", opts.ContentType)
	in.Set("x-ms-blob-content-encoding", opts.ContentEncoding)
	in.Set("x-ms-blob-content-disposition", opts.ContentDisposition)
	in.Set("x-ms-blob-content-language", opts.ContentLanguage)
	in.Set("x-ms-blob-cache-control", opts.CacheControl)
	in.Set("x-ms-access-tier", opts.StorageClass)
	in.Set("x-ms-tags", wireTags(opts.Tags))
	err = eachEntry(opts.Metadata, note{sums: sums, size: size}, func(name, v string) {
		in.Set(metaField+name, v)
	})
	if err != nil {
		return nil, err
	}
	in.Set(writeCondition(opts.IfAbsent, opts.IfMatch, &in.Attempt))
	h, err := s.sendWrite(ctx, in)
	if err != nil {
		return nil, err
	}
	return &storage.Object{
		Key:       key,
		Size:      size,
		ETag:      quoted(h.Get("Etag")),
		VersionID: h.Get(versionIDField),
		ModTime:   modTime(h),
		Checksums: sums,
	}, nil
}
