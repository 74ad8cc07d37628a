package memory

import (
	"context"
	"io"

	"github.com/polystore/storage"
)

// PutPart writes a part.
func (s *Store) PutPart(ctx context.Context, key, id string, number int, body io.ReadSeeker, size int64, _ *storage.PartOptions) (*storage.Part, error) {
	data, err := readAll(ctx, body, size)
	if err != nil {
		return nil, err
	}
	return s.addPart(ctx, key, id, number, data)
}

// CopyPart writes a part from a range of an object, which must lie within it.
func (s *Store) CopyPart(ctx context.Context, key, id string, number int, src string, opts *storage.CopyPartOptions) (*storage.Part, error) {
	if err := alive(ctx); err != nil {
		return nil, err
	}
	from, err := s.find(src, opts.SourceVersionID)
	if err != nil {
		return nil, err
	}
	if err := readable(from, &storage.StatOptions{IfMatch: opts.SourceIfMatch}); err != nil {
		return nil, err
	}
	offset, length := opts.SourceOffset, opts.SourceLength
	if offset < 0 || length <= 0 {
		return nil, fail(storage.ErrInvalid, "range of %d bytes at %d", length, offset)
	}
	if size := int64(len(from.data)); offset >= size || length > size-offset {
		return nil, fail(storage.ErrRange, "%d bytes at %d of %d", length, offset, size)
	}
	return s.addPart(ctx, key, id, number, from.data[offset:offset+length])
}

// addPart puts a part into its upload, in place of the one with its number.
func (s *Store) addPart(ctx context.Context, key, id string, number int, data []byte) (*storage.Part, error) {
	if number < 1 || number > limits.Count {
		return nil, fail(storage.ErrInvalid, "part number %d, at most %d", number, limits.Count)
	}
	sums, err := verify(ctx, data, storage.Checksums{})
	if err != nil {
		return nil, err
	}
	p := &part{Part: storage.Part{Number: number, Size: int64(len(data)), ETag: newETag(), Checksums: sums}, data: data}
	s.mu.Lock()
	defer s.mu.Unlock()
	u, err := s.upload(key, id)
	if err != nil {
		return nil, err
	}
	u.parts[number] = p
	described := p.Part
	return &described, nil
}
