package s3

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/polystore/storage"
	"github.com/polystore/storage/driver"
)

// SignURL signs without a request. A URL that is signed with temporary credentials ends with them,
// if that is before Expires.
func (s *Store) SignURL(
	ctx context.Context, key string, opts *storage.SignOptions,
) (*storage.SignedURL, error) {
	if err := driver.ContextErr(ctx); err != nil {
		return nil, err
	}
	if err := s.checkSigned(ctx, key, opts.Method); err != nil {
		return nil, err
	}
	if s.credentials == nil {
		return nil, driver.Unsupportedf("an anonymous client cannot sign")
	}
	method, expires, err := driver.CheckSign(opts)
	if err != nil {
		return nil, err
	}
	if opts.IfAbsent && !s.can().IfAbsent {
		return nil, s.unconditional("writes")
	}
	now := s.clock.now()
	a := new(attempt)
	r, err := s.sign(a.begin(ctx), method, key, opts, signedAt(now, expires))
	var e *storage.Error
	switch {
	case errors.As(err, &e):
		return nil, e
	case err != nil:
		return nil, s.fail(ctx, a, err)
	}
	until := signedFor(r.URL, now).Add(expires)
	if ends := a.signed.ends; !ends.IsZero() && ends.Before(until) {
		until = ends
	}
	r.SignedHeader.Del("Host") // every client sends it
	return &storage.SignedURL{
		Method: r.Method, URL: r.URL, Header: r.SignedHeader, Expires: until,
	}, nil
}

// signedFor is the time that a URL is signed for: that of the system for an access point of many
// regions, whose presigner the SDK does not let anybody set, and else now.
func signedFor(signed string, now time.Time) time.Time {
	if u, err := url.Parse(signed); err == nil {
		if t, err := time.Parse(signingTime, u.Query().Get("X-Amz-Date")); err == nil {
			return t
		}
	}
	return now.Truncate(time.Second)
}

// signedAt has a URL signed at the time now, by which it lives until expires later.
func signedAt(now time.Time, expires time.Duration) func(*s3.PresignOptions) {
	return func(o *s3.PresignOptions) {
		o.Presigner, o.Expires = timed{o.Presigner, now}, expires
	}
}

// timed signs at its own time: the SDK's is that of the system, which can be wrong.
type timed struct {
	s3.HTTPPresignerV4
	now time.Time
}

func (t timed) PresignHTTP(
	ctx context.Context, v aws.Credentials, r *http.Request,
	payload, service, region string, _ time.Time, opts ...func(*v4.SignerOptions),
) (string, http.Header, error) {
	return t.HTTPPresignerV4.PresignHTTP(ctx, v, r, payload, service, region, t.now, opts...)
}

func (s *Store) sign(
	ctx context.Context, method, key string, o *storage.SignOptions,
	by func(*s3.PresignOptions),
) (*v4.PresignedHTTPRequest, error) {
	if err := s.checkVersion(o.VersionID); err != nil {
		return nil, err
	}
	switch method {
	case http.MethodGet:
		return s.presign.PresignGetObject(ctx, &s3.GetObjectInput{
			Bucket:                     &s.bucket,
			Key:                        &key,
			VersionId:                  optional(o.VersionID),
			ResponseContentType:        optional(o.ResponseContentType),
			ResponseContentDisposition: optional(o.ResponseDisposition),
		}, by)
	case http.MethodHead:
		return s.presign.PresignHeadObject(ctx, &s3.HeadObjectInput{
			Bucket:                     &s.bucket,
			Key:                        &key,
			VersionId:                  optional(o.VersionID),
			ResponseContentType:        optional(o.ResponseContentType),
			ResponseContentDisposition: optional(o.ResponseDisposition),
		}, by)
	case http.MethodDelete:
		return s.presign.PresignDeleteObject(
			ctx, &s3.DeleteObjectInput{Bucket: &s.bucket, Key: &key}, by,
		)
	}
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
	return s.presign.PresignPutObject(ctx, in, by)
}
