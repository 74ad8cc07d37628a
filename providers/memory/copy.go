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
	from, described, err := s.read(ctx, src, &storage.StatOptions{
		IfMatch: opts.SourceIfMatch, VersionID: opts.SourceVersionID,
	})
	if err != nil {
		return nil, err
	}
	v := newVersion(from.data, described.Checksums, driver.CopyPutOptions(opts))
	if !opts.Replace {
		a := from.attributes()
		a.storageClass, a.versionID = opts.StorageClass, ""
		v.setAttributes(a)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	o, err := s.commit(dst, v, opts.IfAbsent, opts.IfMatch)
	if err != nil {
		return nil, err
	}
	return &storage.CopyResult{Object: o}, nil
}
