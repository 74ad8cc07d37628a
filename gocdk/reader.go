package gocdk

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"io"

	"github.com/polystore/storage"
	"gocloud.dev/blob/driver"
)

// NewRangeReader reads with one request; a range that is empty, which no service can be asked for,
// costs a Stat.
func (b *bucket) NewRangeReader(
	ctx context.Context, key string, offset, length int64, opts *driver.ReaderOptions,
) (driver.Reader, error) {
	if err := hook(opts.BeforeRead); err != nil {
		return nil, err
	}
	if length != 0 {
		var r *storage.Reader
		err := stored(key, func(key string) (err error) {
			r, err = b.b.Get(ctx, key, &storage.GetOptions{Offset: offset, Length: max(length, 0)})
			return err
		})
		if !errors.Is(err, storage.ErrRange) {
			if err != nil {
				return nil, err
			}
			return &reader{ReadCloser: r, o: r.Object()}, nil
		}
	}
	o, err := b.stat(ctx, key)
	if err != nil {
		return nil, err
	}
	return &reader{ReadCloser: io.NopCloser(bytes.NewReader(nil)), o: o}, nil
}

type reader struct {
	io.ReadCloser
	o   *storage.Object
	err error // of Download
}

func (r *reader) Read(p []byte) (int, error) {
	n, err := r.ReadCloser.Read(p)
	return n, err
}

func (r *reader) As(any) bool { return false }

func (r *reader) Attributes() *driver.ReaderAttributes {
	return &driver.ReaderAttributes{
		ContentType: contentType(r.o), ModTime: r.o.ModTime, Size: r.o.Size,
	}
}

// Download writes what is left to w. Why it could not is said by Close: the Go CDK gives codes to
// its errors only.
func (r *reader) Download(w io.Writer) error {
	_, err := io.Copy(w, r.ReadCloser)
	r.err = err
	return nil
}

func (r *reader) Close() error { return cmp.Or(r.err, r.ReadCloser.Close()) }
