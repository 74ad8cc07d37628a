package gocdk

import (
	"context"
	"io"

	"github.com/polystore/storage"
	"gocloud.dev/blob/driver"
)

func (b *bucket) NewTypedWriter(ctx context.Context, key, contentType string, opts *driver.WriterOptions) (driver.Writer, error) {
	if err := hook(opts.BeforeWrite); err != nil {
		return nil, err
	}
	return &writer{ctx: ctx, w: b.b.NewWriter(ctx, encodeKey(key), &storage.PutOptions{
		ContentType:        contentType,
		ContentEncoding:    opts.ContentEncoding,
		ContentDisposition: opts.ContentDisposition,
		ContentLanguage:    opts.ContentLanguage,
		CacheControl:       opts.CacheControl,
		Metadata:           encodeMetadata(opts.Metadata),
		Checksums:          storage.Checksums{MD5: opts.ContentMD5},
		IfAbsent:           opts.IfNotExist,
		PartSize:           int64(opts.BufferSize),
		Concurrency:        opts.MaxConcurrency,
	})}, nil
}

// writer commits at Close, as the Go CDK has it, unless its context ended or something failed before.
type writer struct {
	ctx context.Context
	w   *storage.Writer
	err error
}

func (w *writer) Write(p []byte) (int, error) {
	n, err := w.w.Write(p)
	if err != nil {
		w.err = err
	}
	return n, err
}

// Upload writes all that r gives. If r fails, Close aborts.
func (w *writer) Upload(r io.Reader) error {
	_, w.err = w.w.ReadFrom(r)
	return w.err
}

func (w *writer) Close() error {
	defer w.w.Close()
	if err := w.ctx.Err(); err != nil {
		return err
	}
	if w.err != nil {
		return w.err
	}
	_, err := w.w.Commit()
	return err
}
