package s3

import (
	"context"
	"net/url"
	"strings"

	"github.com/polystore/storage"
	"github.com/polystore/storage/driver"
)

func init() {
	storage.Handle("s3", NewOpener(nil))
	storage.Handle("s3a", NewOpener(nil))
}

// NewOpener returns the opener of s3://bucket?region=… with base under what the URL says, for a
// [storage.Mux] of one's own: a transport, credentials. base may be nil, and must not be changed
// afterwards.
func NewOpener(base *Options) storage.Opener {
	if base == nil {
		base = new(Options)
	}
	open := func(ctx context.Context, u *url.URL, params *storage.Params) (storage.Store, error) {
		return open(ctx, u, params, *base)
	}
	return storage.StoreOpener{Open: open}.OpenURL
}

// open makes the Store. The parameters are the fields of Options under the names that users of
// other libraries know. Credentials have none: they come from the environment, the profile or
// Options.
func open(
	ctx context.Context, u *url.URL, params *storage.Params, o Options,
) (storage.Store, error) {
	params.SetString(&o.Region, "region")
	params.SetString(&o.Endpoint, "endpoint")
	params.SetString(&o.Provider, "provider")
	params.SetString(&o.Profile, "profile")
	params.SetBool(&o.Anonymous, "anonymous")
	params.SetBool(&o.PathStyle, "use_path_style")
	params.SetBool(&o.PathStyle, "s3ForcePathStyle")
	params.SetBool(&o.VirtualHost, "virtual_host")
	params.SetBool(&o.Accelerate, "accelerate")
	params.SetBool(&o.DualStack, "dualstack")
	params.SetBool(&o.FIPS, "fips")
	params.SetBool(&o.DisableHTTPS, "disable_https")
	params.SetString(&o.SSE, "ssetype")
	params.SetString(&o.KMSKeyID, "kmskeyid")
	params.SetInt(&o.BatchSize, "batch_size")
	if err := params.Err(); err != nil {
		return nil, err
	}
	if u.Port() != "" || strings.HasSuffix(u.Host, ":") || strings.HasPrefix(u.Host, "[") {
		return nil, driver.Invalidf("the host of the URL is the bucket's name, and has no port")
	}
	s, err := New(ctx, u.Host, &o)
	if err != nil {
		return nil, err // not s: a nil *Store is not a nil Store
	}
	return s, nil
}
