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

// readAll reads exactly size bytes. It does not believe size before they have come.
func readAll(ctx context.Context, body io.Reader, size int64) ([]byte, error) {
	if size < 0 {
		return nil, fail(storage.ErrInvalid, "size %d", size)
	}
	data := make([]byte, 0, min(size, step))
	for int64(len(data)) < size {
		if err := alive(ctx); err != nil {
			return nil, err
		}
		have := len(data)
		want := min(size, int64(max(2*have, step))) // doubling: each byte is moved twice at most
		data = append(make([]byte, 0, want), data...)[:want]
		for have < len(data) {
			end := min(have+step, len(data))
			n, err := io.ReadFull(body, data[have:end])
			have += n
			if err == io.EOF || err == io.ErrUnexpectedEOF {
				return nil, &storage.Error{Err: io.ErrUnexpectedEOF}
			}
			if err != nil {
				return nil, &storage.Error{Err: err}
			}
			if err := alive(ctx); err != nil {
				return nil, err
			}
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
