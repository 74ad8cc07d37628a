package file

import (
	"context"
	"io"

	"github.com/polystore/storage"
)

// Put writes the object: to a temporary file, which is then renamed. All checksums that opts has are verified and kept, with a
// CRC-32C of our own.
func (s *Store) Put(ctx context.Context, key string, body io.ReadSeeker, size int64, opts *storage.PutOptions) (*storage.Object, error) {
	if _, err := split(key); err != nil {
		return nil, err
	}
	end, err := s.begin(ctx)
	if err != nil {
		return nil, err
	}
	defer end()
	if size < 0 {
		return nil, invalid("size %d", size)
	}
	if opts.StorageClass != "" {
		return nil, unsupported("StorageClass")
	}
	c := condition{opts.IfAbsent, opts.IfMatch}
	if err := s.check(ctx, key, c); err != nil {
		return nil, err
	}
	t, err := s.newTemp()
	if err != nil {
		return nil, classify(err)
	}
	defer t.discard() // also when body panics
	sums := newSums(opts.Checksums)
	if err := s.fill(ctx, &steady{f: t.f}, body, size, sums); err != nil {
		return nil, classify(err)
	}
	got, err := sums.verify(opts.Checksums)
	if err != nil {
		return nil, err
	}
	a := attrsOfPut(opts)
	a.setSums(got)
	return s.commit(ctx, key, t, a, c)
}

// fill copies exactly size bytes from a source and looks at the context all the while.
func (s *Store) fill(ctx context.Context, w io.Writer, r io.Reader, size int64, sums *sums) error {
	buffer := s.buffers.Get().(*[]byte)
	defer s.buffers.Put(buffer)
	for done := int64(0); ; {
		if err := ctx.Err(); err != nil {
			return err
		}
		// One byte more than there should be, to find out whether there is.
		n, err := r.Read((*buffer)[:min(bufferSize-1, size-done)+1])
		if done += int64(n); done > size {
			return invalid("source is longer than the %d bytes that were announced", size)
		}
		if n > 0 {
			sums.Write((*buffer)[:n])
			if _, err := w.Write((*buffer)[:n]); err != nil {
				return err
			}
		}
		switch {
		case err == io.EOF && done < size:
			return io.ErrUnexpectedEOF
		case err == io.EOF:
			return nil
		case err != nil:
			return err
		}
	}
}
