package memory

import (
	"context"
	"io"
	"sync/atomic"

	"github.com/polystore/storage"
)

// Get opens an object.
func (s *Store) Get(ctx context.Context, key string, opts *storage.GetOptions) (*storage.GetResult, error) {
	if err := alive(ctx); err != nil {
		return nil, err
	}
	v, err := s.find(key, opts.VersionID)
	if err != nil {
		return nil, err
	}
	conditions := storage.StatOptions{IfMatch: opts.IfMatch, IfNoneMatch: opts.IfNoneMatch, IfModifiedSince: opts.IfModifiedSince}
	if err := readable(v, &conditions); err != nil {
		return nil, err
	}
	offset, length, err := resolve(int64(len(v.data)), opts.Offset, opts.Length)
	if err != nil {
		return nil, err
	}
	return &storage.GetResult{
		Object: v.describe(),
		Body:   &body{ctx: ctx, rest: v.data[offset : offset+length]},
		Offset: offset,
		Length: length,
	}, nil
}

// resolve turns the range of GetOptions into one that lies within size bytes.
func resolve(size, offset, length int64) (int64, int64, error) {
	switch {
	case offset == 0 && length == 0:
		return 0, size, nil
	case length < 0 || length > 0 && offset < 0:
		return 0, 0, fail(storage.ErrInvalid, "range of %d bytes at %d", length, offset)
	case offset < 0:
		offset = max(size+offset, 0)
		return offset, size - offset, nil
	case offset >= size:
		return 0, 0, fail(storage.ErrRange, "offset %d of %d bytes", offset, size)
	case length == 0 || length > size-offset:
		return offset, size - offset, nil
	}
	return offset, length, nil
}

// body reads a version's bytes. It holds the context of Get, which governs it to its end.
type body struct {
	ctx    context.Context
	rest   []byte
	closed atomic.Bool // Close may be called during a Read
}

func (b *body) Read(p []byte) (int, error) {
	if b.closed.Load() {
		return 0, &storage.Error{Kind: storage.ErrClosed}
	}
	if err := alive(b.ctx); err != nil {
		return 0, err
	}
	if len(b.rest) == 0 {
		return 0, io.EOF
	}
	n := copy(p, b.rest)
	b.rest = b.rest[n:]
	return n, nil
}

func (b *body) Close() error {
	b.closed.Store(true)
	return nil
}
