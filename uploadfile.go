package storage

import (
	"context"
	"os"
)

// UploadFile writes the object under key from the file at path. A large file is sent in parallel
// sections. Otherwise UploadFile is like Put.
func (b *Bucket) UploadFile(
	ctx context.Context, key, path string, opts *PutOptions,
) (*Object, error) {
	ctx, op := b.start(ctx, "UploadFile", key)
	defer op.left()
	o, err := b.uploadFile(ctx, key, path, opts)
	return b.own(o), op.end(err)
}

func (b *Bucket) uploadFile(
	ctx context.Context, key, path string, opts *PutOptions,
) (*Object, error) {
	if err := b.ready(ctx); err != nil {
		return nil, err
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, &Error{Err: err}
	}
	defer f.Close()
	if st, err := f.Stat(); err != nil {
		return nil, &Error{Err: err}
	} else if st.IsDir() {
		return nil, invalid("%s is a directory", path)
	}
	return b.put(ctx, key, f, opts)
}
