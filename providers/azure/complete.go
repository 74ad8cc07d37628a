package azure

import (
	"context"

	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blockblob"

	"github.com/polystore/storage"
	"github.com/polystore/storage/driver"
)

// CompleteUpload makes one Put Block List. Of opts.Checksums CRC32C and CRC64NVME are held against
// those of the parts; the others cannot be known here and are ErrUnsupported. The blocks of an
// upload are gone, ErrNotExist, once the object has been written by anybody else.
func (s *Store) CompleteUpload(
	ctx context.Context, key, uploadID string, parts []*storage.Part, opts *storage.PutOptions,
) (*storage.Object, error) {
	if err := checkKey(key); err != nil {
		return nil, err
	}
	if err := checkUpload(key, uploadID); err != nil {
		return nil, err
	}
	if err := driver.CheckParts(parts, maxBlocks); err != nil {
		return nil, err
	}
	if err := driver.CheckMatch(opts.IfMatch); err != nil {
		return nil, err
	}
	sums := storage.CombineChecksums(parts)
	if err := driver.Verify(&sums, &opts.Checksums); err != nil {
		return nil, err
	}
	return s.commit(ctx, key, uploadID, parts, opts, sums)
}

// commit makes one Put Block List of checked arguments; sums are those of the whole. The service
// does not make an MD5 of blocks: it keeps the one that it is told.
func (s *Store) commit(
	ctx context.Context, key, uploadID string, parts []*storage.Part, opts *storage.PutOptions,
	sums storage.Checksums,
) (*storage.Object, error) {
	if err := s.checkHeaders(opts); err != nil {
		return nil, err
	}
	ids, size := make([]string, len(parts)), int64(0)
	for i, p := range parts {
		ids[i] = blockID(uploadID, p.Number)
		if p.ETag != "" && p.ETag != ids[i] {
			return nil, driver.Invalidf("part %d is not the one that was sent", p.Number)
		}
		size += p.Size
	}
	if size == 0 {
		size = -1 // of a part that is a whole source
	}
	entries, err := metadata(opts.Metadata, note{sums: sums, size: size, upload: uploadID})
	if err != nil {
		return nil, err
	}
	header := httpHeaders(opts)
	header.BlobContentMD5 = opts.Verified.MD5
	sums = driver.Keep(sums, storage.Checksums{MD5: opts.Verified.MD5})
	a := writing()
	client := s.client.NewBlockBlobClient(key)
	out, err := client.CommitBlockList(a.begin(ctx), ids, &blockblob.CommitBlockListOptions{
		Tags:             opts.Tags,
		Metadata:         entries,
		Tier:             tier(opts.StorageClass),
		HTTPHeaders:      header,
		AccessConditions: writeConditions(opts.IfAbsent, opts.IfMatch, a),
	})
	if err != nil {
		e := fail(ctx, a, err)
		if e.Code == "InvalidBlockList" {
			// Another writer's commit removed the blocks, or this one's own did.
			e.Kind = storage.ErrChanged
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
