package azure

import (
	"context"
	"io"

	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blob"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blockblob"

	"github.com/polystore/storage"
	"github.com/polystore/storage/driver"
)

// PutPart makes one Put Block.
func (s *Store) PutPart(
	ctx context.Context, key, uploadID string, number int, body io.ReadSeeker, size int64,
	opts *storage.PartOptions,
) (*storage.Part, error) {
	if err := checkPart(key, uploadID, number, size); err != nil {
		return nil, err
	}
	p, err := driver.NewPayload(body, size)
	if err != nil {
		return nil, err
	}
	sums, err := s.seal(ctx, p, new(storage.Checksums), &opts.Checksums)
	if err != nil {
		return nil, err
	}
	id := blockID(uploadID, number)
	a := writing()
	a.Body = p
	client := s.client.NewBlockBlobClient(key)
	_, err = client.StageBlock(a.begin(ctx), id, p, &blockblob.StageBlockOptions{
		TransactionalValidation: transactional(sums),
	})
	if err != nil {
		return nil, fail(ctx, a, err)
	}
	return &storage.Part{
		Number: number, Size: size, ETag: id, Checksums: sums, Repeatable: true,
	}, nil
}

// SumPart reads the part once.
func (s *Store) SumPart(
	ctx context.Context, body io.ReadSeeker, size int64,
) (storage.Checksums, error) {
	p, err := driver.NewPayload(body, size)
	if err != nil {
		return storage.Checksums{}, err
	}
	return s.hasher.Sum(ctx, p, partSums)
}

// CopyPart makes one Put Block From URL. The range must not be empty.
func (s *Store) CopyPart(
	ctx context.Context, key, uploadID string, number int, src string,
	opts *storage.CopyPartOptions,
) (*storage.Part, error) {
	if err := checkPart(key, uploadID, number, opts.SourceLength); err != nil {
		return nil, err
	}
	if err := s.checkAsked(ctx, src); err != nil {
		return nil, err
	}
	if err := driver.CheckSourceRange(opts, -1); err != nil {
		return nil, err
	}
	from, err := s.source(ctx, src, opts.SourceVersionID)
	if err != nil {
		return nil, err
	}
	return s.stage(
		ctx, key, uploadID, number, from,
		blob.HTTPRange{Offset: opts.SourceOffset, Count: opts.SourceLength}, opts.SourceIfMatch,
	)
}

func checkPart(key, uploadID string, number int, size int64) error {
	if err := checkKey(key); err != nil {
		return err
	}
	if err := checkUpload(key, uploadID); err != nil {
		return err
	}
	if size < 1 || size > maxBlock {
		return driver.Invalidf("a part of %d bytes is not in 1..%d", size, int64(maxBlock))
	}
	return driver.CheckPartNumber(number, maxBlocks)
}
