package s3

import (
	"context"
	"errors"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/polystore/storage"
	"github.com/polystore/storage/internal/wire"
)

// CreateUpload makes one CreateMultipartUpload. On AWS the upload has a checksum: the CRC32C of the whole object, which the service
// makes of those of the parts.
func (s *Store) CreateUpload(ctx context.Context, key string, opts *storage.PutOptions) (string, error) {
	if err := s.checkKey(key); err != nil {
		return "", err
	}
	if err := s.honoured(opts); err != nil { // rather than when all parts are there
		return "", err
	}
	x, err := s.extras(opts.Metadata, opts.Tags, opts.StorageClass)
	if err != nil {
		return "", err
	}
	in := &s3.CreateMultipartUploadInput{
		Bucket:               &s.bucket,
		Key:                  &key,
		ContentType:          optional(opts.ContentType),
		ContentEncoding:      optional(opts.ContentEncoding),
		ContentDisposition:   optional(opts.ContentDisposition),
		ContentLanguage:      optional(opts.ContentLanguage),
		CacheControl:         optional(opts.CacheControl),
		Metadata:             x.metadata,
		StorageClass:         x.class,
		Tagging:              x.tagging,
		ServerSideEncryption: types.ServerSideEncryption(s.sse),
		SSEKMSKeyId:          optional(s.kmsKey),
	}
	if s.profile.uploadSums {
		in.ChecksumAlgorithm, in.ChecksumType = types.ChecksumAlgorithmCrc32c, types.ChecksumTypeFullObject
	}
	a := &attempt{write: true, document: true}
	out, err := s.client.CreateMultipartUpload(a.begin(ctx), in)
	if err != nil {
		return "", s.fail(ctx, a, err)
	}
	if aws.ToString(out.UploadId) == "" { // a part of no upload could be taken for an object
		return "", &storage.Error{Kind: storage.ErrUnavailable, InDoubt: true, Err: errForeign}
	}
	return *out.UploadId, nil
}

// CompleteUpload makes one CompleteMultipartUpload. Of opts.Checksums the CRCs are held against those of the parts; the others cannot
// be known here and are errors.ErrUnsupported.
func (s *Store) CompleteUpload(ctx context.Context, key, uploadID string, parts []*storage.Part, opts *storage.PutOptions) (*storage.Object, error) {
	if err := s.checkKey(key); err != nil {
		return nil, err
	}
	if err := s.checkConditions(opts); err != nil {
		return nil, err
	}
	sums := storage.CombineChecksums(parts)
	if err := wire.CheckSums(&sums, &opts.Checksums); err != nil {
		return nil, err
	}
	a := &attempt{write: true, document: true}
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
		in.MultipartUpload.Parts[i] = types.CompletedPart{PartNumber: aws.Int32(int32(p.Number)), ETag: &p.ETag}
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
		return nil, &storage.Error{Kind: storage.ErrNotExist, Err: errors.New("the answer is that of an upload that is not there")}
	}
	return &storage.Object{
		Key:       key,
		Size:      size,
		ETag:      etagOf(out.ETag),
		VersionID: aws.ToString(out.VersionId),
		Checksums: sums,
	}, nil
}

// AbortUpload makes one AbortMultipartUpload.
func (s *Store) AbortUpload(ctx context.Context, key, uploadID string) error {
	if err := s.checkKey(key); err != nil {
		return err
	}
	a := &attempt{write: true}
	_, err := s.client.AbortMultipartUpload(a.begin(ctx), &s3.AbortMultipartUploadInput{Bucket: &s.bucket, Key: &key, UploadId: &uploadID})
	if err != nil {
		if e := s.fail(ctx, a, err); e.Kind != storage.ErrNotExist {
			return e
		}
	}
	return nil
}

// PartLimits are those of https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html or the service's own, whatever the options.
func (s *Store) PartLimits(*storage.PutOptions) storage.PartLimits {
	return storage.PartLimits{
		Min: minPart, Max: s.profile.putLimit(), MaxObject: s.profile.maxObject, Count: maxParts,
		Parallel: true, Equal: s.profile.equalParts,
	}
}
