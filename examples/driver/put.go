package driver

import (
	"context"
	"errors"
	"io"

	"github.com/polystore/storage"
)

// maxRow is the most that a row takes, and so the largest object.
const maxRow = 64 << 20

// Put writes an object: one row, one step.
func (s *Store) Put(ctx context.Context, key string, body io.ReadSeeker, size int64, opts *storage.PutOptions) (*storage.Object, error) {
	switch {
	case opts.StorageClass != "":
		return nil, cannot("storage classes")
	case len(opts.Tags) > 0:
		return nil, cannot("tags")
	case size > maxRow:
		return nil, &storage.Error{Kind: storage.ErrInvalid, Err: errors.New("larger than a row")}
	}
	want, err := expected(opts.IfAbsent, opts.IfMatch)
	if err != nil {
		return nil, err
	}
	data, err := readBody(ctx, body, size)
	if err != nil {
		return nil, err
	}
	if err := verify(data, opts.Checksums); err != nil {
		return nil, err
	}
	o := newObject(data, opts)
	value, err := encode(o, data)
	if err != nil {
		return nil, err
	}
	refused := storage.ErrPrecondition
	if opts.IfAbsent {
		refused = storage.ErrExist
	}
	revision, err := s.table.set(ctx, key, value, want)
	if err != nil {
		return nil, classify(err, refused)
	}
	return &storage.Object{Key: key, Size: size, ETag: etag(revision), ModTime: o.ModTime}, nil
}

// readBody reads exactly size bytes: a body that is shorter or longer is an error, and nothing is written.
func readBody(ctx context.Context, body io.Reader, size int64) ([]byte, error) {
	data := make([]byte, size)
	for read := int64(0); read < size; {
		if err := ctx.Err(); err != nil {
			return nil, &storage.Error{Err: err}
		}
		n, err := body.Read(data[read:])
		read += int64(n)
		if err == io.EOF && read < size {
			err = io.ErrUnexpectedEOF
		}
		if err != nil && err != io.EOF {
			return nil, &storage.Error{Err: err}
		}
	}
	var more [1]byte
	switch n, err := io.ReadFull(body, more[:]); {
	case n > 0:
		return nil, &storage.Error{Kind: storage.ErrInvalid, Err: errors.New("the body is longer than its size")}
	case err != io.EOF:
		return nil, &storage.Error{Err: err}
	}
	return data, nil
}
