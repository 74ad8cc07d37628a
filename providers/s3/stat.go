package s3

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/polystore/storage"
	"github.com/polystore/storage/driver"
)

// Stat makes one HeadObject. Its refusals have no body: a missing bucket is ErrNotExist, too.
func (s *Store) Stat(
	ctx context.Context, key string, opts *storage.StatOptions,
) (*storage.Object, error) {
	if err := s.checkKey(key); err != nil {
		return nil, err
	}
	in := &s3.HeadObjectInput{
		Bucket:       &s.bucket,
		Key:          &key,
		IfMatch:      readMatch(opts.IfMatch),
		IfNoneMatch:  readNoneMatch(opts.IfNoneMatch, opts.IfMatch),
		VersionId:    optional(opts.VersionID),
		ChecksumMode: types.ChecksumModeEnabled,
	}
	if !opts.IfModifiedSince.IsZero() && opts.IfNoneMatch == "" { // which makes it void
		in.IfModifiedSince = &opts.IfModifiedSince
	}
	a := new(attempt)
	out, err := s.client.HeadObject(a.begin(ctx), in)
	if err != nil {
		return nil, s.fail(ctx, a, err)
	}
	// versitygw takes the fractions of its own clock into account.
	if driver.NotModified(modTime(out.LastModified), opts.IfModifiedSince, opts.IfNoneMatch) {
		return nil, driver.Errorf(storage.ErrNotModified, "not modified since IfModifiedSince")
	}
	return &storage.Object{
		Key:                key,
		Size:               sizeOf(out.ContentLength), // which an answer to HEAD need not have
		ETag:               etagOf(out.ETag),
		VersionID:          aws.ToString(out.VersionId),
		ModTime:            modTime(out.LastModified),
		ContentType:        aws.ToString(out.ContentType),
		ContentEncoding:    aws.ToString(out.ContentEncoding),
		ContentDisposition: aws.ToString(out.ContentDisposition),
		ContentLanguage:    aws.ToString(out.ContentLanguage),
		CacheControl:       aws.ToString(out.CacheControl),
		Metadata:           driver.DecodeMetadata(out.Metadata),
		StorageClass:       string(out.StorageClass),
		Checksums: answered(
			out.ChecksumType, out.ChecksumCRC32, out.ChecksumCRC32C, out.ChecksumCRC64NVME, out.ChecksumSHA1,
			out.ChecksumSHA256,
		),
	}, nil
}
