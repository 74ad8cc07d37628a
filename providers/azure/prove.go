package azure

import (
	"context"
	"encoding/xml"

	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blockblob"

	"github.com/polystore/storage"
	"github.com/polystore/storage/driver"
)

// maxProof is the largest blob that is read for the proof of its sums, in bytes.
const maxProof = 64 << 20

// prove returns those sums of the blob that o describes that are certainly of its bytes. A program
// that writes a blob can carry over its metadata, and the MD5 of a blob in blocks, from an earlier
// version.
//
// It cannot give its blocks the random name of our upload, though: a blob that is made of nothing
// but these blocks, in their order and with the size that was noted, is the one that the note is
// about. That takes one Get Block List. A blob that was put by one request has no blocks, but an
// MD5 that the service made: where the bytes fit that, the sum is made of them.
func (s *Store) prove(
	ctx context.Context, o *storage.Object, n note, version string,
) (proven storage.Checksums, err error) {
	a := &attempt{version: version, inspect: document(&struct {
		XMLName xml.Name `xml:"BlockList"`
	}{})}
	out, err := s.client.NewBlockBlobClient(o.Key).GetBlockList(
		a.begin(ctx), blockblob.BlockListTypeCommitted, nil,
	)
	if err != nil {
		return proven, fail(ctx, a, err)
	}
	if etag := etagOf(out.ETag); etag != storage.ETagNone && etag != o.ETag {
		return proven, driver.Errorf(storage.ErrPrecondition, "the blob changed under the look")
	}
	switch {
	case len(out.CommittedBlocks) > 0:
		if n.upload != "" && madeOf(out.CommittedBlocks, n, o.Size) {
			proven = n.sums
		}
		return proven, nil
	case o.Checksums.MD5 == nil || o.Size < 0 || o.Size > maxProof:
		return proven, nil
	}
	r, err := s.Get(ctx, o.Key, &storage.GetOptions{IfMatch: o.ETag, VersionID: version})
	if err != nil {
		return proven, err
	}
	defer r.Body.Close()
	p, err := driver.ReadAll(ctx, r.Body, o.Size)
	if err != nil {
		return proven, err
	}
	which := driver.MD5 | driver.CRC32C | driver.CRC64NVME
	have, err := s.hasher.SumBytes(ctx, p, which)
	if err != nil || driver.Verify(&have, &storage.Checksums{MD5: o.Checksums.MD5}) != nil {
		return proven, err
	}
	return have, nil
}

// madeOf reports whether blocks are those of the noted upload, and together all of the object.
func madeOf(blocks []*blockblob.Block, n note, size int64) bool {
	last, sum := 0, int64(0)
	for _, b := range blocks {
		upload, number, ok := parseBlockID(value(b.Name))
		if !ok || upload != n.upload || number <= last {
			return false
		}
		last = number
		sum += value(b.Size)
	}
	return n.fits(sum) && (size < 0 || sum == size)
}
