package azure

import (
	"context"
	"errors"

	"github.com/polystore/storage"
	"github.com/polystore/storage/driver"
)

// errDirectory is what the directory of a hierarchical namespace is for Get and Stat: lists have
// none either.
var errDirectory = errors.New("a directory of a hierarchical namespace is no object")

// Stat makes one Get Blob Properties, and with ProveChecksums what prove makes. Its conditions are
// seen to here: there is no body that they would spare, and to an If-Match a missing blob would be
// as good as a changed one.
func (s *Store) Stat(
	ctx context.Context, key string, opts *storage.StatOptions,
) (*storage.Object, error) {
	if err := s.checkAsked(ctx, key); err != nil {
		return nil, err
	}
	a := &attempt{version: opts.VersionID}
	out, err := s.client.NewBlobClient(key).GetProperties(a.begin(ctx), nil)
	if err != nil {
		return nil, fail(ctx, a, err)
	}
	switch {
	case a.directory:
		return nil, &storage.Error{Kind: storage.ErrNotExist, Err: errDirectory}
	case out.ETag == nil:
		return nil, a.Foreign("an object without an ETag")
	}
	o := &storage.Object{
		Key:                key,
		Size:               sizeOf(out.ContentLength), // which an answer to HEAD need not have
		ETag:               etagOf(out.ETag),
		VersionID:          value(out.VersionID),
		ModTime:            value(out.LastModified),
		ContentType:        value(out.ContentType),
		ContentEncoding:    value(out.ContentEncoding),
		ContentDisposition: value(out.ContentDisposition),
		ContentLanguage:    value(out.ContentLanguage),
		CacheControl:       value(out.CacheControl),
		StorageClass:       class(value(out.AccessTier), value(out.AccessTierInferred)),
		TagCount:           a.tags,
	}
	var n note
	o.Metadata, n = userMetadata(out.Metadata)
	if n.fits(o.Size) {
		o.Checksums = n.sums
	}
	trust(&o.Checksums, value(out.BlobType), out.ContentMD5)
	if err := driver.CheckRead(opts, o); err != nil {
		return nil, err
	}
	if opts.ProveChecksums && !o.Checksums.IsZero() {
		if o.Checksums, err = s.prove(ctx, o, n, opts.VersionID); err != nil {
			return nil, err
		}
	}
	return o, nil
}
