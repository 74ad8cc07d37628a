package azure

import (
	"cmp"
	"context"
	"net/http"
	"net/url"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/sas"

	"github.com/polystore/storage"
)

const (
	defaultExpiry = 15 * time.Minute
	maxExpiry     = 7 * 24 * time.Hour // of a user delegation key, and here of every signature, as on other services
)

// SignURL makes a shared access signature for one blob: with the shared key without a request, with Entra ID with one request
// for a user delegation key, which is kept for later ones. A signature binds what may be done with the blob, not the
// headers of a request: ContentType and ContentLength are ErrUnsupported, and Metadata is in the Header that goes with the URL.
func (s *Store) SignURL(ctx context.Context, key string, opts *storage.SignOptions) (*storage.SignedURL, error) {
	if err := checkKey(key); err != nil {
		return nil, err
	}
	expires := opts.Expires
	switch {
	case s.key == nil && s.delegation == nil:
		return nil, unsupported("signing takes a shared key, or Entra ID at the account's own host")
	case opts.ContentType != "" || opts.ContentLength != 0:
		return nil, unsupported("a ContentType or a ContentLength that a signed request must have, on Azure")
	case expires == 0:
		expires = defaultExpiry
	case expires < time.Second || expires > maxExpiry:
		return nil, invalid("Expires %v is not in 1s..%v", expires, maxExpiry)
	}
	method, permissions, header, err := s.permit(opts)
	if err != nil {
		return nil, err
	}
	at, err := url.Parse(s.client.NewBlobClient(key).URL())
	if err != nil {
		return nil, invalid("not a URL of a blob")
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

// permit says what the request may do, and which headers it needs. It refuses what the method does not have, rather than
// leave it out.
func (s *Store) permit(o *storage.SignOptions) (method string, p sas.BlobPermissions, header http.Header, err error) {
	reads := o.VersionID != "" || o.ResponseContentType != "" || o.ResponseDisposition != ""
	writes := len(o.Metadata) > 0 || o.IfAbsent
	method = o.Method
	if method == "" {
		method = http.MethodGet
	}
	if writes && method != http.MethodPut || reads && method != http.MethodGet && method != http.MethodHead {
		return "", p, nil, invalid("an option that a signed %s does not have", method)
	}
	switch method {
	case http.MethodGet, http.MethodHead:
		p.Read = true
	case http.MethodDelete:
		p.Delete = true
	case http.MethodPut:
		p.Create, p.Write = true, !o.IfAbsent // who may only create cannot overwrite
		header = http.Header{"X-Ms-Blob-Type": {"BlockBlob"}}
		entries, err := metadata(o.Metadata, storage.Checksums{})
		if err != nil {
			return "", p, nil, err
		}
		for name, v := range entries {
			header.Set("X-Ms-Meta-"+name, *v)
		}
	default:
		return "", p, nil, invalid("method %q is not GET, HEAD, PUT or DELETE", o.Method)
	}
	return method, p, header, nil
}

// firstKeySigned and sas.Version are the first versions of the protocol that know what the SDK signs with a shared key, and with
// a user delegation key. Before them the same fields were signed in another form.
const firstKeySigned = "2020-12-06"

// signature signs with what the Store has, in the version of the protocol that it speaks.
func (s *Store) signature(ctx context.Context, v sas.BlobSignatureValues) (sas.QueryParameters, error) {
	v.Version = cmp.Or(s.version, sas.Version)
	if s.key != nil && v.Version < firstKeySigned || s.key == nil && v.Version < sas.Version {
		return sas.QueryParameters{}, unsupported("signatures of version %s", v.Version)
	}
	if s.key != nil {
		signed, err := v.SignWithSharedKey(s.key)
		if err != nil {
			return signed, invalid("%w", err)
		}
		return signed, nil
	}
	credential, err := s.delegation.credential(ctx, v.ExpiryTime)
	if err != nil {
		return sas.QueryParameters{}, err
	}
	signed, err := v.SignWithUserDelegation(credential)
	if err != nil {
		return signed, invalid("%w", err)
	}
	return signed, nil
}
