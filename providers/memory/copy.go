package memory

import (
	"context"

	"github.com/polystore/storage"
)

// Copy copies an object, in one call.
func (s *Store) Copy(ctx context.Context, dst, src string, opts *storage.CopyOptions) (*storage.CopyResult, error) {
	if err := alive(ctx); err != nil {
		return nil, err
	}
	if opts.Token != "" {
		return nil, fail(storage.ErrInvalid, "not a copy token: %q", opts.Token)
	}
	from, err := s.find(src, opts.SourceVersionID)
	if err != nil {
		return nil, err
	}
	if err := readable(from, &storage.StatOptions{IfMatch: opts.SourceIfMatch}); err != nil {
		return nil, err
	}
	headers := storage.PutOptions{
		ContentType: opts.ContentType, ContentEncoding: opts.ContentEncoding, ContentDisposition: opts.ContentDisposition,
		ContentLanguage: opts.ContentLanguage, CacheControl: opts.CacheControl, Metadata: opts.Metadata, Tags: opts.Tags,
		StorageClass: opts.StorageClass,
	}
	v := newVersion(dst, from.data, from.object.Checksums, &headers)
	if !opts.Replace {
		v.tags = from.tags
		v.object = *from.describe()
		v.object.Key, v.object.StorageClass = dst, opts.StorageClass
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	o, err := s.commit(v, opts.IfAbsent, opts.IfMatch)
	if err != nil {
		return nil, err
	}
	return &storage.CopyResult{Object: o}, nil
}
