package memory

import (
	"context"
	"io"

	"github.com/polystore/storage"
	"github.com/polystore/storage/driver"
)

// PutPart writes a part.
func (s *Store) PutPart(
	ctx context.Context, key, id string, number int, body io.ReadSeeker, size int64,
	_ *storage.PartOptions,
) (*storage.Part, error) {
	if err := driver.ContextErr(ctx); err != nil {
		return nil, err
	}
	data, err := driver.ReadAll(ctx, body, size)
	if err != nil {
		return nil, err
	}
	return s.addPart(ctx, key, id, number, data)
}

// CopyPart writes a part from a range of an object, which must lie within it.
func (s *Store) CopyPart(
	ctx context.Context, key, id string, number int, src string, opts *storage.CopyPartOptions,
) (*storage.Part, error) {
	from, described, err := s.read(ctx, src, &storage.StatOptions{
		IfMatch: opts.SourceIfMatch, VersionID: opts.SourceVersionID,
	})
	if err != nil {
		return nil, err
	}
	if err := driver.CheckSourceRange(opts, described.Size); err != nil {
		return nil, err
	}
	data := from.data[opts.SourceOffset : opts.SourceOffset+opts.SourceLength]
	return s.addPart(ctx, key, id, number, data)
}

// addPart puts a part into its upload, in place of the one with its number.
func (s *Store) addPart(
	ctx context.Context, key, id string, number int, data []byte,
) (*storage.Part, error) {
	if err := driver.CheckPartNumber(number, limits.Count); err != nil {
		return nil, err
	}
	sums, err := s.hasher.SumBytes(ctx, data, driver.CRC32C)
	if err != nil {
		return nil, err
	}
	p := &part{storage.Part{
		Number: number, Size: int64(len(data)), ETag: newETag(), Checksums: sums,
	}, data}
	s.mu.Lock()
	defer s.mu.Unlock()
	u, err := s.upload(key, id)
	if err != nil {
		return nil, err
	}
	u.parts[number] = p
	return p.describe(), nil
}
