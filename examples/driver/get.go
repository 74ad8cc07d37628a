package driver

import (
	"bytes"
	"context"
	"errors"
	"io"
	"sync/atomic"
	"time"

	"github.com/polystore/storage"
)

// Get opens an object, or a range of it.
func (s *Store) Get(ctx context.Context, key string, opts *storage.GetOptions) (*storage.GetResult, error) {
	o, data, err := s.read(ctx, key, &storage.StatOptions{
		IfMatch: opts.IfMatch, IfNoneMatch: opts.IfNoneMatch, IfModifiedSince: opts.IfModifiedSince, VersionID: opts.VersionID,
	})
	if err != nil {
		return nil, err
	}
	offset, length := opts.Offset, opts.Length
	switch {
	case offset < 0:
		offset = max(o.Size+offset, 0)
	case offset >= o.Size && (offset > 0 || length > 0):
		err := errors.New("the range begins behind the last byte")
		return nil, &storage.Error{Kind: storage.ErrRange, Err: err}
	}
	if rest := o.Size - offset; length == 0 || length > rest {
		length = rest
	}
	b := &body{ctx: ctx, r: bytes.NewReader(data[offset : offset+length])}
	return &storage.GetResult{Object: o, Body: b, Offset: offset, Length: length}, nil
}

// Stat describes an object.
func (s *Store) Stat(ctx context.Context, key string, opts *storage.StatOptions) (*storage.Object, error) {
	o, _, err := s.read(ctx, key, opts)
	return o, err
}

// read fetches a row if the conditions hold.
func (s *Store) read(ctx context.Context, key string, opts *storage.StatOptions) (*storage.Object, []byte, error) {
	if opts.VersionID != "" {
		return nil, nil, cannot("versions")
	}
	value, revision, err := s.table.get(ctx, key)
	if err != nil {
		return nil, nil, classify(err, nil)
	}
	o, data, err := decode(key, value, revision)
	switch {
	case err != nil:
	case opts.IfMatch != "" && opts.IfMatch != o.ETag:
		err = &storage.Error{Kind: storage.ErrPrecondition}
	case opts.IfNoneMatch == o.ETag:
		err = &storage.Error{Kind: storage.ErrNotModified}
	case opts.IfNoneMatch == "" && !opts.IfModifiedSince.IsZero() &&
		!o.ModTime.Truncate(time.Second).After(opts.IfModifiedSince.Truncate(time.Second)):
		err = &storage.Error{Kind: storage.ErrNotModified}
	}
	if err != nil {
		return nil, nil, err
	}
	return o, data, nil
}

// body is what Get hands out: the context governs it, too, and it may be closed during a Read.
type body struct {
	ctx    context.Context
	r      io.Reader
	closed atomic.Bool
}

func (b *body) Read(p []byte) (int, error) {
	if b.closed.Load() {
		return 0, &storage.Error{Kind: storage.ErrClosed}
	}
	if err := b.ctx.Err(); err != nil {
		return 0, &storage.Error{Err: err}
	}
	return b.r.Read(p)
}

func (b *body) Close() error {
	b.closed.Store(true)
	return nil
}
