package azure

import (
	"context"
	"io"

	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blockblob"

	"github.com/polystore/storage"
	"github.com/polystore/storage/driver"
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
	sums, err := s.seal(ctx, p, &opts.Checksums)
	if err != nil {
		return nil, err
	}
	entries, err := metadata(opts.Metadata, note{sums: sums, size: size})
	if err != nil {
		return nil, err
	}
	a := writing()
	a.Body = p
	out, err := s.client.NewBlockBlobClient(key).Upload(a.begin(ctx), p, &blockblob.UploadOptions{
		Tags:                    opts.Tags,
		Metadata:                entries,
		Tier:                    tier(opts.StorageClass),
		HTTPHeaders:             httpHeaders(opts),
		TransactionalValidation: transactional(sums),
		AccessConditions:        writeConditions(opts.IfAbsent, opts.IfMatch, a),
	})
	if err != nil {
		return nil, fail(ctx, a, err)
	}
	return &storage.Object{
		Key:       key,
		Size:      size,
		ETag:      etagOf(out.ETag),
		VersionID: value(out.VersionID),
		ModTime:   value(out.LastModified),
		Checksums: sums,
	}, nil
}
