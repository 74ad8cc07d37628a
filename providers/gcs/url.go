package gcs

import (
	"context"
	"net/url"
	"os"

	"github.com/polystore/storage"
	"github.com/polystore/storage/driver"
)

func init() {
	storage.Handle("gs", NewOpener(nil))
	storage.Handle("gcs", NewOpener(nil))
}

// NewOpener returns the opener of gs://bucket?… with base under what the URL says, for a
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

// open makes the Store. The parameters are the fields of Options under the names that users of Go
// CDK know.
func open(
	ctx context.Context, u *url.URL, params *storage.Params, o Options,
) (storage.Store, error) {
	params.SetString(&o.Endpoint, "endpoint")
	params.SetBool(&o.Emulator, "emulator")
	params.SetString(&o.CredentialsFile, "credentials_file")
	params.SetBool(&o.Anonymous, "anonymous")
	params.SetString(&o.AccessID, "access_id")
	params.SetString(&o.UserProject, "user_project")
	params.SetString(&o.UniverseDomain, "universe_domain")
	params.SetInt(&o.BatchSize, "batch_size")
	keyFile := params.String("private_key_path")
	if err := params.Err(); err != nil {
		return nil, err
	}
	if keyFile != "" {
		var err error
		if o.PrivateKey, err = os.ReadFile(keyFile); err != nil {
			return nil, driver.Invalidf("private_key_path: %w", err)
		}
	}
	s, err := New(ctx, u.Host, &o)
	if err != nil {
		return nil, err // not s: a nil *Store is not a nil Store
	}
	return s, nil
}
