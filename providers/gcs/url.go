package gcs

import (
	"context"
	"net/url"
	"os"

	"github.com/polystore/storage"
	"github.com/polystore/storage/driver"
)

func init() {
	o := storage.StoreOpener{Open: open}.OpenURL
	storage.Handle("gs", o)
	storage.Handle("gcs", o)
}

// open makes the Store of gs://bucket?…; the parameters are the fields of Options under the names
// that users of Go CDK know.
func open(ctx context.Context, u *url.URL, params *storage.Params) (storage.Store, error) {
	o := &Options{
		Endpoint:        params.String("endpoint"),
		Emulator:        params.Bool("emulator"),
		CredentialsFile: params.String("credentials_file"),
		Anonymous:       params.Bool("anonymous"),
		AccessID:        params.String("access_id"),
		UserProject:     params.String("user_project"),
		UniverseDomain:  params.String("universe_domain"),
		BatchSize:       int(params.Int("batch_size")),
	}
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
	s, err := New(ctx, u.Host, o)
	if err != nil {
		return nil, err // not s: a nil *Store is not a nil Store
	}
	return s, nil
}
