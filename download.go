package storage

import (
	"context"
	"fmt"
	"hash"
	"io"
	"sync"
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
	workers, progress, asked := o.Concurrency, forward(o.Progress), o.Concurrency > 1
	setDefault(&workers, e.opts.Concurrency)
	o.Concurrency, o.Progress = 1, nil // ranges are read at once here
	r, err := e.get(ctx, key, o)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	if t, ok := w.(interface {
		begun(o *Object, start, total int64) error
	}); ok {
		if err := t.begun(r.Object(), r.offset, r.total); err != nil {
			return nil, err
		}
	}
	if t, ok := w.(interface{ sumsBy(crc64 func() hash.Hash) }); ok {
		t.sumsBy(r.first.crc64)
	}
	d := &downloading{w: w, start: r.offset, total: r.total, progress: progress}
	if workers == 1 || d.total <= e.span || d.total <= 2*e.span && !asked ||
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

	size  int64 // of a range
	mu    sync.Mutex
	next  int64           // the first byte that nobody fetches
	parts map[int64]*Part // by their offset; a nil verifier has none
}

// arrived tells of n bytes more.
func (d *downloading) arrived(n int64) {
	if done := d.done.Add(n); d.progress != nil {
		d.progress(Progress{Done: done, Total: d.total})
	}
}

func (d *downloading) sequential(r *Reader) error {
	if err := allocate(d.w, d.total); err != nil {
		return err
	}
	_, err := copyBuffered(&offsetWriter{d: d}, r)
	if err == nil && d.total == 0 && d.progress != nil {
		d.progress(Progress{})
	}
	return err
}

// mostSpan is the size of the ranges of an object that has many of them.
const mostSpan = 8 << 20

// claim takes the next range, which begins at the byte at, or anywhere if that is negative. It
// returns its offset and size; 0: there is none.
func (d *downloading) claim(at int64) (int64, int64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	n := min(d.size, d.total-d.next)
	if at >= 0 && at != d.next {
		return 0, 0
	}
	at = d.next
	d.next += n
	return at, n
}

// parallel reads ranges at once, each with its sum, which are combined at the end.
func (d *downloading) parallel(ctx context.Context, r *Reader, workers int) error {
	e := r.first.e
	d.size = e.span
	if !e.chosen {
		d.size = min(max(requestSize(d.total, workers, 0), d.size), mostSpan)
	}
	d.parts = make(map[int64]*Part)
	g := newGroup(ctx, workers, &e.down)
	g.beside(func() error { return allocate(d.w, d.total) }) // which takes long on some systems
	// The first request goes on as the first range, and as those behind it while nobody else has
	// begun with them.
	first := r.first.section(ctx, d.start, d.total)
	first.takeOver(&r.first)
	defer first.close()
	at, n := d.claim(0)
	g.start(n, func(ctx context.Context) error {
		first.ctx = ctx // it is not taken up again when another range failed
		dropped := make(chan struct{})
		stop := context.AfterFunc(ctx, func() { first.drop(nil); close(dropped) })
		defer func() {
			if !stop() {
				<-dropped // its request ends before the call does
			}
		}()
		for at, n := at, n; n > 0; at, n = d.claim(at + n) {
			if err := d.fetch(first, r.sums, at, n); err != nil {
				return err
			}
		}
		first.drop(nil)
		return nil
	})
	for range ceil(d.total, d.size) {
		if !g.start(d.size, func(ctx context.Context) error {
			at, n := d.claim(-1)
			if n == 0 {
				return nil
			}
			s := r.first.section(ctx, d.start+at, n)
			defer s.close()
			return d.fetch(s, r.sums, at, n)
		}) || d.claimed() {
			break
		}
	}
	err := raised(g.wait())
	if err != nil || r.sums == nil {
		return err
	}
	return r.first.settle(r.sums, CombineChecksums(d.inOrder()))
}

// claimed reports whether every byte is fetched or being fetched.
func (d *downloading) claimed() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.next == d.total
}

// fetch reads the next n bytes of s, to the offset at.
func (d *downloading) fetch(s *fetch, sums *verifier, at, n int64) error {
	fresh := sums.fresh()
	target := &offsetWriter{d: d, at: at, sums: fresh}
	source := io.LimitReader(readerFunc(s.read), n)
	watch := s.watchRange(n)
	err := error(sourcePanic{}) // unless it comes back
	defer func() { watch.done(err) }()
	got, err := copyBuffered(target, source)
	if err == nil && got < n {
		err = &Error{Kind: ErrUnavailable, Err: io.ErrUnexpectedEOF}
	}
	if err != nil {
		return err
	}
	d.mu.Lock()
	d.parts[at] = &Part{Size: n, Checksums: fresh.got()}
	d.mu.Unlock()
	return nil
}

// inOrder returns the sums of the ranges.
func (d *downloading) inOrder() []*Part {
	var parts []*Part
	for at := int64(0); at < d.total; at += d.size {
		parts = append(parts, d.parts[at])
	}
	return parts
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
