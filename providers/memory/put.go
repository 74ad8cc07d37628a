package memory

import (
	"context"
	"io"

	"github.com/polystore/storage"
)

// Put writes an object.
func (s *Store) Put(ctx context.Context, key string, body io.ReadSeeker, size int64, opts *storage.PutOptions) (*storage.Object, error) {
	data, err := readAll(ctx, body, size)
	if err != nil {
		return nil, err
	}
	sums, err := verify(ctx, data, opts.Checksums)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := alive(ctx); err != nil {
		return nil, err
	}
	return s.commit(newVersion(key, data, sums, opts), opts.IfAbsent, opts.IfMatch)
}

// step is how many bytes are read or hashed between two looks at the context.
const step = 1 << 20

// believed is what is set aside for a body before any of it has come: twice the size of a part that a Bucket sends by default.
const believed = 16 << 20

// readAll reads exactly size bytes.
func readAll(ctx context.Context, body io.Reader, size int64) ([]byte, error) {
	if size < 0 {
		return nil, fail(storage.ErrInvalid, "size %d", size)
	}
	data := make([]byte, 0, min(size, believed))
	for have := 0; int64(have) < size; have = len(data) {
		if err := alive(ctx); err != nil {
			return nil, err
		}
		if have == cap(data) { // doubling: each byte is moved twice at most
			data = append(make([]byte, 0, min(size, int64(2*have))), data...)
		}
		end := min(have+step, cap(data))
		n, err := io.ReadFull(body, data[have:end])
		data = data[:have+n]
		if err == io.EOF {
			err = io.ErrUnexpectedEOF
		}
		if err != nil {
			return nil, &storage.Error{Err: err}
		}
	}
	switch n, err := io.ReadFull(body, make([]byte, 1)); {
	case n > 0:
		return nil, fail(storage.ErrInvalid, "the body is longer than its %d bytes", size)
	case err != io.EOF:
		return nil, &storage.Error{Err: err}
	}
	return data, alive(ctx)
}
