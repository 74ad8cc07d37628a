package storage

import (
	"bytes"
	"context"
	"io"
)

// Put writes the object under key from r, up to r's io.EOF, whatever its length, in bounded memory.
// It returns the object that it wrote: Key, ETag, Size.
//
// Only io.EOF is the end of r. Any other error of r, a cancelled context and a panic in r leave what
// was there before, and nothing else behind. An *os.File of a regular file, a *bytes.Reader,
// *strings.Reader, *bytes.Buffer or *io.SectionReader is read from its current offset without a copy,
// in parallel where it is large, and stands at its end afterwards; everything else goes through its
// Read alone, on the caller's goroutine. Use PutReaderAt for other sources of known size.
//
// An object of up to PartSize bytes costs one request. A stream whose service knows no multipart
// uploads is put into a temporary file first.
//
// Errors: ErrExist, ErrPrecondition, ErrUnknownOutcome (see PutOptions), ErrIntegrity, ErrInvalid,
// ErrInvalidKey, ErrNoBucket, ErrPermission; r's own error is found with errors.Is and errors.As.
func (b *Bucket) Put(ctx context.Context, key string, r io.Reader, opts *PutOptions) (*Object, error) {
	ctx, op := b.start(ctx, "Put", key)
	defer op.left()
	o, err := b.put(ctx, key, r, opts)
	return b.own(o), op.end(err)
}

func (b *Bucket) put(ctx context.Context, key string, r io.Reader, opts *PutOptions) (_ *Object, err error) {
	defer repanic(&err)
	w, err := b.newWrite(ctx, key, opts)
	if err != nil {
		return nil, err
	}
	if r == nil {
		return nil, invalid("nil reader")
	}
	src, off, size, consumed, ok := sized(r)
	if !ok {
		return w.copyFrom(ctx, r)
	}
	o, err := w.section(ctx, src, off, size)
	if err == nil {
		consumed()
	}
	return o, err
}

// WriteAll writes data under key, as Put does.
func (b *Bucket) WriteAll(ctx context.Context, key string, data []byte, opts *PutOptions) (*Object, error) {
	ctx, op := b.start(ctx, "WriteAll", key)
	defer op.left()
	o, err := b.putReaderAt(ctx, key, bytes.NewReader(data), int64(len(data)), opts)
	return b.own(o), op.end(err)
}

// PutReaderAt writes the object under key from the first size bytes of r, which must not change
// meanwhile. Sections of r are read in parallel, again where a request is made again, and sent without
// a copy. A source that turns out shorter is io.ErrUnexpectedEOF. Otherwise it is as Put.
func (b *Bucket) PutReaderAt(ctx context.Context, key string, r io.ReaderAt, size int64, opts *PutOptions) (*Object, error) {
	ctx, op := b.start(ctx, "PutReaderAt", key)
	defer op.left()
	o, err := b.putReaderAt(ctx, key, r, size, opts)
	return b.own(o), op.end(err)
}

func (b *Bucket) putReaderAt(ctx context.Context, key string, r io.ReaderAt, size int64, opts *PutOptions) (_ *Object, err error) {
	defer repanic(&err)
	w, err := b.newWrite(ctx, key, opts)
	switch {
	case err != nil:
		return nil, err
	case r == nil:
		return nil, invalid("nil reader")
	case size < 0:
		return nil, invalid("size %d", size)
	}
	return w.section(ctx, r, 0, size)
}
