package storage

import (
	"context"
	"time"
)

// SignURL returns a URL with which anyone can make one kind of request for the object under key
// until it expires. The request must send SignedURL.Header. Providers that cannot sign (memory,
// file) return errors.ErrUnsupported. The URL is a secret.
func (b *Bucket) SignURL(ctx context.Context, key string, opts *SignOptions) (*SignedURL, error) {
	ctx, op := b.start(ctx, "SignURL", key)
	u, err := b.signURL(ctx, key, opts)
	return u, op.end(err)
}

func (b *Bucket) signURL(ctx context.Context, key string, opts *SignOptions) (*SignedURL, error) {
	full, err := b.readKey(ctx, key)
	if err != nil {
		return nil, err
	}
	var o SignOptions
	if opts != nil {
		o = *opts
	}
	setDefault(&o.Method, "GET")
	setDefault(&o.Expires, 15*time.Minute)
	if o.Expires < 0 || o.ContentLength < 0 {
		return nil, invalid("negative Expires or ContentLength")
	}
	putOnly := o.ContentType != "" || o.ContentLength != 0 || len(o.Metadata) > 0 || o.IfAbsent
	getOnly := o.VersionID != "" || o.ResponseContentType != "" || o.ResponseDisposition != ""
	switch o.Method {
	case "PUT":
		if err := b.checkNewKey(key, full); err != nil {
			return nil, err
		}
		if getOnly {
			return nil, invalid("VersionID and the Response fields are for GET and HEAD")
		}
	case "GET", "HEAD":
		if putOnly {
			return nil, invalid("ContentType, ContentLength, Metadata and IfAbsent are for PUT")
		}
	case "DELETE":
		if putOnly || getOnly {
			return nil, invalid("DELETE takes no other options")
		}
	default:
		return nil, invalid("method %q is not GET, HEAD, PUT or DELETE", o.Method)
	}
	if !headerSafe(o.ResponseContentType) || !headerSafe(o.ResponseDisposition) {
		return nil, invalid("a Response field is not printable ASCII without outer spaces")
	}
	h, err := headers{ContentType: o.ContentType, Metadata: o.Metadata}.check()
	if err != nil {
		return nil, err
	}
	o.Metadata = h.Metadata
	var u *SignedURL
	err = b.e.do(ctx, call{op: "SignURL", key: full}, func(a *attempt) (err error) {
		u, err = b.e.store.SignURL(a, full, &o)
		return err
	})
	return u, err
}
