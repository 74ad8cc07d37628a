package azure

import (
	"context"

	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blockblob"

	"github.com/polystore/storage"
	"github.com/polystore/storage/internal/wire"
)

// CreateUpload makes no request: an upload is the name that its blocks share. What it refuses, CompleteUpload would.
func (s *Store) CreateUpload(ctx context.Context, key string, opts *storage.PutOptions) (string, error) {
	if err := ctx.Err(); err != nil {
		return "", &storage.Error{Err: err}
	}
	if err := checkKey(key); err != nil {
		return "", err
	}
	if _, err := metadata(opts.Metadata, storage.Checksums{CRC64NVME: make([]byte, 8)}); err != nil {
		return "", err
	}
	return newUploadID(), nil
}

// CompleteUpload makes one Put Block List. Of opts.Checksums CRC32C and CRC64NVME are held against those of the parts; the
// others cannot be known here and are ErrUnsupported. The blocks of an upload are gone, ErrNotExist, once the object has been
// written by anybody else.
func (s *Store) CompleteUpload(ctx context.Context, key, uploadID string, parts []*storage.Part, opts *storage.PutOptions) (*storage.Object, error) {
	if err := checkKey(key); err != nil {
		return nil, err
	}
	if err := checkUpload(uploadID); err != nil {
		return nil, err
	}
	if err := checkParts(parts); err != nil {
		return nil, err
	}
	if err := wire.CheckMatch(opts.IfMatch); err != nil {
		return nil, err
	}
	sums := storage.CombineChecksums(parts)
	if err := wire.CheckSums(&sums, &opts.Checksums); err != nil {
		return nil, err
	}
	return s.commit(ctx, key, uploadID, parts, opts, sums)
}

// checkParts refuses what Azure would make an object of all the same: of no parts, or in another order.
func checkParts(parts []*storage.Part) error {
	if len(parts) == 0 {
		return invalid("no parts")
	}
	last := 0
	for _, p := range parts {
		if p.Number <= last || p.Number > maxBlocks {
			return invalid("part %d behind part %d", p.Number, last)
		}
		last = p.Number
	}
	return nil
}

// commit makes one Put Block List of checked arguments; sums are those of the whole.
func (s *Store) commit(
	ctx context.Context, key, uploadID string, parts []*storage.Part, opts *storage.PutOptions, sums storage.Checksums,
) (*storage.Object, error) {
	entries, err := metadata(opts.Metadata, sums)
	if err != nil {
		return nil, err
	}
	ids, size := make([]string, len(parts)), int64(0)
	for i, p := range parts {
		ids[i] = blockID(uploadID, p.Number)
		size += p.Size
	}
	a := &attempt{write: true}
	out, err := s.client.NewBlockBlobClient(key).CommitBlockList(a.begin(ctx), ids, &blockblob.CommitBlockListOptions{
		Tags:             opts.Tags,
		Metadata:         entries,
		Tier:             tier(opts.StorageClass),
		HTTPHeaders:      httpHeaders(opts),
		AccessConditions: writeConditions(opts.IfAbsent, opts.IfMatch, a),
	})
	if err != nil {
		e := fail(ctx, a, err)
		if e.Code == "InvalidBlockList" {
			e.Kind = storage.ErrChanged // another writer's commit swept the blocks, or this one's own did
		}
		return nil, e
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

// AbortUpload is errors.ErrUnsupported, for Azure has no request for it: the blocks stay until the
// object is written, or for a week.
func (s *Store) AbortUpload(_ context.Context, key, _ string) error {
	if err := checkKey(key); err != nil {
		return err
	}
	return unsupported("dropping the blocks of an upload: they go by themselves within a week")
}

// PartLimits are those of block blobs, whatever the options.
func (s *Store) PartLimits(*storage.PutOptions) storage.PartLimits {
	return storage.PartLimits{Min: 1, Max: maxBlock, MaxObject: maxBlock * maxBlocks, Count: maxBlocks, Parallel: true}
}
