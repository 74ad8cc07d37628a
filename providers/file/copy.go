package file

import (
	"context"
	"io"
	"os"

	"github.com/polystore/storage"
)

// Copy copies one version of src in a single step. Where the file system can share bytes between files, it does.
func (s *Store) Copy(ctx context.Context, dst, src string, opts *storage.CopyOptions) (*storage.CopyResult, error) {
	switch _, err := split(dst); {
	case err != nil:
		return nil, err
	case opts.StorageClass != "":
		return nil, unsupported("StorageClass")
	case opts.Token != "":
		return nil, invalid("copy token %q is not of this driver", opts.Token)
	}
	end, err := s.begin(ctx)
	if err != nil {
		return nil, err
	}
	defer end()
	from, a, err := s.open(ctx, src, opts.SourceVersionID)
	if err != nil {
		return nil, err
	}
	defer from.Close()
	if opts.SourceIfMatch != "" && opts.SourceIfMatch != a.ETag {
		return nil, kind(storage.ErrPrecondition)
	}
	c := condition{opts.IfAbsent, opts.IfMatch}
	if err := s.check(ctx, dst, c); err != nil {
		return nil, err
	}
	t, err := s.newTemp()
	if err != nil {
		return nil, classify(err)
	}
	defer t.discard()
	source := &body{ctx: ctx, f: from, version: a, end: a.Size}
	next := copyAttrs(a, opts)
	if a.CRC32C == nil { // another program wrote it
		sums := newSums(storage.Checksums{})
		err = s.fill(ctx, &steady{f: t.f}, source, a.Size, sums)
		next.setSums(sums.sum())
	} else {
		err = source.copyTo(t.f)
	}
	if err != nil {
		return nil, classify(err)
	}
	o, err := s.commit(ctx, dst, t, next, c)
	if err != nil {
		return nil, err
	}
	return &storage.CopyResult{Object: o}, nil
}

// copyAttrs is what the copy of an object with a has: with Replace, of a only what its bytes say.
func copyAttrs(a *attrs, opts *storage.CopyOptions) *attrs {
	c := *a
	c.ETag = newETag()
	if opts.Replace {
		c.ContentType = opts.ContentType
		c.ContentEncoding = opts.ContentEncoding
		c.ContentDisposition = opts.ContentDisposition
		c.ContentLanguage = opts.ContentLanguage
		c.CacheControl = opts.CacheControl
		c.Metadata = owned(opts.Metadata)
		c.Tags = owned(opts.Tags)
	}
	return &c
}

// maxCopy is how much is copied between two looks at the context, by one system call where there is one.
const maxCopy = 16 << 20

// copyTo copies the rest of the range to the end of a file.
func (b *body) copyTo(f *os.File) error {
	if _, err := b.f.Seek(b.next, io.SeekStart); err != nil {
		return err
	}
	w := steady{f: f}
	for b.next < b.end {
		if err := b.ctx.Err(); err != nil {
			return err
		}
		n, err := io.CopyN(f, b.f, min(maxCopy, b.end-b.next))
		b.next += n
		if err == io.EOF {
			return &storage.Error{Kind: storage.ErrChanged, Err: io.ErrUnexpectedEOF}
		}
		if err == nil {
			err = w.wrote(n)
		}
		if err != nil {
			return err
		}
	}
	return b.unchanged()
}
