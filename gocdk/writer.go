package gocdk

import (
	"context"
	"io"

	"github.com/polystore/storage"
	"gocloud.dev/blob/driver"
)

// minBuffer is the least that a BufferSize is taken for: for its own drivers it is a hint, for a
// Bucket a rule.
const minBuffer = 1 << 20

func (b *bucket) NewTypedWriter(
	ctx context.Context, key, contentType string, opts *driver.WriterOptions,
) (driver.Writer, error) {
	if err := hook(opts.BeforeWrite); err != nil {
		return nil, err
	}
	var sums storage.Checksums
	if len(opts.ContentMD5) > 0 {
		sums.MD5 = opts.ContentMD5
	}
	size := int64(opts.BufferSize)
	if size > 0 {
		size = max(size, minBuffer)
	}
	return &writer{ctx: ctx, w: b.b.NewWriter(ctx, encodeKey(key), &storage.PutOptions{
		ContentType:        contentType,
		ContentEncoding:    opts.ContentEncoding,
		ContentDisposition: opts.ContentDisposition,
		ContentLanguage:    opts.ContentLanguage,
		CacheControl:       opts.CacheControl,
		Metadata:           encodeMetadata(opts.Metadata),
		Checksums:          sums,
		IfAbsent:           opts.IfNotExist,
		PartSize:           size,
		Concurrency:        opts.MaxConcurrency,
	})}, nil
}

// writer commits at Close, as the Go CDK has it, unless its context ended or something failed
// before.
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
	return n, w.err
}

// Upload writes all that r gives. If that fails, Close aborts, and says why: the Go CDK gives codes
// to its errors only.
func (w *writer) Upload(r io.Reader) error {
	_, err := w.w.ReadFrom(r)
	w.err = err
	return nil
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
