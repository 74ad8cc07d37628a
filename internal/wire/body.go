package wire

import (
	"context"
	"io"

	"github.com/polystore/storage"
)

// NewBody returns the body of an answer as Get's result has it: it ends with ctx, what has arrived already included, and its
// errors are [*storage.Error]. Closing it closes rc.
func NewBody(ctx context.Context, rc io.ReadCloser) io.ReadCloser { return &body{ctx, rc} }

type body struct {
	ctx context.Context // of Get: it governs the body, too
	rc  io.ReadCloser
}

func (b *body) Read(p []byte) (int, error) {
	if ended := b.ctx.Err(); ended != nil {
		return 0, &storage.Error{Err: ended}
	}
	n, err := b.rc.Read(p)
	if err == nil || err == io.EOF {
		return n, err
	}
	if ended := b.ctx.Err(); ended != nil {
		return n, &storage.Error{Err: ended}
	}
	return n, &storage.Error{Kind: storage.ErrUnavailable, Err: Plain(err)}
}

func (b *body) Close() error { return b.rc.Close() }
