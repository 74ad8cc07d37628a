package s3

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/polystore/storage"
	"github.com/polystore/storage/driver"
)

// CompleteUpload makes one CompleteMultipartUpload. Of opts.Checksums the CRCs are held against
// those of the parts; the others cannot be known here and are errors.ErrUnsupported.
func (s *Store) CompleteUpload(
	ctx context.Context, key, uploadID string, parts []*storage.Part, opts *storage.PutOptions,
) (*storage.Object, error) {
	if err := s.checkKey(key); err != nil {
		return nil, err
	}
	if err := s.checkConditions(opts); err != nil {
		return nil, err
	}
	if err := driver.CheckParts(parts, maxParts); err != nil {
		return nil, err
	}
	sums := storage.CombineChecksums(parts)
	if err := driver.Verify(&sums, &opts.Checksums); err != nil {
		return nil, err
	}
	a := writing()
	in := &s3.CompleteMultipartUploadInput{
		Bucket:          &s.bucket,
		Key:             &key,
		UploadId:        &uploadID,
		MultipartUpload: &types.CompletedMultipartUpload{Parts: make([]types.CompletedPart, len(parts))},
	}
	in.IfMatch, in.IfNoneMatch = conditions(opts.IfAbsent, opts.IfMatch, a)
	var size int64
	for i, p := range parts {
		size += p.Size
		in.MultipartUpload.Parts[i] = types.CompletedPart{
			PartNumber: aws.Int32(int32(p.Number)), ETag: &p.ETag,
		}
		if s.profile.uploadSums {
			in.MultipartUpload.Parts[i].ChecksumCRC32C = encodeSum(p.Checksums.CRC32C)
		}
	}
	if s.profile.uploadSums {
		in.ChecksumType = types.ChecksumTypeFullObject
		in.ChecksumCRC32C = encodeSum(sums.CRC32C)
		in.MpuObjectSize = &size
	}
	out, err := s.client.CompleteMultipartUpload(a.begin(ctx), in)
	if err != nil {
		e := s.fail(ctx, a, err)
		if e.Code == "InvalidPart" && s.profile.falseComplete {
			e.Kind = storage.ErrNotExist
		}
		return nil, e
	}
	if s.profile.falseComplete && out.ChecksumCRC64NVME == nil {
		return nil, driver.Errorf(
			storage.ErrNotExist, "the answer is that of an upload that is not there",
		)
	}
	return &storage.Object{
		Key:       key,
		Size:      size,
		ETag:      etagOf(out.ETag),
		VersionID: aws.ToString(out.VersionId),
		Checksums: sums,
	}, nil
}
