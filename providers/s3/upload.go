package s3

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/polystore/storage"
	"github.com/polystore/storage/driver"
	"github.com/polystore/storage/driver/httpdriver"
)

// CreateUpload makes one CreateMultipartUpload. On AWS the upload has a checksum: the CRC32C of the
// whole object, which the service makes of those of the parts.
func (s *Store) CreateUpload(
	ctx context.Context, key string, opts *storage.PutOptions,
) (string, error) {
	if err := s.checkKey(key); err != nil {
		return "", err
	}
	if err := s.honouredAtEnd(ctx, opts); err != nil { // rather than when all parts are there
		return "", err
	}
	if err := driver.CheckHeaders(opts); err != nil {
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
		in.ChecksumAlgorithm = types.ChecksumAlgorithmCrc32c
		in.ChecksumType = types.ChecksumTypeFullObject
	}
	a := writing(uploadDocument)
	out, err := s.client.CreateMultipartUpload(a.begin(ctx), in)
	if err != nil {
		return "", s.fail(ctx, a, err)
	}
	if aws.ToString(out.UploadId) == "" { // a part of no upload could be taken for an object
		return "", a.Foreign("an upload without an ID")
	}
	if err := a.sameUpload(key, "", out.Key, nil); err != nil {
		return "", err
	}
	return *out.UploadId, nil
}

// AbortUpload makes one AbortMultipartUpload.
func (s *Store) AbortUpload(ctx context.Context, key, uploadID string) error {
	// An upload is known by its ID, so that of any key can be asked for that is in a list.
	if err := s.invalidKey(key, s.lostKey(key)); err != nil {
		return err
	}
	a := &attempt{Attempt: httpdriver.Attempt{Write: true}, silent: true}
	_, err := s.client.AbortMultipartUpload(
		a.begin(ctx),
		&s3.AbortMultipartUploadInput{Bucket: &s.bucket, Key: &key, UploadId: &uploadID},
	)
	if err != nil {
		if e := s.fail(ctx, a, err); e.Kind != storage.ErrNotExist {
			return e
		}
	}
	return nil
}

// PartLimits are those of https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html or the
// service's own, whatever the options.
func (s *Store) PartLimits(*storage.PutOptions) storage.PartLimits {
	return storage.PartLimits{
		Min: minPart, Max: s.profile.putLimit(), MaxObject: s.profile.maxObject, Count: maxParts,
		Parallel: true, Equal: s.profile.equalParts,
	}
}
