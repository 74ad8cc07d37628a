package storage

import (
	"context"
	"errors"
	"io"
)

// Put writes the object under key from r, up to r's io.EOF, whatever its length, in bounded memory. It returns the object
// that it wrote: Key, ETag, Size.
//
// Only io.EOF is the end of r. Any other error of r, a cancelled context and a panic in r leave what was there before, and
// nothing else behind. An *os.File of a regular file, a *bytes.Reader, *strings.Reader, *bytes.Buffer or *io.SectionReader
// is read from its current offset without a copy, in parallel where it is large, and stands at its end afterwards;
// everything else goes through its Read alone, on the caller's goroutine. Use PutReaderAt for other sources of known size.
//
// An object of up to PartSize bytes costs one request. A stream whose service knows no multipart uploads is put into a
// temporary file first.
//
// Errors: ErrExist, ErrPrecondition, ErrUnknownOutcome (see PutOptions), ErrIntegrity, ErrInvalid, ErrInvalidKey,
// ErrNoBucket, ErrPermission; r's own error is found with errors.Is and errors.As.
func (b *Bucket) Put(ctx context.Context, key string, r io.Reader, opts *PutOptions) (*Object, error) {
	o, err := b.put(ctx, key, r, opts)
	return o, wrap("Put", key, err)
}

func (b *Bucket) put(ctx context.Context, key string, r io.Reader, opts *PutOptions) (_ *Object, err error) {
	defer repanic(&err)
	p, err := b.newPut(ctx, key, opts)
	if err != nil {
		return nil, err
	}
	if r == nil {
		return nil, invalid("nil reader")
	}
	if src, off, size, consumed, ok := sized(r); ok {
		o, err := p.section(ctx, src, off, size)
		if err == nil {
			consumed()
		}
		return o, err
	}
	return p.stream(ctx, r)
}

// PutReaderAt writes the object under key from the first size bytes of r, which must not change meanwhile. Sections of r are
// read in parallel, again where a request is made again, and sent without a copy. A source that turns out
// shorter is io.ErrUnexpectedEOF. Otherwise it is as Put.
func (b *Bucket) PutReaderAt(ctx context.Context, key string, r io.ReaderAt, size int64, opts *PutOptions) (*Object, error) {
	o, err := b.putReaderAt(ctx, key, r, size, opts)
	return o, wrap("PutReaderAt", key, err)
}

func (b *Bucket) putReaderAt(ctx context.Context, key string, r io.ReaderAt, size int64, opts *PutOptions) (_ *Object, err error) {
	defer repanic(&err)
	p, err := b.newPut(ctx, key, opts)
	switch {
	case err != nil:
		return nil, err
	case r == nil:
		return nil, invalid("nil reader")
	case size < 0:
		return nil, invalid("size %d", size)
	}
	return p.section(ctx, r, 0, size)
}

// put is a checked write that is about to happen.
type put struct {
	b        *Bucket
	key      string     // as the Store sees it
	opts     PutOptions // as a Store is given it, without the write ID
	partSize int64
	workers  int
	progress func(Progress)
}

// newPut checks what it can before any request.
func (b *Bucket) newPut(ctx context.Context, key string, opts *PutOptions) (*put, error) {
	full, err := b.writeKey(ctx, key)
	if err != nil {
		return nil, err
	}
	p := &put{b: b, key: full}
	if opts != nil {
		p.opts = *opts
	}
	o := &p.opts
	if o.PartSize < 0 || o.Concurrency < 0 {
		return nil, invalid("negative PartSize or Concurrency")
	}
	p.partSize, p.workers, p.progress = o.PartSize, o.Concurrency, forward(o.Progress)
	setDefault(&p.partSize, b.opts.PartSize)
	setDefault(&p.workers, b.opts.Concurrency)
	o.PartSize, o.Concurrency, o.Progress = 0, 0, nil
	if o.IfMatch, err = writeCondition(o.IfAbsent, o.IfMatch); err != nil {
		return nil, err
	}
	if err := o.Checksums.check(); err != nil {
		return nil, err
	}
	h, err := headers{o.ContentType, o.ContentEncoding, o.ContentDisposition, o.ContentLanguage, o.CacheControl, o.Metadata, o.StorageClass}.check()
	if err != nil {
		return nil, err
	}
	o.Metadata = h.Metadata
	o.Tags, err = checkTags(o.Tags)
	return p, err
}

// stream writes what r gives until its io.EOF.
func (p *put) stream(ctx context.Context, r io.Reader) (*Object, error) {
	w := p.writer(ctx)
	defer w.Close() // also when r panics
	if _, err := w.readFrom(r); err != nil {
		return nil, err
	}
	return w.commit()
}

// section writes size bytes of src from off.
func (p *put) section(ctx context.Context, src io.ReaderAt, off, size int64) (*Object, error) {
	if !p.opts.Checksums.IsZero() {
		// Sums have to be made of the bytes that are sent, in order, before the commit.
		w := p.writer(ctx)
		defer w.Close()
		n, err := w.readFrom(io.NewSectionReader(src, off, size))
		if err != nil {
			return nil, err
		}
		if n < size {
			return nil, &Error{Err: io.ErrUnexpectedEOF}
		}
		return w.commit()
	}
	limits := p.limits()
	if limits.MaxObject > 0 && size > limits.MaxObject {
		return nil, invalid("%d bytes, the service takes %d", size, limits.MaxObject)
	}
	if size <= p.partSize || limits.Count == 0 {
		return p.once(ctx, src, off, size, &p.opts)
	}
	for again := true; ; again = false {
		o, err := p.sections(ctx, limits, src, off, size)
		if !again || !errors.Is(err, errUploadGone) {
			return o, err
		}
	}
}

// once writes the object by one Put of the Store.
func (p *put) once(ctx context.Context, src io.ReaderAt, off, size int64, opts *PutOptions) (*Object, error) {
	b := p.b
	c := b.claim(p.key, opts.IfAbsent, opts.IfMatch, false)
	o := *opts
	o.Metadata = c.metadata(o.Metadata)
	var obj *Object
	err := b.do(ctx, call{op: "Put", key: p.key, write: true}, func(a *attempt) (err error) {
		if err = a.pay(b.pace, size); err != nil {
			return err
		}
		body := newBody(a, src, off, size)
		obj, err = b.store.Put(a, p.key, body, size, &o)
		return body.finish(err)
	})
	if err != nil {
		obj, err = b.settle(ctx, c, err, isRefusal(err), size)
	} else {
		obj = b.written(c, obj, size)
	}
	if err == nil && p.progress != nil {
		p.progress(Progress{Done: size, Total: size})
	}
	return obj, err
}

// limits are the service's rules for parts with p's part size fitted to them.
func (p *put) limits() PartLimits {
	l := p.b.store.PartLimits(&p.opts)
	if l.Count > 0 {
		p.partSize = fit(p.partSize, l)
	}
	return l
}

// fit gives the size of a part that the limits allow and that is not below size if it can be helped.
func fit(size int64, l PartLimits) int64 {
	size = max(size, l.Min, 1)
	if l.Multiple > 1 {
		size = ceil(size, l.Multiple) * l.Multiple
	}
	if l.Max > 0 && size > l.Max {
		size = l.Max
		if l.Multiple > 1 {
			size -= size % l.Multiple
		}
	}
	return size
}

// ceil is n/by, rounded up; n is not negative.
func ceil(n, by int64) int64 {
	if n == 0 {
		return 0
	}
	return (n-1)/by + 1
}
