package driver

import (
	"bytes"
	"context"
	"errors"
	"io"
	"sync/atomic"

	"github.com/polystore/storage"
)

// NewBody returns the Body of a [storage.GetResult]: the length bytes of r under the rules that
// hold for every driver.
//
//   - It ends with ctx, the context of Get, even if more bytes have arrived already.
//   - It ends with io.EOF after length bytes and nowhere else. If r ends earlier, the error is
//     ErrUnavailable with io.ErrUnexpectedEOF. Anything that r has after them is not read. A
//     negative length means that the length is not known; then the end of r is the end.
//   - Close may be called during a Read, and more than once. It closes r once, if r is an
//     [io.Closer]. A Read after Close is ErrClosed, and so is a Read that Close interrupts.
//   - Every other error of r is ErrUnavailable without a URL in its text, if it is not a
//     [*storage.Error] already.
func NewBody(ctx context.Context, r io.Reader, length int64) io.ReadCloser {
	return &body{ctx: ctx, r: r, rest: length}
}

// BytesBody is [NewBody] for bytes in memory, which nobody changes. It costs one allocation.
func BytesBody(ctx context.Context, b []byte) io.ReadCloser {
	all := new(struct {
		body
		bytes bytes.Reader
	})
	all.bytes.Reset(b)
	all.body = body{ctx: ctx, r: &all.bytes, rest: int64(len(b))}
	return &all.body
}

type body struct {
	ctx    context.Context // of Get: it governs the body, too
	r      io.Reader
	rest   int64 // bytes that are still to come; negative: not known
	closed atomic.Bool
}

func (b *body) Read(p []byte) (int, error) {
	if err := b.ended(); err != nil {
		return 0, err
	}
	switch {
	case b.rest == 0:
		return 0, io.EOF
	case len(p) == 0:
		return 0, nil
	case b.rest > 0:
		p = p[:min(int64(len(p)), b.rest)]
	}
	n, err := b.r.Read(p)
	if b.rest > 0 {
		b.rest -= int64(n)
	}
	switch {
	case err == nil:
		return n, nil
	case err == io.EOF && b.rest <= 0:
		return n, io.EOF
	case b.rest == 0: // what is wrong behind the last byte is nobody's concern
		return n, nil
	case err == io.EOF:
		err = io.ErrUnexpectedEOF
	}
	if ended := b.ended(); ended != nil {
		return n, ended
	}
	var e *storage.Error
	if errors.As(err, &e) {
		return n, err
	}
	return n, &storage.Error{Kind: storage.ErrUnavailable, Err: Plain(err)}
}

// ended is the error of a body that was closed or whose context has ended.
func (b *body) ended() error {
	if b.closed.Load() {
		return &storage.Error{Kind: storage.ErrClosed}
	}
	return ContextErr(b.ctx)
}

func (b *body) Close() error {
	if b.closed.Swap(true) {
		return nil
	}
	if c, ok := b.r.(io.Closer); ok {
		return c.Close()
	}
	return nil
}
