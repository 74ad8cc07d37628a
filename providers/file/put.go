package file

import (
	"context"
	"io"

	"github.com/polystore/storage"
	"github.com/polystore/storage/driver"
)

// Put writes the object: to a temporary file, which is then renamed. All checksums that opts has
// are verified and kept, with a CRC-32C of our own.
func (s *Store) Put(
	ctx context.Context, key string, body io.ReadSeeker, size int64, opts *storage.PutOptions,
) (*storage.Object, error) {
	if err := checkKey(key); err != nil {
		return nil, err
	}
	if err := s.begin(ctx); err != nil {
		return nil, err
	}
	defer s.end()
	if err := driver.Refuse("StorageClass", opts.StorageClass != ""); err != nil {
		return nil, err
	}
	c := condition{opts.IfAbsent, opts.IfMatch}
	if err := s.check(ctx, key, c); err != nil {
		return nil, err
	}
	t, err := s.newTemp(key)
	if err != nil {
		return nil, classify(err)
	}
	defer t.discard() // also when body panics
	d := s.hasher.New(driver.CRC32C | driver.Given(&opts.Checksums))
	if err := s.fill(ctx, &steady{f: t.f, sums: d}, body, size); err != nil {
		return nil, classify(err)
	}
	got, err := d.Verify(&opts.Checksums)
	if err != nil {
		return nil, err
	}
	a := attrsOfPut(opts)
	a.setSums(got)
	return s.commit(ctx, key, t, a, c)
}

// fill copies the body of a write, of exactly size bytes, and looks at the context all the while.
func (s *Store) fill(ctx context.Context, w io.Writer, body io.Reader, size int64) error {
	buffer := s.buffers.Get().(*[]byte)
	defer s.buffers.Put(buffer)
	return driver.Copy(ctx, w, body, size, *buffer)
}

// pipe copies what a body of ours has: its errors are the call's, with their kinds, and not those
// of a caller's source.
func (s *Store) pipe(w io.Writer, body io.ReadCloser) error {
	buffer := s.buffers.Get().(*[]byte)
	defer s.buffers.Put(buffer)
	_, err := io.CopyBuffer(w, body, *buffer)
	return err
}
