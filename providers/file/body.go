package file

import (
	"context"
	"io"
	"os"

	"github.com/polystore/storage"
)

// maxRead is how much is read between two looks at the context.
const maxRead = 1 << 20

// body reads a range of one version of an object. It keeps the context of its Get, which governs it.
type body struct {
	ctx       context.Context
	f         *os.File
	version   *attrs
	next, end int64
}

// Read reads on. What ends before its range does is an error, and so is a file that was changed in place.
func (b *body) Read(p []byte) (int, error) {
	if err := b.ctx.Err(); err != nil {
		return 0, &storage.Error{Err: err}
	}
	if b.next >= b.end {
		return 0, io.EOF
	}
	p = p[:min(int64(len(p)), b.end-b.next, maxRead)]
	if len(p) == 0 {
		return 0, nil
	}
	n, err := b.f.ReadAt(p, b.next)
	b.next += int64(n)
	switch {
	case err == io.EOF:
		return n, &storage.Error{Kind: storage.ErrChanged, Err: io.ErrUnexpectedEOF}
	case err != nil:
		return n, classify(err)
	case b.next == b.end:
		return n, b.unchanged()
	}
	return n, nil
}

// unchanged reports ErrChanged if another program has written into the file since it was opened.
func (b *body) unchanged() error {
	fi, err := b.f.Stat()
	if err != nil {
		return classify(err)
	}
	if fi.Size() != b.version.Size || fi.ModTime().UnixNano() != b.version.ModTime {
		return kind(storage.ErrChanged)
	}
	return nil
}

// Close closes the file. It may be called while Read is under way, and again.
func (b *body) Close() error {
	b.f.Close()
	return nil
}
