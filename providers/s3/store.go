// Package s3 keeps a bucket in Amazon S3 or a service that speaks its protocol.
//
// It registers the schemes s3 and s3a:
//
//	s3://bucket/prefix?region=eu-west-1
//	s3://bucket?endpoint=http://127.0.0.1:9000&provider=minio
//	s3://bucket?region=eu-central-2&provider=wasabi
//
// The parameters are region, endpoint, provider, profile, anonymous, use_path_style
// (s3ForcePathStyle), virtual_host, accelerate, dualstack, fips, disable_https, ssetype, kmskeyid
// and batch_size: see [Options]. Credentials are never in the URL.
//
// ETags are S3's own, in their quotes. Where S3 makes them of the content, equal bytes have equal
// ETags: see PutOptions.IfMatch of package storage. Bodies go up in one piece with their checksum
// in a header, never in aws-chunked pieces with a trailer, which many compatible services take for
// content.
//
// What is known of a compatible service is behind its name: see Options.Provider. What it is not
// known to honour is errors.ErrUnsupported rather than a request that it could ignore.
//
// Directory buckets (names that end in --x-s3) list in no order, and Object.ETag of theirs is not a
// hash.
package s3

import (
	"context"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/polystore/storage"
	"github.com/polystore/storage/driver"
	"github.com/polystore/storage/driver/httpdriver"
)

// Store is one bucket. Make it with New, use it through a [storage.Bucket].
type Store struct {
	bucket      string
	arn         bool // that is the ARN of an access point
	client      *s3.Client
	presign     *s3.PresignClient
	profile     *profile
	credentials *credentialsCache // nil: anonymous
	closeIdle   func()            // nil: the transport is not the Store's own
	region      string
	virtualHost bool
	tls         bool
	sse, kmsKey string
	batch       int
	hasher      driver.Hasher
}

var _ storage.FullStore = (*Store)(nil)

// New opens bucket, or the access point whose ARN it is. It makes no request, except where the
// region of a bucket on AWS is not known: then one.
//
// Errors: ErrInvalid for options that do not fit together; ErrNoBucket and ErrUnavailable from the
// request for the region.
func New(ctx context.Context, bucket string, opts *Options) (*Store, error) {
	var o Options
	if opts != nil {
		o = *opts
	}
	arn := strings.HasPrefix(bucket, "arn:") && strings.Count(bucket, ":") >= 5
	if bucket == "" || bucket == "." || bucket == ".." || strings.Contains(bucket, "/") && !arn {
		return nil, driver.Invalidf("%q is no bucket", bucket)
	}
	if err := o.check(); err != nil {
		return nil, err
	}
	s := &Store{bucket: bucket, arn: arn, sse: o.SSE, kmsKey: o.KMSKeyID, batch: o.BatchSize}
	s.hasher.NewCRC64NVME = httpdriver.NewCRC64NVME
	if s.batch == 0 {
		s.batch = defaultBatch
	}
	if err := s.connect(ctx, &o); err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

// Client returns the underlying *s3.Client for operations that this package does not cover. Its
// requests bypass the checksums and the checks of this package.
func (s *Store) Client() *s3.Client { return s.client }

// Close closes idle connections. It does not wait for calls that are under way, and the Store is
// not used after it.
func (s *Store) Close() error {
	if s.closeIdle != nil {
		s.closeIdle()
	}
	return nil
}
