package driver

import (
	"context"
	"io"

	"github.com/polystore/storage"
)

// step is how many bytes are read or hashed between two looks at the context, at most.
const step = 1 << 20

// believed is what is set aside for a body before any of it has come: twice the size of a part
// that a Bucket sends by default.
const believed = 16 << 20

// ReadAll reads the body of a write into memory, all size bytes of it. A shorter body is
// io.ErrUnexpectedEOF and a longer one ErrInvalid. If ctx ends, its error comes before whatever the
// Read under way returns, and nothing is read after it. That Read is waited for: the body is the
// caller's again when ReadAll returns.
func ReadAll(ctx context.Context, body io.Reader, size int64) ([]byte, error) {
	if size < 0 {
		return nil, Invalidf("a body of %d bytes", size)
	}
	if err := ContextErr(ctx); err != nil {
		return nil, err
	}
	data := make([]byte, 0, min(size, believed))
	for int64(len(data)) < size {
		have := len(data)
		if have == cap(data) { // doubling: each byte is moved twice at most
			data = append(make([]byte, 0, min(size, int64(2*have))), data...)
		}
		n, err := body.Read(data[have:min(have+step, cap(data))])
		if ended := ContextErr(ctx); ended != nil {
			return nil, ended
		}
		data = data[:have+n]
		if err != nil && int64(len(data)) < size {
			return nil, sourceErr(err)
		}
	}
	for more := make([]byte, 1); ; {
		n, err := body.Read(more)
		if ended := ContextErr(ctx); ended != nil {
			return nil, ended
		}
		switch {
		case n > 0:
			return nil, tooLong(size)
		case err == io.EOF:
			return data, nil
		case err != nil:
			return nil, sourceErr(err)
		}
	}
}

// Copy copies the body of a write to w, all size bytes of it, through buf, which must have at
// least one byte. Its errors are those of [ReadAll], and then some of the body has been written. An
// error of w is returned as it is.
func Copy(ctx context.Context, w io.Writer, body io.Reader, size int64, buf []byte) error {
	if size < 0 {
		return Invalidf("a body of %d bytes", size)
	}
	if err := ContextErr(ctx); err != nil {
		return err
	}
	for done := int64(0); ; {
		// One byte more than there should be, to find out whether there is.
		n, err := body.Read(buf[:min(int64(len(buf))-1, size-done)+1])
		if ended := ContextErr(ctx); ended != nil {
			return ended
		}
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
