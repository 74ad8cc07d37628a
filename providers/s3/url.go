package s3

import (
	"context"
	"net/url"

	"github.com/polystore/storage"
)

func init() {
	o := storage.StoreOpener{Open: open}.OpenURL
	storage.Handle("s3", o)
	storage.Handle("s3a", o)
}

// open makes the Store of s3://bucket?region=…; the parameters are the fields of Options under the
// names that users of other libraries know. Credentials have none: they come from the environment,
// the profile or Options.
func open(ctx context.Context, u *url.URL, params *storage.Params) (storage.Store, error) {
	o := &Options{
		Region:       params.String("region"),
		Endpoint:     params.String("endpoint"),
		Provider:     params.String("provider"),
		Profile:      params.String("profile"),
		Anonymous:    params.Bool("anonymous"),
		VirtualHost:  params.Bool("virtual_host"),
		Accelerate:   params.Bool("accelerate"),
		DualStack:    params.Bool("dualstack"),
		FIPS:         params.Bool("fips"),
		DisableHTTPS: params.Bool("disable_https"),
		SSE:          params.String("ssetype"),
		KMSKeyID:     params.String("kmskeyid"),
		BatchSize:    int(params.Int("batch_size")),
	}
	style, alias := params.Bool("use_path_style"), params.Bool("s3ForcePathStyle")
	o.PathStyle = style || alias
	if err := params.Err(); err != nil {
		return nil, err
	}
	s, err := New(ctx, u.Host, o)
	if err != nil {
		return nil, err // not s: a nil *Store is not a nil Store
	}
	return s, nil
}
