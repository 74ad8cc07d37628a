package azure

import (
	"cmp"
	"context"
	"encoding/xml"
	"io"
	"slices"
	"strconv"

	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blob"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blockblob"

	"github.com/polystore/storage"
	"github.com/polystore/storage/internal/wire"
)

// PutPart makes one Put Block.
func (s *Store) PutPart(ctx context.Context, key, uploadID string, number int, body io.ReadSeeker, size int64, _ *storage.PartOptions) (*storage.Part, error) {
	if err := checkPart(key, uploadID, number, size); err != nil {
		return nil, err
	}
	p, err := wire.NewPayload(body, size)
	if err != nil {
		return nil, err
	}
	sums, err := s.seal(ctx, p, storage.Checksums{})
	if err != nil {
		return nil, err
	}
	id := blockID(uploadID, number)
	a := &attempt{write: true, body: p}
	_, err = s.client.NewBlockBlobClient(key).StageBlock(a.begin(ctx), id, p, &blockblob.StageBlockOptions{
		TransactionalValidation: transactional(sums),
	})
	if err != nil {
		return nil, fail(ctx, a, err)
	}
	return &storage.Part{Number: number, Size: size, ETag: id, Checksums: sums}, nil
}

// CopyPart makes one Put Block From URL. The range must not be empty.
func (s *Store) CopyPart(ctx context.Context, key, uploadID string, number int, src string, opts *storage.CopyPartOptions) (*storage.Part, error) {
	if err := checkPart(key, uploadID, number, opts.SourceLength); err != nil {
		return nil, err
	}
	if err := checkKey(src); err != nil {
		return nil, err
	}
	if opts.SourceOffset < 0 {
		return nil, invalid("a part from %d", opts.SourceOffset)
	}
	from, err := s.source(ctx, src, opts.SourceVersionID)
	if err != nil {
		return nil, err
	}
	return s.stage(ctx, key, uploadID, number, from, blob.HTTPRange{Offset: opts.SourceOffset, Count: opts.SourceLength}, opts.SourceIfMatch)
}

func checkPart(key, uploadID string, number int, size int64) error {
	if err := checkKey(key); err != nil {
		return err
	}
	if err := checkUpload(uploadID); err != nil {
		return err
	}
	switch {
	case number < 1 || number > maxBlocks:
		return invalid("part number %d is not in 1..%d", number, maxBlocks)
	case size < 1 || size > maxBlock:
		return invalid("a part of %d bytes is not in 1..%d", size, int64(maxBlock))
	}
	return nil
}

// ListPartsPage makes one Get Block List, whatever the page: the service knows no pages of it. An upload without parts cannot be told
// from one that is not there.
func (s *Store) ListPartsPage(ctx context.Context, key, uploadID string, opts *storage.ListPartsOptions) (*storage.PartPage, error) {
	if err := checkKey(key); err != nil {
		return nil, err
	}
	if err := checkUpload(uploadID); err != nil {
		return nil, err
	}
	after := 0
	if opts.PageToken != "" {
		var err error
		if after, err = strconv.Atoi(opts.PageToken); err != nil || after < 1 {
			return nil, invalid("not a page token of an upload")
		}
	}
	blocks, err := s.blocks(ctx, key)
	if err != nil {
		return nil, err
	}
	parts := blocks[uploadID]
	if len(parts) == 0 {
		return nil, &storage.Error{Kind: storage.ErrNotExist}
	}
	slices.SortFunc(parts, func(x, y *storage.Part) int { return cmp.Compare(x.Number, y.Number) })
	page := new(storage.PartPage)
	for _, p := range parts {
		if p.Number <= after {
			continue
		}
		if opts.PageSize > 0 && len(page.Parts) == opts.PageSize {
			page.NextToken = strconv.Itoa(page.Parts[len(page.Parts)-1].Number)
			break
		}
		page.Parts = append(page.Parts, p)
	}
	return page, nil
}

// blocks are our uncommitted blocks of a blob, by upload.
func (s *Store) blocks(ctx context.Context, key string) (map[string][]*storage.Part, error) {
	a := &attempt{inspect: document(&struct {
		XMLName xml.Name `xml:"BlockList"`
	}{})}
	out, err := s.client.NewBlockBlobClient(key).GetBlockList(a.begin(ctx), blockblob.BlockListTypeUncommitted, nil)
	if err != nil {
		return nil, fail(ctx, a, err)
	}
	m := make(map[string][]*storage.Part)
	for _, b := range out.UncommittedBlocks {
		if upload, number, ok := parseBlockID(value(b.Name)); ok {
			m[upload] = append(m[upload], &storage.Part{Number: number, Size: value(b.Size), ETag: *b.Name})
		}
	}
	return m, nil
}
