package memory

import (
	"context"

	"github.com/polystore/storage"
	"github.com/polystore/storage/driver"
)

// Copy copies an object, in one call.
func (s *Store) Copy(
	ctx context.Context, dst, src string, opts *storage.CopyOptions,
) (*storage.CopyResult, error) {
	if opts.Token != "" {
		return nil, driver.Invalidf("%q is not a copy token of this driver", opts.Token)
	}
	from, err := s.read(ctx, src, &storage.StatOptions{
		IfMatch: opts.SourceIfMatch, VersionID: opts.SourceVersionID,
	})
	if err != nil {
		return nil, err
	}
	v := newVersion(dst, from.data, from.object.Checksums, driver.CopyPutOptions(opts))
	if !opts.Replace {
		v.tags = from.tags
		v.object = from.describe()
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
