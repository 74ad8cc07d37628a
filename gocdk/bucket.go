package gocdk

import (
	"context"
	"errors"
	"net/http"

	"github.com/polystore/storage"
	"gocloud.dev/blob"
	"gocloud.dev/blob/driver"
)

// Bucket returns a Go CDK bucket over b. Closing it closes b. As gives a **storage.Bucket, and of
// an error a **storage.Error; the asFunc of a hook gives nothing.
func Bucket(b *storage.Bucket) *blob.Bucket { return blob.NewBucket(&bucket{b}) }

// bucket is a driver of the Go CDK.
type bucket struct{ b *storage.Bucket }

var _ driver.Bucket = (*bucket)(nil)

func (b *bucket) Close() error { return b.b.Close() }

func (b *bucket) As(i any) bool {
	p, ok := i.(**storage.Bucket)
	if ok {
		*p = b.b
	}
	return ok
}

// hook calls one of the Go CDK's callbacks, which get nothing of the driver's own here.
func hook(f func(func(any) bool) error) error {
	if f == nil {
		return nil
	}
	return f(func(any) bool { return false })
}

func (b *bucket) Attributes(ctx context.Context, key string) (*driver.Attributes, error) {
	o, err := b.stat(ctx, key)
	if err != nil {
		return nil, err
	}
	return &driver.Attributes{
		CacheControl:       o.CacheControl,
		ContentDisposition: o.ContentDisposition,
		ContentEncoding:    o.ContentEncoding,
		ContentLanguage:    o.ContentLanguage,
		ContentType:        contentType(o),
		Metadata:           decodeMetadata(o.Metadata),
		ModTime:            o.ModTime,
		Size:               o.Size,
		MD5:                o.Checksums.MD5,
		ETag:               known(o.ETag),
	}, nil
}

// contentType is never empty, as the Go CDK demands.
func contentType(o *storage.Object) string {
	if o.ContentType == "" {
		return "application/octet-stream"
	}
	return o.ContentType
}

// known returns the ETag; an unknown one is empty: in an answer to a browser storage.ETagNone would
// say that the object never changes.
func known(etag string) string {
	if etag == storage.ETagNone {
		return ""
	}
	return etag
}

func (b *bucket) Copy(ctx context.Context, dst, src string, opts *driver.CopyOptions) error {
	if err := hook(opts.BeforeCopy); err != nil {
		return err
	}
	return stored(src, func(src string) error {
		_, err := b.b.Copy(ctx, encodeKey(dst), src, nil)
		return err
	})
}

// Delete asks first: for the Go CDK a missing object is an error.
func (b *bucket) Delete(ctx context.Context, key string, opts *driver.DeleteOptions) error {
	if err := hook(opts.BeforeDelete); err != nil {
		return err
	}
	o, err := b.stat(ctx, key)
	if err != nil {
		return err
	}
	return b.b.Delete(ctx, o.Key, nil)
}

func (b *bucket) SignedURL(
	ctx context.Context, key string, opts *driver.SignedURLOptions,
) (string, error) {
	if opts.EnforceAbsentContentType {
		err := errors.New("EnforceAbsentContentType")
		return "", &storage.Error{Op: "SignURL", Key: key, Kind: errors.ErrUnsupported, Err: err}
	}
	if err := hook(opts.BeforeSign); err != nil {
		return "", err
	}
	name := encodeKey(key)
	if name != key && opts.Method != http.MethodPut {
		o, err := b.stat(ctx, key)
		if err == nil {
			name = o.Key
		} else if !errors.Is(err, storage.ErrNotExist) {
			return "", err
		}
	}
	u, err := b.b.SignURL(ctx, name, &storage.SignOptions{
		Method: opts.Method, Expires: opts.Expiry, ContentType: opts.ContentType,
	})
	if err != nil {
		return "", err
	}
	return u.URL, nil
}
