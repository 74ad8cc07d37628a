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
// ETags are S3's own, including the quotes. If S3 derives them from the content, equal bytes have
// equal ETags: see PutOptions.IfMatch of package storage. Bodies are sent in one piece with their
// checksum in a header. Those of 1 MiB or more go to AWS and MinIO in aws-chunked encoding with the
// checksum in a trailer, which spares a second read of them: over TLS or to this machine, by a
// signed request, and where the caller gave no checksum. No other service is sent these, because
// many store the encoded form as content.
//
// Options.Provider selects what this package knows of a compatible service. An option that the
// service is not known to honour is errors.ErrUnsupported, since the service could ignore it.
//
// Directory buckets (names that end in --x-s3 or --xa-s3) list in no order, so
// ListOptions.StartAfter is errors.ErrUnsupported there, as is every Delimiter but "/". A list
// whose Prefix does not end in a slash reads all of the directory. Their Object.ETag is not a hash.
package s3

import (
	"context"
	"strings"
	"sync/atomic"

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
	http        *httpdriver.Client
	route       *route // nil: only the SDK knows it
	clock       clock
	busy        httpdriver.Busy
	versions    atomic.Int32      // a versioning, of profiles with plainBuckets
	credentials *credentialsCache // nil: anonymous
	closeIdle   func()            // nil: the transport is not the Store's own
	region      string
	virtualHost bool
	tls         bool
	loopback    bool // the service is on this machine
	sse, kmsKey string
	batch       int
	shown       atomic.Uint32 // oddities of the keys that lists have shown
	hasher      driver.Hasher
}

var _ storage.FullStore = (*Store)(nil)

// New opens bucket, which is a name or the ARN of an access point. It makes one request if the
// region of a bucket on AWS is not known, and none otherwise.
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
