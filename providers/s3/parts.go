package s3

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/polystore/storage"
	"github.com/polystore/storage/driver"
)

// ListPartsPage makes one ListParts.
func (s *Store) ListPartsPage(
	ctx context.Context, key, uploadID string, opts *storage.ListPartsOptions,
) (*storage.PartPage, error) {
	if err := s.invalidKey(key, s.lostKey(key)); err != nil {
		return nil, err
	}
	if _, err := driver.ParsePartToken(opts.PageToken); err != nil {
		return nil, err
	}
	a := reading(partsDocument)
	out, err := s.client.ListParts(a.begin(ctx), &s3.ListPartsInput{
		Bucket:           &s.bucket,
		Key:              &key,
		UploadId:         &uploadID,
		MaxParts:         pageSize(opts.PageSize),
		PartNumberMarker: optional(opts.PageToken),
	})
	if err != nil {
		return nil, s.fail(ctx, a, err)
	}
	if err := a.sameUpload(key, uploadID, out.Key, out.UploadId); err != nil {
		return nil, err
	}
	page := &storage.PartPage{Parts: make([]*storage.Part, len(out.Parts))}
	for i := range out.Parts {
		p := &out.Parts[i]
		page.Parts[i] = &storage.Part{
			Number: int(aws.ToInt32(p.PartNumber)),
			Size:   aws.ToInt64(p.Size),
			ETag:   partETag(p.ETag),
			Checksums: answered(
				"", p.ChecksumCRC32, p.ChecksumCRC32C, p.ChecksumCRC64NVME, p.ChecksumMD5,
				p.ChecksumSHA1, p.ChecksumSHA256,
			),
		}
	}
	if !aws.ToBool(out.IsTruncated) {
		return page, nil
	}
	page.NextToken = aws.ToString(out.NextPartNumberMarker)
	if page.NextToken == "" || page.NextToken == opts.PageToken {
		return nil, stuck()
	}
	return page, nil
}
