package storage

import (
	"context"
	"io/fs"
	"os"
)

// UploadFile writes the object under key from the file at path. A large file is sent in parallel
// sections. A named pipe is read when somebody writes to it. Otherwise UploadFile is like Put.
func (b *Bucket) UploadFile(
	ctx context.Context, key, path string, opts *PutOptions,
) (*Object, error) {
	ctx, op := b.start(ctx, "UploadFile", key)
	defer op.left()
	state, opts := putState(opts)
	o, err := b.uploadFile(ctx, key, path, state, opts)
	return b.own(o), op.end(err)
}

func (b *Bucket) uploadFile(
	ctx context.Context, key, path, state string, opts *PutOptions,
) (*Object, error) {
	if err := b.ready(ctx); err != nil {
		return nil, err
	}
	f, err := b.e.openSource(ctx, path)
	if isKind(err, ErrClosed) {
		return nil, err
	}
	if err != nil {
		return nil, &Error{Err: err}
	}
	defer f.Close()
	st, err := f.Stat()
	switch {
	case err != nil:
		return nil, &Error{Err: err}
	case st.IsDir():
		return nil, invalid("%s is a directory", path)
	case state == "":
	case !st.Mode().IsRegular():
		return nil, invalid("%s can be read once only, which StateFile cannot go on with", path)
	default:
		return b.putReaderAt(ctx, key, f, st.Size(), state, opts)
	}
	return b.put(ctx, key, f, opts)
}

// openSource opens a file to read from. A named pipe opens when somebody writes to it, so that is
// waited for aside.
func (e *engine) openSource(ctx context.Context, path string) (*os.File, error) {
	if st, err := os.Stat(path); err != nil || st.Mode()&fs.ModeNamedPipe == 0 {
		return os.Open(path)
	}
	type opened struct {
		f   *os.File
		err error
	}
	came, gone := make(chan opened), make(chan struct{})
	defer close(gone)
	go func() {
		f, err := os.Open(path)
		select {
		case came <- opened{f, err}:
		case <-gone:
			f.Close()
		}
	}()
	select {
	case o := <-came:
		return o.f, o.err
	case <-e.closing.Done():
		return nil, &Error{Kind: ErrClosed}
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}
