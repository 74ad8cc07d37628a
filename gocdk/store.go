package gocdk

import (
	"context"
	"errors"
	"net"
	"net/http"
	"time"

	"github.com/polystore/storage"
	kit "github.com/polystore/storage/driver"
	"gocloud.dev/blob"
	"gocloud.dev/gcerrors"
	"google.golang.org/api/googleapi"
)

// Store returns a Store over any Go CDK bucket, which it closes. The Go CDK has no condition but
// IfNotExist, no ETag in the answer to a read, a write or a list, and no multipart uploads: reads
// ask for the attributes before and after, a write asks for them afterwards, lists say
// storage.ETagNone, and what cannot be had is errors.ErrUnsupported. How a driver retries, what it
// does with a failing connection, in which order it lists and which keys it takes is its own.
// NotFound of a list or a write is storage.ErrNoBucket; of anything else it is storage.ErrNotExist,
// whichever of the two is missing.
//
// The ETag that a write returns is that of the object which is there right after it; if it tells by
// its size, MD5 or metadata that it is another's, it is storage.ETagNone.
func Store(b *blob.Bucket) storage.Store { return &store{b: b} }

type store struct {
	storage.Unsupported
	b      *blob.Bucket
	hasher kit.Hasher
}

var _ storage.FullStore = (*store)(nil)

// Client returns the Go CDK bucket.
func (s *store) Client() *blob.Bucket { return s.b }

func (s *store) Close() error { return classify(context.Background(), s.b.Close(), meaning{}) }

// SignURL signs as the driver can.
func (s *store) SignURL(
	ctx context.Context, key string, opts *storage.SignOptions,
) (*storage.SignedURL, error) {
	if err := kit.ContextErr(ctx); err != nil {
		return nil, err
	}
	if opts.Method == http.MethodHead || opts.ContentLength != 0 || len(opts.Metadata) > 0 ||
		opts.IfAbsent || opts.VersionID != "" || opts.ResponseContentType != "" ||
		opts.ResponseDisposition != "" {
		return nil, unsupported("options of a signed URL")
	}
	method, life, err := kit.CheckSign(opts)
	if err != nil {
		return nil, err
	}
	expires := time.Now().Add(life)
	u, err := s.b.SignedURL(ctx, key, &blob.SignedURLOptions{
		Method: method, Expiry: life, ContentType: opts.ContentType,
	})
	if err != nil {
		return nil, classify(ctx, err, meaning{notFound: storage.ErrNoBucket})
	}
	signed := &storage.SignedURL{Method: method, URL: u, Expires: expires}
	if opts.ContentType != "" {
		signed.Header = map[string][]string{"Content-Type": {opts.ContentType}}
	}
	return signed, nil
}

// meaning is what the Go CDK's codes say of one call.
type meaning struct {
	notFound error // what is missing
	refused  error // what refused; nil where no condition was set: then it is of no kind
	write    bool  // the request may have been carried out although it failed
}

// classify makes an error of the Go CDK one of package storage. The URL of a request, which may be
// signed, is not in its text.
func classify(ctx context.Context, err error, m meaning) error {
	if err == nil {
		return nil
	}
	if ctx.Err() != nil {
		return &storage.Error{Err: ctx.Err(), InDoubt: m.write}
	}
	e := &storage.Error{Err: kit.Plain(err)}
	switch gcerrors.Code(err) {
	case gcerrors.NotFound:
		e.Kind = notFound(err, m.notFound)
	case gcerrors.AlreadyExists, gcerrors.FailedPrecondition:
		e.Kind = m.refused
	case gcerrors.InvalidArgument:
		e.Kind = storage.ErrInvalid
	case gcerrors.PermissionDenied:
		e.Kind = storage.ErrPermission
	case gcerrors.ResourceExhausted:
		e.Kind = storage.ErrThrottled
	case gcerrors.Unimplemented:
		e.Kind = errors.ErrUnsupported
	default:
		e.InDoubt = m.write
	}
	return e
}

// notFound is the kind of an error that a driver of the Go CDK calls NotFound. gcsblob says so of
// what may not be done, too, and azureblob of a host without an address.
func notFound(err, missing error) error {
	var refusal *googleapi.Error
	var host *net.DNSError
	switch {
	case errors.As(err, &refusal) && refusal.Code == http.StatusForbidden:
		return storage.ErrPermission
	case errors.As(err, &host): // nothing was sent
		return storage.ErrUnavailable
	}
	return missing
}

// unsupported refuses what the Go CDK has no word for.
func unsupported(what string) error {
	return kit.Unsupportedf("the Go CDK has no %s", what)
}
