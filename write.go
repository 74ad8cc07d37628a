package storage

import "context"

// write is a write that was checked and has not begun.
type write struct {
	e        *engine
	key      string     // as the Store sees it
	opts     PutOptions // as a Store is given it, without the write ID
	partSize int64      // the largest object that one request carries
	chosen   bool       // the caller chose partSize, and parts have it, too
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
	return e.newWriteBeside(key, opts, headers{}, ready)
}

// newWriteBeside is newWrite where the object inherits headers.
func (e *engine) newWriteBeside(
	key string, opts *PutOptions, old headers, ready func(context.Context) error,
) (*write, error) {
	w := &write{e: e, key: key, ready: ready}
	if opts != nil {
		w.opts = *opts
	}
	o := &w.opts
	if o.StateFile != "" {
		return nil, invalid("StateFile is for UploadFile and PutReaderAt")
	}
	if o.PartSize < 0 || o.Concurrency < 0 {
		return nil, invalid("negative PartSize or Concurrency")
	}
	w.partSize, w.workers, w.progress = o.PartSize, o.Concurrency, forward(o.Progress)
	w.chosen = w.partSize > 0 || e.chosen
	setDefault(&w.partSize, e.opts.PartSize)
	setDefault(&w.workers, e.opts.Concurrency)
	o.PartSize, o.Concurrency, o.Progress = 0, 0, nil
	if !o.Verified.IsZero() {
		return nil, invalid("Verified must be empty: Bucket sets it")
	}
	var err error
	if o.IfMatch, err = writeCondition(o.IfAbsent, o.IfMatch); err != nil {
		return nil, err
	}
	if err := o.Checksums.check(); err != nil {
		return nil, err
	}
	h, err := o.headers().checkBeside(old)
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

// streamPart is the size of the first part of a stream.
func (w *write) streamPart(l PartLimits) int64 {
	if w.chosen || !l.Parallel {
		return w.partSize
	}
	return fit(min(usualSize, w.partSize), l)
}

// sectionPart is the size of the parts of an object of that size.
func (w *write) sectionPart(size int64, l PartLimits) int64 {
	part := w.partSize
	if !w.chosen && l.Parallel {
		part = min(requestSize(size, w.workers, fit(usualSize, l)), part)
	}
	return fit(max(part, ceil(size, int64(l.Count))), l)
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
