package azure

import (
	"cmp"
	"context"
	"net/http"
	"net/url"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/sas"

	"github.com/polystore/storage"
	"github.com/polystore/storage/driver"
)

// SignURL makes a shared access signature for one blob: with the shared key without a request, with
// Entra ID with one request for a user delegation key, which is kept for later ones. A signature
// binds what may be done with the blob, not the headers of a request: ContentType and ContentLength
// are ErrUnsupported, and Metadata is in the Header that goes with the URL.
func (s *Store) SignURL(
	ctx context.Context, key string, opts *storage.SignOptions,
) (*storage.SignedURL, error) {
	if err := driver.ContextErr(ctx); err != nil {
		return nil, err
	}
	if err := s.checkSigned(ctx, key, opts.Method); err != nil {
		return nil, err
	}
	switch {
	case s.key == nil && s.delegation == nil:
		return nil, driver.Unsupportedf(
			"signing takes a shared key, or Entra ID at the account's own host",
		)
	case opts.ContentType != "" || opts.ContentLength != 0:
		return nil, driver.Unsupportedf(
			"a ContentType or a ContentLength that a signed request must have, on Azure",
		)
	}
	method, expires, err := driver.CheckSign(opts)
	if err != nil {
		return nil, err
	}
	permissions, header, err := permit(method, opts)
	if err != nil {
		return nil, err
	}
	at, err := url.Parse(s.client.NewBlobClient(key).URL())
	if err != nil {
		return nil, driver.Invalidf("not a URL of a blob")
	}
	until := time.Now().UTC().Add(expires).Truncate(time.Second) // as it is written
	values := sas.BlobSignatureValues{
		ContainerName:      s.name,
		BlobName:           key,
		BlobVersion:        opts.VersionID,
		Permissions:        permissions.String(),
		ExpiryTime:         until,
		ContentType:        opts.ResponseContentType,
		ContentDisposition: opts.ResponseDisposition,
	}
	if at.Scheme == "https" {
		values.Protocol = sas.ProtocolHTTPS
	}
	signed, err := s.signature(ctx, values)
	if err != nil {
		return nil, err
	}
	if opts.VersionID != "" {
		at.RawQuery = url.Values{"versionid": {opts.VersionID}}.Encode()
	}
	at.RawQuery = join(at.RawQuery, signed.Encode())
	return &storage.SignedURL{Method: method, URL: at.String(), Header: header, Expires: until}, nil
}

// checkSigned refuses the keys that a request by the method would be refused for, or would take for
// another's.
func (s *Store) checkSigned(ctx context.Context, key, method string) error {
	if method == http.MethodPut {
		return checkKey(key)
	}
	err := s.checkAsked(ctx, key)
	if isNotExist(err) {
		return invalidKey(key, "segment that ends in a dot, in no object of a list,")
	}
	return err
}

// permit says what the request may do, and which headers it needs.
func permit(
	method string, o *storage.SignOptions,
) (p sas.BlobPermissions, header http.Header, err error) {
	switch method {
	case http.MethodGet, http.MethodHead:
		p.Read = true
		return p, nil, nil
	case http.MethodDelete:
		p.Delete = true
		return p, nil, nil
	}
	p.Create, p.Write = true, !o.IfAbsent // who may only create cannot overwrite
	header = http.Header{"X-Ms-Blob-Type": {"BlockBlob"}}
	entries, err := metadata(o.Metadata, note{})
	for name, v := range entries {
		header.Set("X-Ms-Meta-"+name, *v)
	}
	return p, header, err
}

// firstKeySigned and sas.Version are the first versions of the protocol that know what the SDK
// signs with a shared key, and with a user delegation key. Before them the same fields were signed
// in another form.
const firstKeySigned = "2020-12-06"

// signature signs with what the Store has, in the version of the protocol that it speaks.
func (s *Store) signature(
	ctx context.Context, v sas.BlobSignatureValues,
) (sas.QueryParameters, error) {
	v.Version = cmp.Or(s.version, sas.Version)
	if s.key != nil && v.Version < firstKeySigned || s.key == nil && v.Version < sas.Version {
		return sas.QueryParameters{}, driver.Unsupportedf("signatures of version %s", v.Version)
	}
	if s.key != nil {
		signed, err := v.SignWithSharedKey(s.key)
		if err != nil {
			return signed, driver.Invalidf("%w", err)
		}
		return signed, nil
	}
	credential, err := s.delegation.credential(ctx, v.ExpiryTime)
	if err != nil {
		return sas.QueryParameters{}, err
	}
	signed, err := v.SignWithUserDelegation(credential)
	if err != nil {
		return signed, driver.Invalidf("%w", err)
	}
	return signed, nil
}
