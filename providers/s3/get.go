package s3

import (
	"context"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/smithy-go/middleware"

	"github.com/polystore/storage"
	"github.com/polystore/storage/driver"
	"github.com/polystore/storage/driver/httpdriver"
)

// Get makes one GetObject.
func (s *Store) Get(
	ctx context.Context, key string, opts *storage.GetOptions,
) (*storage.GetResult, error) {
	if err := s.checkKey(key); err != nil {
		return nil, err
	}
	in := &s3.GetObjectInput{
		Bucket:      &s.bucket,
		Key:         &key,
		Range:       optional(httpdriver.Range(opts)),
		IfMatch:     readMatch(opts.IfMatch),
		IfNoneMatch: readNoneMatch(opts.IfNoneMatch, opts.IfMatch),
		VersionId:   optional(opts.VersionID),
	}
	if !opts.IfModifiedSince.IsZero() && opts.IfNoneMatch == "" { // which makes it void
		in.IfModifiedSince = &opts.IfModifiedSince
	}
	if in.Range == nil {
		in.ChecksumMode = types.ChecksumModeEnabled
	}
	a := new(attempt)
	out, err := s.client.GetObject(a.begin(ctx), in, unvalidated)
	if err != nil {
		return nil, s.fail(ctx, a, err)
	}
	// versitygw takes the fractions of its own clock into account.
	if driver.NotModified(modTime(out.LastModified), opts.IfModifiedSince, opts.IfNoneMatch) {
		out.Body.Close()
		return nil, driver.Errorf(storage.ErrNotModified, "not modified since IfModifiedSince")
	}
	if out.ContentLength == nil && out.ContentRange == nil && !a.delimited { // nobody could tell a short body
		out.Body.Close()
		return nil, a.Foreign("an object without a length")
	}
	r := &storage.GetResult{Object: gotten(key, out), Length: sizeOf(out.ContentLength)}
	r.Object.Size = r.Length
	switch {
	case out.ContentRange == nil: // the whole object, also where the server ignored the range
	case opts.Offset < 0 && strings.HasSuffix(*out.ContentRange, "/0"):
		r.Length, r.Object.Size = 0, 0 // MinIO over TLS: "bytes 0--1/0", the suffix of an empty object
	default:
		if err := httpdriver.SetRange(r, opts, *out.ContentRange); err != nil {
			out.Body.Close()
			return nil, err
		}
		r.Object.Checksums = storage.Checksums{} // whatever they are of
	}
	r.Body = driver.NewBody(ctx, out.Body, r.Length)
	return r, nil
}

// unvalidated takes out the SDK's check of the body's sum, which costs a third of the speed where
// the sum is a CRC64NVME. The Bucket checks.
func unvalidated(o *s3.Options) {
	o.APIOptions = append(o.APIOptions, func(stack *middleware.Stack) error {
		// there with ChecksumMode only
		stack.Deserialize.Remove("AWSChecksum:ValidateOutputPayloadChecksum")
		return nil
	})
}

// sizeOf is what a Content-Length says; -1 where there is none.
func sizeOf(length *int64) int64 {
	if length == nil {
		return -1
	}
	return *length
}

func gotten(key string, out *s3.GetObjectOutput) *storage.Object {
	return &storage.Object{
		Key:                key,
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
	}
}
