package s3

import (
	"context"
	"fmt"
	"io"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/polystore/storage"
	"github.com/polystore/storage/internal/wire"
)

// PutPart makes one UploadPart.
func (s *Store) PutPart(ctx context.Context, key, uploadID string, number int, body io.ReadSeeker, size int64, _ *storage.PartOptions) (*storage.Part, error) {
	if err := s.checkPart(key, number); err != nil {
		return nil, err
	}
	p, err := wire.NewPayload(body, size)
	if err != nil {
		return nil, err
	}
	sums, sign, err := s.seal(ctx, p, storage.Checksums{})
	if err != nil {
		return nil, err
	}
	a := &attempt{write: true, body: p}
	out, err := s.client.UploadPart(a.begin(ctx), &s3.UploadPartInput{
		Bucket:         &s.bucket,
		Key:            &key,
		UploadId:       &uploadID,
		PartNumber:     aws.Int32(int32(number)),
		Body:           p,
		ContentLength:  &size,
		ContentMD5:     encodeSum(sums.MD5),
		ChecksumCRC32C: encodeSum(sums.CRC32C),
	}, sign)
	if err != nil {
		return nil, s.fail(ctx, a, err)
	}
	return &storage.Part{Number: number, Size: size, ETag: partETag(out.ETag), Checksums: sums}, nil
}

// CopyPart makes one UploadPartCopy. The range must not be empty.
func (s *Store) CopyPart(ctx context.Context, key, uploadID string, number int, src string, opts *storage.CopyPartOptions) (*storage.Part, error) {
	if err := s.checkPart(key, number); err != nil {
		return nil, err
	}
	if err := s.checkKey(src); err != nil {
		return nil, err
	}
	if !s.profile.can.CopyPart {
		return nil, unsupported("UploadPartCopy on %s", s.profile.name)
	}
	if opts.SourceOffset < 0 || opts.SourceLength <= 0 {
		return nil, invalid("a part of %d bytes from %d", opts.SourceLength, opts.SourceOffset)
	}
	a := &attempt{write: true, document: true}
	out, err := s.client.UploadPartCopy(a.begin(ctx), &s3.UploadPartCopyInput{
		Bucket:            &s.bucket,
		Key:               &key,
		UploadId:          &uploadID,
		PartNumber:        aws.Int32(int32(number)),
		CopySource:        s.copySource(src, opts.SourceVersionID),
		CopySourceIfMatch: readMatch(opts.SourceIfMatch),
		CopySourceRange:   aws.String(fmt.Sprintf("bytes=%d-%d", opts.SourceOffset, opts.SourceOffset+opts.SourceLength-1)),
	})
	if err != nil {
		return nil, s.fail(ctx, a, err)
	}
	part := &storage.Part{Number: number, Size: opts.SourceLength, ETag: storage.ETagNone}
	if r := out.CopyPartResult; r != nil {
		part.ETag = partETag(r.ETag)
		part.Checksums = answered("", r.ChecksumCRC32, r.ChecksumCRC32C, r.ChecksumCRC64NVME, r.ChecksumSHA1, r.ChecksumSHA256)
	}
	return part, nil
}

func (s *Store) checkPart(key string, number int) error {
	if number < 1 || number > maxParts {
		return invalid("part number %d is not in 1..%d", number, maxParts)
	}
	return s.checkKey(key)
}

// ListPartsPage makes one ListParts.
func (s *Store) ListPartsPage(ctx context.Context, key, uploadID string, opts *storage.ListPartsOptions) (*storage.PartPage, error) {
	if err := s.checkKey(key); err != nil {
		return nil, err
	}
	if _, err := strconv.ParseUint(opts.PageToken, 10, 31); err != nil && opts.PageToken != "" {
		return nil, invalid("not a page token of an upload")
	}
	a := &attempt{document: true}
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
	page := &storage.PartPage{Parts: make([]*storage.Part, len(out.Parts))}
	for i := range out.Parts {
		p := &out.Parts[i]
		page.Parts[i] = &storage.Part{
			Number:    int(aws.ToInt32(p.PartNumber)),
			Size:      aws.ToInt64(p.Size),
			ETag:      partETag(p.ETag),
			Checksums: answered("", p.ChecksumCRC32, p.ChecksumCRC32C, p.ChecksumCRC64NVME, p.ChecksumSHA1, p.ChecksumSHA256),
		}
	}
	if !aws.ToBool(out.IsTruncated) {
		return page, nil
	}
	if page.NextToken = aws.ToString(out.NextPartNumberMarker); page.NextToken == "" || page.NextToken == opts.PageToken {
		return nil, stuck()
	}
	return page, nil
}
