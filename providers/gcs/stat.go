package gcs

import (
	"context"
	"net/http"
	"net/url"

	"github.com/polystore/storage"
	"github.com/polystore/storage/driver"
)

// Stat makes one objects.get of the JSON API, whose refusals say why, where the XML API's HEAD has
// no room for it. A missing bucket is ErrNotExist, too: they differ in the text only.
func (s *Store) Stat(
	ctx context.Context, key string, opts *storage.StatOptions,
) (*storage.Object, error) {
	if err := s.checkAsked(key); err != nil {
		return nil, err
	}
	r, err := s.resource(ctx, key, opts.VersionID)
	if err != nil {
		return nil, err
	}
	o := r.object(key)
	if s.emulator && o.StorageClass == "STANDARD" {
		o.StorageClass = "" // which is what fake-gcs-server's reads say
	}
	if err := driver.CheckRead(opts, o); err != nil {
		return nil, err
	}
	return o, nil
}

// resource is the object under key, or a version of it.
func (s *Store) resource(ctx context.Context, key, version string) (*resource, error) {
	q := make(url.Values)
	if err := setVersion(q, "generation", version); err != nil {
		return nil, err
	}
	a, r := new(attempt), &resource{Size: -1}
	get := request{method: http.MethodGet, url: withQuery(s.jsonObject(key), q)}
	if err := s.sendJSON(ctx, a, get, r); err != nil {
		return nil, err
	}
	if r.Generation == "" {
		return nil, a.Foreign("an object without a generation")
	}
	return r, nil
}
