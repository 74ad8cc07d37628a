package azure

import (
	"context"
	"net/url"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/sas"

	"github.com/polystore/storage/driver"
)

// sourceExpiry is how long a copy may take to be begun by the service, its clock being another.
const sourceExpiry = time.Hour

// source is a blob as the source of a copy: for the service, which reads it, an URL like any other,
// that has to be signed, too.
type source struct {
	url           string  // a secret
	authorization *string // a secret; nil: the URL says all
}

// source signs a blob in the way that the Store's own requests are signed: by a signature of the
// shared key for this blob alone, by the Store's shared access signature, or by a token. A
// signature of a user delegation key would ask for a right more.
func (s *Store) source(ctx context.Context, key, version string) (source, error) {
	at, err := url.Parse(s.client.NewBlobClient(key).URL())
	if err != nil {
		return source{}, driver.Invalidf("not a URL of a blob")
	}
	q := at.Query()
	if version != "" {
		q.Set("versionid", version)
	}
	if s.key != nil {
		signed, err := s.signature(ctx, sas.BlobSignatureValues{
			ContainerName: s.name,
			BlobName:      key,
			BlobVersion:   version,
			Permissions:   (&sas.BlobPermissions{Read: true, Tag: true}).String(),
			ExpiryTime:    time.Now().UTC().Add(sourceExpiry),
		})
		if err != nil {
			return source{}, err
		}
		at.RawQuery = join(q.Encode(), signed.Encode())
		return source{url: at.String()}, nil
	}
	if version != "" {
		at.RawQuery = join(value(s.sas), url.Values{"versionid": {version}}.Encode())
	}
	if s.token == nil {
		return source{url: at.String()}, nil
	}
	token, err := s.bearer(ctx)
	if err != nil {
		return source{}, err
	}
	return source{url: at.String(), authorization: new("Bearer " + token.Token)}, nil
}

// join joins two encoded queries, each of which may be empty.
func join(a, b string) string {
	if a == "" || b == "" {
		return a + b
	}
	return a + "&" + b
}
