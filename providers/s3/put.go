package s3

import (
	"context"
	"io"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/polystore/storage"
	"github.com/polystore/storage/driver"
	"github.com/polystore/storage/driver/httpdriver"
)

// Put makes one PutObject, of at most 5 GiB (a little less on some services).
func (s *Store) Put(
	ctx context.Context, key string, body io.ReadSeeker, size int64, opts *storage.PutOptions,
) (*storage.Object, error) {
	if err := s.checkKey(key); err != nil {
		return nil, err
	}
	if limit := s.profile.putLimit(); size > limit {
		return nil, driver.Invalidf("%d bytes in one request, at most %d", size, limit)
	}
	if err := s.checkConditions(opts); err != nil {
		return nil, err
	}
	x, err := s.extras(opts.Metadata, opts.Tags, opts.StorageClass)
	if err != nil {
		return nil, err
	}
	p, err := driver.NewPayload(body, size)
	if err != nil {
		return nil, err
	}
	sums, sign, err := s.seal(ctx, p, &opts.Checksums)
	if err != nil {
		return nil, err
	}
	a := &attempt{Attempt: httpdriver.Attempt{Write: true, Body: p}, object: true}
	in := &s3.PutObjectInput{
		Bucket:               &s.bucket,
		Key:                  &key,
		Body:                 p,
		ContentLength:        &size,
		ContentType:          optional(opts.ContentType),
		ContentEncoding:      optional(opts.ContentEncoding),
		ContentDisposition:   optional(opts.ContentDisposition),
		ContentLanguage:      optional(opts.ContentLanguage),
		CacheControl:         optional(opts.CacheControl),
		Metadata:             x.metadata,
		StorageClass:         x.class,
		Tagging:              x.tagging,
		ContentMD5:           encodeSum(sums.MD5),
		ChecksumCRC32:        encodeSum(sums.CRC32),
		ChecksumCRC32C:       encodeSum(sums.CRC32C),
		ChecksumCRC64NVME:    encodeSum(sums.CRC64NVME),
		ChecksumSHA1:         encodeSum(sums.SHA1),
		ChecksumSHA256:       encodeSum(sums.SHA256),
		ServerSideEncryption: types.ServerSideEncryption(s.sse),
		SSEKMSKeyId:          optional(s.kmsKey),
	}
	in.IfMatch, in.IfNoneMatch = conditions(opts.IfAbsent, opts.IfMatch, a)
	out, err := s.client.PutObject(a.begin(ctx), in, sign)
	if err != nil {
		return nil, s.fail(ctx, a, err)
	}
	return &storage.Object{
		Key:       key,
		Size:      size,
		ETag:      etagOf(out.ETag),
		VersionID: aws.ToString(out.VersionId),
		Checksums: sums,
	}, nil
}
