package storage

import (
	"context"
	"errors"
	"io"
)

// section writes size bytes of src from off.
func (w *write) section(ctx context.Context, src io.ReaderAt, off, size int64) (*Object, error) {
	if !w.opts.Checksums.IsZero() {
		// Sums have to be made of the bytes that are sent, in order, before the commit.
		s := w.stream(ctx)
		defer s.abort()
		n, err := s.readFrom(io.NewSectionReader(src, off, size))
		if err != nil {
			return nil, err
		}
		if n < size {
			return nil, &Error{Err: io.ErrUnexpectedEOF}
		}
		return s.commit()
	}
	limits := w.limits()
	if limits.MaxObject > 0 && size > limits.MaxObject {
		return nil, invalid("the object has %d bytes, the service takes at most %d",
			size, limits.MaxObject)
	}
	if size <= w.partSize || limits.Count == 0 {
		return w.once(ctx, src, off, size)
	}
	for again := true; ; again = false {
		o, err := w.sections(ctx, limits, src, off, size)
		if !again || !errors.Is(err, errUploadGone) {
			return o, err
		}
	}
}

// sections sends the object in parts that are sections of src.
func (w *write) sections(
	ctx context.Context, limits PartLimits, src io.ReaderAt, off, size int64,
) (*Object, error) {
	part := fit(max(w.partSize, ceil(size, int64(limits.Count))), limits)
	if ceil(size, part) > int64(limits.Count) {
		return nil, invalid("the object has %d bytes, the service takes at most %d parts of %d",
			size, limits.Count, part)
	}
	u, err := w.create(ctx, limits, size)
	if err != nil {
		return nil, err
	}
	defer u.abort() // unless complete; also when src panics
	count := int(ceil(size, part))
	err = parallel(ctx, u.workers(), count, func(ctx context.Context, i int) error {
		at := int64(i) * part
		n := min(part, size-at)
		return u.send(ctx, i+1, src, off+at, n, PartOptions{Offset: at, Last: at+n == size})
	})
	if err != nil {
		return nil, err
	}
	return u.complete(ctx)
}
