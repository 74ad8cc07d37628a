package storage

import (
	"context"
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
	return again(ctx, func() (*Object, error) { return w.sections(ctx, limits, src, off, size) })
}

// again makes an upload, and once more if somebody ended it before it was complete, or a late part
// spoilt it. The doubt about the first one is that of both.
func again(ctx context.Context, upload func() (*Object, error)) (*Object, error) {
	o, err := upload()
	if !beginsAnew(err) {
		return o, err
	}
	doubt := asError(err).InDoubt
	if o, err = upload(); err == nil || !doubt {
		return o, err
	}
	e := asError(err)
	e.InDoubt = true
	if isRefusal(e) || ctx.Err() != nil {
		return nil, unknown(e, ctx.Err())
	}
	return nil, e
}

// sections sends the object in parts that are sections of src.
func (w *write) sections(
	ctx context.Context, limits PartLimits, src io.ReaderAt, off, size int64,
) (*Object, error) {
	part, err := w.partFor(limits, size)
	if err != nil {
		return nil, err
	}
	u, err := w.create(ctx, &w.e.up, limits, size)
	if err != nil {
		return nil, err
	}
	defer u.abort() // unless complete; also when src panics
	s := sectioned{src: src, off: off, size: size, part: part}
	if err := u.sendSections(ctx, s, s.numbers()); err != nil {
		return nil, err
	}
	return u.complete(ctx)
}

// sectioned is an object of size bytes, which are those of src from off. It goes out in parts.
type sectioned struct {
	src             io.ReaderAt
	off, size, part int64
}

// numbers are those of the parts, in order.
func (s *sectioned) numbers() []int {
	numbers := make([]int, ceil(s.size, s.part))
	for i := range numbers {
		numbers[i] = i + 1
	}
	return numbers
}

// place is where the part with this number is in the object.
func (s *sectioned) place(number int) (at, n int64) {
	at = int64(number-1) * s.part
	return at, min(s.part, s.size-at)
}

// sendSections sends the parts of s with these numbers, each in a slot of the flow.
func (u *upload) sendSections(ctx context.Context, s sectioned, numbers []int) error {
	e := u.w.e
	g := newGroup(ctx, u.workers(), &e.up)
	sums := e.sumsAhead(g, s.src, len(numbers), u.workers(), func(i int) (int64, int64) {
		at, n := s.place(numbers[i])
		return s.off + at, n
	})
	for i, number := range numbers {
		at, n := s.place(number)
		if !g.start(n, func(ctx context.Context) error {
			return u.send(ctx, number, s.src, s.off+at, n, PartOptions{
				Offset: at, Last: at+n == s.size, Checksums: sums.take(ctx, i),
			})
		}) {
			break
		}
		sums.began(i)
	}
	return raised(g.wait())
}

// partFor is the size of the parts of an object of size bytes.
func (w *write) partFor(limits PartLimits, size int64) (int64, error) {
	part := w.sectionPart(size, limits)
	if ceil(size, part) > int64(limits.Count) {
		return 0, invalid("the object has %d bytes, the service takes at most %d parts of %d",
			size, limits.Count, part)
	}
	return part, nil
}
