package file

import (
	"context"
	"io"
	"os"

	"github.com/polystore/storage"
	"github.com/polystore/storage/driver"
)

// Copy copies one version of src in a single step. Where the file system can share bytes between
// files, it does.
func (s *Store) Copy(
	ctx context.Context, dst, src string, opts *storage.CopyOptions,
) (*storage.CopyResult, error) {
	if err := checkKey(dst); err != nil {
		return nil, err
	}
	if err := driver.Refuse("StorageClass", opts.StorageClass != ""); err != nil {
		return nil, err
	}
	if opts.Token != "" {
		return nil, driver.Invalidf("%q is not a copy token of this driver", opts.Token)
	}
	if err := s.begin(ctx); err != nil {
		return nil, err
	}
	defer s.end()
	from, a, err := s.open(ctx, src, opts.SourceVersionID)
	if err != nil {
		return nil, err
	}
	defer from.Close()
	if err := checkSource(opts.SourceIfMatch, a); err != nil {
		return nil, err
	}
	c := condition{opts.IfAbsent, opts.IfMatch}
	if err := s.check(ctx, dst, c); err != nil {
		return nil, err
	}
	t, err := s.newTemp(dst)
	if err != nil {
		return nil, classify(err)
	}
	defer t.discard()
	next := copyAttrs(a, opts)
	if a.CRC32C == nil { // another program wrote it
		d := s.hasher.New(driver.CRC32C)
		err = s.pipe(&steady{f: t.f, sums: d}, body(ctx, from, a, 0, a.Size))
		next.setSums(d.Checksums())
	} else {
		err = clone(ctx, t.f, from, a)
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

// checkSource holds the condition on the source of a copy.
func checkSource(ifMatch string, a *attrs) error {
	return driver.CheckRead(&storage.StatOptions{IfMatch: ifMatch}, &storage.Object{ETag: a.ETag})
}

// copyAttrs is what the copy of an object with a has: with Replace, of a only what its bytes say.
func copyAttrs(a *attrs, opts *storage.CopyOptions) *attrs {
	if opts.Replace {
		c := attrsOfPut(driver.CopyPutOptions(opts))
		c.setSums(a.sums())
		return c
	}
	c := *a
	c.ETag = newETag()
	return &c
}

// maxCopy is how much is copied between two looks at the context, by one system call where there is
// one.
const maxCopy = 16 << 20

// clone copies an object to a file. The kernel does it, and file systems that can share bytes
// between files share them.
func clone(ctx context.Context, f *os.File, from *opened, version *attrs) error {
	src, err := from.file()
	if err != nil {
		return err
	}
	defer src.Close()
	r := &reader{f: from, version: version, end: version.Size}
	w := steady{f: f}
	for r.next < r.end {
		if err := ctx.Err(); err != nil {
			return err
		}
		n, err := io.CopyN(f, src, min(maxCopy, r.end-r.next))
		r.next += n
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
	return r.unchanged()
}
