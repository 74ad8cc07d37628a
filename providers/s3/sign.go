package s3

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/polystore/storage"
)

const (
	defaultExpiry = 15 * time.Minute
	maxExpiry     = 7 * 24 * time.Hour // https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html
)

// SignURL signs without a request. A URL that is signed with temporary credentials ends with them, if that is before Expires.
func (s *Store) SignURL(ctx context.Context, key string, opts *storage.SignOptions) (*storage.SignedURL, error) {
	if err := s.checkKey(key); err != nil {
		return nil, err
	}
	expires := opts.Expires
	switch {
	case s.credentials == nil:
		return nil, unsupported("an anonymous client cannot sign")
	case expires == 0:
		expires = defaultExpiry
	case expires < time.Second || expires > maxExpiry:
		return nil, invalid("Expires %v is not in 1s..%v", expires, maxExpiry)
	}
	expires = expires.Truncate(time.Second) // the URL has whole seconds, both of its date and of its life
	until := time.Now().Truncate(time.Second).Add(expires)
	a := new(attempt)
	r, err := s.sign(a.begin(ctx), key, opts, s3.WithPresignExpires(expires))
	var e *storage.Error
	switch {
	case errors.As(err, &e):
		return nil, e
	case err != nil:
		return nil, s.fail(ctx, a, err)
	}
	if ends := a.signed.ends; !ends.IsZero() && ends.Before(until) {
		until = ends
	}
	r.SignedHeader.Del("Host") // every client sends it
	return &storage.SignedURL{Method: r.Method, URL: r.URL, Header: r.SignedHeader, Expires: until}, nil
}

// sign refuses what the method does not have, rather than leave it out.
func (s *Store) sign(ctx context.Context, key string, o *storage.SignOptions, expires func(*s3.PresignOptions)) (*v4.PresignedHTTPRequest, error) {
	reads := o.VersionID != "" || o.ResponseContentType != "" || o.ResponseDisposition != ""
	writes := o.ContentType != "" || o.ContentLength != 0 || len(o.Metadata) > 0 || o.IfAbsent
	method := o.Method
	if method == "" {
		method = http.MethodGet
	}
	switch {
	case writes && method != http.MethodPut, reads && method != http.MethodGet && method != http.MethodHead:
		return nil, invalid("an option that a signed %s does not have", method)
	case o.IfAbsent && !s.profile.can.IfAbsent:
		return nil, s.unconditional("writes")
	case o.ContentLength < 0:
		return nil, invalid("ContentLength %d", o.ContentLength)
	}
	switch method {
	case http.MethodGet:
		return s.presign.PresignGetObject(ctx, &s3.GetObjectInput{
			Bucket:                     &s.bucket,
			Key:                        &key,
			VersionId:                  optional(o.VersionID),
			ResponseContentType:        optional(o.ResponseContentType),
			ResponseContentDisposition: optional(o.ResponseDisposition),
		}, expires)
	case http.MethodHead:
		return s.presign.PresignHeadObject(ctx, &s3.HeadObjectInput{
			Bucket:                     &s.bucket,
			Key:                        &key,
			VersionId:                  optional(o.VersionID),
			ResponseContentType:        optional(o.ResponseContentType),
			ResponseContentDisposition: optional(o.ResponseDisposition),
		}, expires)
	case http.MethodDelete:
		return s.presign.PresignDeleteObject(ctx, &s3.DeleteObjectInput{Bucket: &s.bucket, Key: &key}, expires)
	case http.MethodPut:
		metadata, err := s.metadata(o.Metadata)
		if err != nil {
			return nil, err
		}
		in := &s3.PutObjectInput{
			Bucket:               &s.bucket,
			Key:                  &key,
			ContentType:          optional(o.ContentType),
			Metadata:             metadata,
			ServerSideEncryption: types.ServerSideEncryption(s.sse),
			SSEKMSKeyId:          optional(s.kmsKey),
		}
		if o.ContentLength > 0 {
			in.ContentLength = &o.ContentLength
		}
		if o.IfAbsent {
			in.IfNoneMatch = aws.String("*")
		}
		return s.presign.PresignPutObject(ctx, in, expires)
	}
	return nil, invalid("method %q is not GET, HEAD, PUT or DELETE", o.Method)
}
