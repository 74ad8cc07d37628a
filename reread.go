package storage

import (
	"context"
	"io"
)

// reread reads size bytes of src from off into w, outside of any request: sums are made of bytes
// that are here already. They may be many, so each read asks whether the call goes on at all. Its
// failure leaves no doubt.
func (e *engine) reread(
	ctx context.Context, w io.Writer, src io.ReaderAt, off, size int64,
) error {
	a := &attempt{caller: ctx, e: e}
	defer a.release(nil)
	body := e.newBody(a, src, off, size)
	_, err := io.Copy(w, readerFunc(func(p []byte) (int, error) {
		if err := a.Err(); err != nil {
			return 0, err
		}
		return body.Read(p)
	}))
	if err = body.finish(err); err != nil {
		e := a.name(asError(err))
		e.InDoubt = false
		return e
	}
	return nil
}
