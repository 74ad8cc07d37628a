package storage

import (
	"context"
	"fmt"
	"io"
	"sync/atomic"
)

// Download writes the object under key, or the range of it that opts selects, to w, with several
// requests in parallel. The first byte of the range goes to offset 0. All bytes are of one version.
// Checksums are verified as in Get. After an error the content of w is undefined.
func (b *Bucket) Download(
	ctx context.Context, key string, w io.WriterAt, opts *GetOptions,
) (*Object, error) {
	ctx, op := b.start(ctx, "Download", key)
	defer op.left()
	o, err := b.download(ctx, key, w, opts)
	return b.own(o), op.end(err)
}

func (b *Bucket) download(
	ctx context.Context, key string, w io.WriterAt, opts *GetOptions,
) (*Object, error) {
	if w == nil {
		return nil, invalid("nil writer")
	}
	full, err := b.readKey(ctx, key)
	if err != nil {
		return nil, err
	}
	o, err := checkGet(opts)
	if err != nil {
		return nil, err
	}
	return b.e.download(ctx, full, w, o)
}

func (e *engine) download(
	ctx context.Context, key string, w io.WriterAt, o GetOptions,
) (*Object, error) {
	workers, progress := o.Concurrency, forward(o.Progress)
	setDefault(&workers, e.opts.Concurrency)
	o.Concurrency, o.Progress = 1, nil // ranges are read at once here
	r, err := e.get(ctx, key, o)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	d := &downloading{w: w, start: r.offset, total: r.total, progress: progress}
	if workers == 1 || d.total <= e.opts.PartSize ||
		r.Object().ETag == ETagNone || r.sums.needsOrder() {
		err = d.sequential(r)
	} else {
		err = d.parallel(ctx, r, workers)
	}
	if err != nil {
		return nil, err
	}
	return r.Object(), nil
}

// downloading is a Download under way.
type downloading struct {
	w            io.WriterAt
	start, total int64
	progress     func(Progress)
	done         atomic.Int64
}

// arrived tells of n bytes more.
func (d *downloading) arrived(n int64) {
	if done := d.done.Add(n); d.progress != nil {
		d.progress(Progress{Done: done, Total: d.total})
	}
}

func (d *downloading) sequential(r *Reader) error {
	_, err := copyBuffered(&offsetWriter{d: d}, r)
	if err == nil && d.total == 0 && d.progress != nil {
		d.progress(Progress{})
	}
	return err
}

// parallel reads ranges at once, each with its sum, which are combined at the end.
func (d *downloading) parallel(ctx context.Context, r *Reader, workers int) error {
	size := r.first.e.opts.PartSize
	count := int(ceil(d.total, size))
	parts := make([]*Part, count)
	// The first request goes on as the first range.
	first := r.first.section(ctx, d.start, min(size, d.total))
	first.takeOver(&r.first)
	defer first.close()
	err := parallel(ctx, workers, count, func(ctx context.Context, i int) error {
		at := int64(i) * size
		n := min(size, d.total-at)
		s := first
		if i > 0 {
			s = r.first.section(ctx, d.start+at, n)
			defer s.close()
		} else {
			first.ctx = ctx // it is not taken up again when another range failed
			dropped := make(chan struct{})
			stop := context.AfterFunc(ctx, func() { first.drop(nil); close(dropped) })
			defer func() {
				if !stop() {
					<-dropped // its request ends before the call does
				}
			}()
		}
		sums := r.sums.fresh()
		target := &offsetWriter{d: d, at: at, sums: sums}
		if _, err := copyBuffered(target, readerFunc(s.read)); err != nil {
			return err
		}
		parts[i] = &Part{Size: n, Checksums: sums.got()}
		return nil
	})
	if err != nil || r.sums == nil {
		return err
	}
	return r.sums.compare(CombineChecksums(parts))
}

// offsetWriter writes on from an offset of the download's target.
type offsetWriter struct {
	d    *downloading
	at   int64
	sums *verifier
}

func (w *offsetWriter) Write(p []byte) (int, error) {
	n, err := w.d.w.WriteAt(p, w.at)
	w.sums.Write(p[:n])
	w.at += int64(n)
	if err != nil {
		return n, &Error{Err: fmt.Errorf("target: %w", err)}
	}
	w.d.arrived(int64(n))
	return n, nil
}
