package file

import (
	"context"
	"io"
	"io/fs"

	"github.com/polystore/storage"
	"github.com/polystore/storage/driver"
)

// maxRead is how much is read between two looks at the context.
const maxRead = 1 << 20

// bytesOf is the open file of an object.
type bytesOf interface {
	io.ReaderAt
	io.Closer
	Stat() (fs.FileInfo, error)
}

// body returns a range of one version of an object, of which f is the file, as the Body of a Get.
func body(ctx context.Context, f bytesOf, version *attrs, offset, length int64) io.ReadCloser {
	r := &reader{f: f, version: version, next: offset, end: offset + length}
	return driver.NewBody(ctx, r, length)
}

// reader reads a range of one version of an object.
type reader struct {
	f         bytesOf
	version   *attrs
	next, end int64
}

// Read reads on. A file that was changed in place is ErrChanged: the last bytes are given out only
// if it was not.
func (r *reader) Read(p []byte) (int, error) {
	p = p[:min(int64(len(p)), r.end-r.next, maxRead)]
	n, err := r.f.ReadAt(p, r.next)
	r.next += int64(n)
	switch {
	case err == io.EOF:
		return n, &storage.Error{Kind: storage.ErrChanged, Err: io.ErrUnexpectedEOF}
	case err != nil:
		return n, classify(err)
	case r.next == r.end:
		if err := r.unchanged(); err != nil {
			return 0, err
		}
	}
	return n, nil
}

// unchanged reports ErrChanged if another program has written into the file since it was opened.
func (r *reader) unchanged() error {
	fi, err := r.f.Stat()
	if err != nil {
		return classify(err)
	}
	if fi.Size() != r.version.Size || fi.ModTime().UnixNano() != r.version.ModTime {
		return kind(storage.ErrChanged)
	}
	return nil
}

// Close closes the file. It may be called while Read is under way.
func (r *reader) Close() error {
	r.f.Close()
	return nil
}
