package driver

import (
	"cmp"
	"context"
	"io"
	"time"

	"github.com/polystore/storage"
	"github.com/polystore/storage/driver"
)

// Put writes an object: one row, one step.
func (s *Store) Put(
	ctx context.Context, key string, body io.ReadSeeker, size int64, opts *storage.PutOptions,
) (*storage.Object, error) {
	want, err := expected(opts.IfAbsent, opts.IfMatch)
	err = cmp.Or(
		driver.ContextErr(ctx), driver.CheckText(opts), // the table holds JSON
		driver.Refuse("StorageClass", opts.StorageClass != ""),
		driver.Refuse("Tags", len(opts.Tags) > 0),
		err,
	)
	if err != nil {
		return nil, err
	}
	data, err := driver.ReadAll(ctx, body, size)
	if err != nil {
		return nil, err
	}
	o := driver.NewObject(key, size, opts)
	o.ModTime = time.Now().UTC().Round(0)
	if o.Checksums, err = s.hasher.VerifyBytes(ctx, data, &opts.Checksums); err != nil {
		return nil, err
	}
	revision, err := s.table.write(ctx, key, encode(o, data), want)
	if err != nil {
		return nil, classify(err, opts.IfAbsent)
	}
	o.ETag = etag(revision)
	return o, nil
}

// Delete removes an object. A missing one is not an error, except with IfMatch.
func (s *Store) Delete(ctx context.Context, key string, opts *storage.DeleteOptions) error {
	want, err := expected(false, opts.IfMatch)
	if err := cmp.Or(driver.ContextErr(ctx), err); err != nil {
		return err
	}
	_, err = s.table.write(ctx, key, nil, want)
	return classify(err, false)
}
