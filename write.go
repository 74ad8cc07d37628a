package storage

import "context"

// write is a write that was checked and has not begun.
type write struct {
	e        *engine
	key      string     // as the Store sees it
	opts     PutOptions // as a Store is given it, without the write ID
	partSize int64
	workers  int
	progress func(Progress)
	ready    func(context.Context) error // of the Bucket: why a write cannot go on
	trust    bool                        // see truth
	lastID   string                      // the write ID of the last object that was sent
}

// newWrite is a write of the object under key, as b's callers know it.
func (b *Bucket) newWrite(ctx context.Context, key string, opts *PutOptions) (*write, error) {
	full, err := b.writeKey(ctx, key)
	if err != nil {
		return nil, err
	}
	return b.e.newWrite(full, opts, b.ready)
}

// newWrite checks what it can before any request.
func (e *engine) newWrite(
	key string, opts *PutOptions, ready func(context.Context) error,
) (*write, error) {
	w := &write{e: e, key: key, ready: ready}
	if opts != nil {
		w.opts = *opts
	}
	o := &w.opts
	if o.PartSize < 0 || o.Concurrency < 0 {
		return nil, invalid("negative PartSize or Concurrency")
	}
	w.partSize, w.workers, w.progress = o.PartSize, o.Concurrency, forward(o.Progress)
	setDefault(&w.partSize, e.opts.PartSize)
	setDefault(&w.workers, e.opts.Concurrency)
	o.PartSize, o.Concurrency, o.Progress = 0, 0, nil
	var err error
	if o.IfMatch, err = writeCondition(o.IfAbsent, o.IfMatch); err != nil {
		return nil, err
	}
	if err := o.Checksums.check(); err != nil {
		return nil, err
	}
	h, err := o.headers().check()
	if err != nil {
		return nil, err
	}
	o.Metadata = h.Metadata
	o.Tags, err = checkTags(o.Tags)
	return w, err
}

// limits are the service's rules for parts. The part size is fitted to them.
func (w *write) limits() PartLimits {
	l := w.e.store.PartLimits(&w.opts)
	if l.Count > 0 {
		w.partSize = fit(w.partSize, l)
	}
	return l
}

// fit returns the size of a part that obeys the limits and is, if possible, not smaller than size.
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

// ceil returns n/by rounded up. n must not be negative.
func ceil(n, by int64) int64 {
	if n == 0 {
		return 0
	}
	return (n-1)/by + 1
}

// buffer returns an empty buffer with room for n bytes.
func (w *write) buffer(n int64) []byte {
	if n == w.e.opts.PartSize {
		if p, _ := w.e.buffers.Get().(*[]byte); p != nil {
			return (*p)[:0]
		}
	}
	return make([]byte, 0, n)
}

// recycle takes back the buffer of a part that was sent successfully. The buffer of a failed
// request is never reused, because net/http can read a body after the response has arrived.
func (w *write) recycle(buf []byte) {
	if int64(cap(buf)) == w.e.opts.PartSize {
		w.e.buffers.Put(&buf)
	}
}
