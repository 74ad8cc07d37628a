package storage

import (
	"bytes"
	"context"
	"io"
)

// Put writes the object under key from r, up to the io.EOF of r, in bounded memory. r can have any
// length. The result describes the new object: Key, ETag, Size.
//
// Only io.EOF ends r. Any other error of r, a cancelled context and a panic in r leave the old
// object in place and nothing else behind. An object of up to PartSize bytes costs one request. If
// the service has no multipart uploads, a longer stream goes through a temporary file.
//
// An *os.File of a regular file, a *bytes.Reader, *strings.Reader, *bytes.Buffer or
// *io.SectionReader is read from its current offset without a copy, in parallel if it is large.
// Afterwards it stands at its end. Use PutReaderAt for other sources of known size.
//
// Any other source is read through its Read method on one goroutine of its own, so that a Read that
// blocks does not hold the call after ctx has ended. Put then returns within Options.AbortTimeout,
// and the caller must not use r again until that Read has returned. A panic or a runtime.Goexit of
// r is raised on the caller's goroutine.
//
// A Put without IfAbsent and IfMatch is at least once. If its answer is lost, it is sent again, and
// an attempt that was given up can still arrive later and replace a newer object.
//
// Errors: ErrExist, ErrPrecondition, ErrUnknownOutcome (see PutOptions), ErrIntegrity, ErrInvalid,
// ErrInvalidKey, ErrNoBucket, ErrPermission. errors.Is and errors.As find the error of r.
func (b *Bucket) Put(
	ctx context.Context, key string, r io.Reader, opts *PutOptions,
) (*Object, error) {
	ctx, op := b.start(ctx, "Put", key)
	defer op.left()
	o, err := b.put(ctx, key, r, opts)
	return b.own(o), op.end(err)
}

func (b *Bucket) put(
	ctx context.Context, key string, r io.Reader, opts *PutOptions,
) (_ *Object, err error) {
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

// WriteAll writes data under key. Otherwise it is like Put.
func (b *Bucket) WriteAll(
	ctx context.Context, key string, data []byte, opts *PutOptions,
) (*Object, error) {
	ctx, op := b.start(ctx, "WriteAll", key)
	defer op.left()
	o, err := b.putReaderAt(ctx, key, bytes.NewReader(data), int64(len(data)), "", opts)
	return b.own(o), op.end(err)
}

// PutReaderAt writes the object under key from the first size bytes of r, which must not change
// during the call. Sections of r are read in parallel and sent without a copy. They are read again
// when a request is retried. A source that is shorter than size is io.ErrUnexpectedEOF. A source
// that blocks is abandoned as by Put, which applies to every type but those of the standard library
// that Put names. Otherwise PutReaderAt is like Put.
func (b *Bucket) PutReaderAt(
	ctx context.Context, key string, r io.ReaderAt, size int64, opts *PutOptions,
) (*Object, error) {
	ctx, op := b.start(ctx, "PutReaderAt", key)
	defer op.left()
	state, opts := putState(opts)
	o, err := b.putReaderAt(ctx, key, r, size, state, opts)
	return b.own(o), op.end(err)
}

func (b *Bucket) putReaderAt(
	ctx context.Context, key string, r io.ReaderAt, size int64, state string, opts *PutOptions,
) (_ *Object, err error) {
	defer repanic(&err)
	w, err := b.newWrite(ctx, key, opts)
	switch {
	case err != nil:
		return nil, err
	case r == nil:
		return nil, invalid("nil reader")
	case size < 0:
		return nil, invalid("negative size %d", size)
	}
	if state != "" {
		return w.resumable(ctx, r, size, state)
	}
	return w.section(ctx, r, 0, size)
}
