package driver

import (
	"context"
	"io"

	"github.com/polystore/storage"
)

// step is how many bytes are read, copied or hashed between two looks at the context.
const step = 1 << 20

// believed is what is set aside for a body before any of it has come: twice the size of a part
// that a Bucket sends by default.
const believed = 16 << 20

// ReadAll reads the body of a write into memory, all size bytes of it. A shorter body is
// io.ErrUnexpectedEOF, a longer one ErrInvalid, and the end of ctx is its error.
func ReadAll(ctx context.Context, body io.Reader, size int64) ([]byte, error) {
	if size < 0 {
		return nil, Invalidf("a body of %d bytes", size)
	}
	data := make([]byte, 0, min(size, believed))
	for have := 0; int64(have) < size; have = len(data) {
		if err := ContextErr(ctx); err != nil {
			return nil, err
		}
		if have == cap(data) { // doubling: each byte is moved twice at most
			data = append(make([]byte, 0, min(size, int64(2*have))), data...)
		}
		n, err := io.ReadFull(body, data[have:min(have+step, cap(data))])
		data = data[:have+n]
		if err != nil {
			return nil, sourceErr(err)
		}
	}
	switch n, err := io.ReadFull(body, make([]byte, 1)); {
	case n > 0:
		return nil, tooLong(size)
	case err != io.EOF:
		return nil, &storage.Error{Err: err}
	}
	return data, ContextErr(ctx)
}

// Copy copies the body of a write to w, all size bytes of it, through buf, which must have at
// least one byte. A shorter body is io.ErrUnexpectedEOF, a longer one ErrInvalid, and the end of
// ctx is its error; then some of it has been written. An error of w is returned as it is.
func Copy(ctx context.Context, w io.Writer, body io.Reader, size int64, buf []byte) error {
	if size < 0 {
		return Invalidf("a body of %d bytes", size)
	}
	for done := int64(0); ; {
		if err := ContextErr(ctx); err != nil {
			return err
		}
		// One byte more than there should be, to find out whether there is.
		n, err := body.Read(buf[:min(int64(len(buf))-1, size-done)+1])
		if done += int64(n); done > size {
			return tooLong(size)
		}
		if n > 0 {
			if _, err := w.Write(buf[:n]); err != nil {
				return err
			}
		}
		switch {
		case err == io.EOF && done == size:
			return nil
		case err != nil:
			return sourceErr(err)
		}
	}
}

// sourceErr is the error of a body that failed or ended before its last byte.
func sourceErr(err error) error {
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	return &storage.Error{Err: err}
}

func tooLong(size int64) error { return Invalidf("the body is longer than its %d bytes", size) }
