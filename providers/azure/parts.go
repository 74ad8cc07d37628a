package azure

import (
	"context"
	"encoding/xml"

	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blockblob"

	"github.com/polystore/storage"
	"github.com/polystore/storage/driver"
)

// ListPartsPage makes one Get Block List, whatever the page: the service knows no pages of it. An
// upload without parts cannot be told from one that is not there.
func (s *Store) ListPartsPage(
	ctx context.Context, key, uploadID string, opts *storage.ListPartsOptions,
) (*storage.PartPage, error) {
	if err := invalidKey(key, unaskable(key)); err != nil {
		return nil, err
	}
	if err := checkUpload(key, uploadID); err != nil {
		return nil, err
	}
	blocks, err := s.blocks(ctx, key)
	if err != nil {
		return nil, err
	}
	parts := blocks[uploadID]
	if len(parts) == 0 {
		return nil, driver.Errorf(storage.ErrNotExist, "there are no blocks of this upload")
	}
	return driver.PartsPage(parts, opts, maxBlocks)
}

// blocks are our uncommitted blocks of a blob, by upload.
func (s *Store) blocks(ctx context.Context, key string) (map[string][]*storage.Part, error) {
	a := &attempt{inspect: document(&struct {
		XMLName xml.Name `xml:"BlockList"`
	}{})}
	out, err := s.client.NewBlockBlobClient(key).GetBlockList(
		a.begin(ctx), blockblob.BlockListTypeUncommitted, nil,
	)
	if err != nil {
		return nil, fail(ctx, a, err)
	}
	m := make(map[string][]*storage.Part)
	for _, b := range out.UncommittedBlocks {
		if upload, number, ok := parseBlockID(value(b.Name)); ok {
			m[upload] = append(
				m[upload],
				&storage.Part{Number: number, Size: value(b.Size), ETag: *b.Name},
			)
		}
	}
	return m, nil
}
