package s3

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/polystore/storage"
	"github.com/polystore/storage/driver"
)

// PutPart makes one UploadPart.
func (s *Store) PutPart(
	ctx context.Context, key, uploadID string, number int, body io.ReadSeeker, size int64,
	_ *storage.PartOptions,
) (*storage.Part, error) {
	if err := s.checkPart(key, number); err != nil {
		return nil, err
	}
	p, err := driver.NewPayload(body, size)
	if err != nil {
		return nil, err
	}
	sums, payload, err := s.seal(ctx, p, new(storage.Checksums))
	if err != nil {
		return nil, err
	}
	in := newUpload(key, partQuery(uploadID, number), p, &sums, payload)
	in.set("Content-Type", binary)
	h, err := s.sendWrite(ctx, in)
	if err != nil {
		return nil, err
	}
	etag := partETag(header(h, "Etag"))
	return &storage.Part{Number: number, Size: size, ETag: etag, Checksums: sums}, nil
}

// CopyPart makes one UploadPartCopy. The range must not be empty.
func (s *Store) CopyPart(
	ctx context.Context, key, uploadID string, number int, src string,
	opts *storage.CopyPartOptions,
) (*storage.Part, error) {
	if err := s.checkPart(key, number); err != nil {
		return nil, err
	}
	if err := s.checkAsked(ctx, src); err != nil {
		return nil, err
	}
	if !s.can().CopyPart {
		return nil, driver.Unsupportedf("UploadPartCopy on %s", s.profile.name)
	}
	if opts.SourceIfMatch != "" && !s.can().CopySourceIfMatch {
		return nil, s.unconditional("UploadPartCopy")
	}
	if s.profile.decodesPartSource && strings.ContainsAny(src, "%?") {
		return nil, driver.Unsupportedf(
			"UploadPartCopy of %q on %s, which would take it for another key", src, s.profile.name,
		)
	}
	if err := s.checkVersion(opts.SourceVersionID); err != nil {
		return nil, err
	}
	if err := driver.CheckSourceRange(opts, -1); err != nil {
		return nil, err
	}
	a := writing(copyDocument)
	out, err := s.client.UploadPartCopy(a.begin(ctx), &s3.UploadPartCopyInput{
		Bucket:            &s.bucket,
		Key:               &key,
		UploadId:          &uploadID,
		PartNumber:        aws.Int32(int32(number)),
		CopySource:        s.copySource(src, opts.SourceVersionID),
		CopySourceIfMatch: readMatch(opts.SourceIfMatch),
		CopySourceRange: aws.String(
			fmt.Sprintf("bytes=%d-%d", opts.SourceOffset, opts.SourceOffset+opts.SourceLength-1),
		),
	})
	if err != nil {
		return nil, s.fail(ctx, a, err)
	}
	part := &storage.Part{Number: number, Size: opts.SourceLength, ETag: storage.ETagNone}
	if r := out.CopyPartResult; r != nil {
		part.ETag = partETag(r.ETag)
		part.Checksums = answered(
			"", r.ChecksumCRC32, r.ChecksumCRC32C, r.ChecksumCRC64NVME, r.ChecksumMD5,
			r.ChecksumSHA1, r.ChecksumSHA256,
		)
	}
	return part, nil
}

func (s *Store) checkPart(key string, number int) error {
	if err := driver.CheckPartNumber(number, maxParts); err != nil {
		return err
	}
	return s.checkKey(key)
}
