package storage

import (
	"cmp"
	"context"
	"io"
	"slices"
	"sync"
)

// ReaderAt reads one version of an object at any offset: the version that was current when the
// ReaderAt was made. If that version is replaced or deleted, reads fail with ErrChanged. They never
// mix two versions.
//
// ReadAt and ReadRanges may be called concurrently, with each other and with Read and Seek. Read
// and Seek belong to one goroutine. A ReaderAt must be closed.
type ReaderAt struct {
	ready func(context.Context) error // of the Bucket
	ctx   context.Context             // the ReaderAt's life, as NewReaderAt says
	end   context.CancelFunc
	key   string // as the caller knows it
	trace *tracedCall
	base  fetch // what ranges are cut from; it is never read itself

	life   sync.Mutex // guards closed, and calls from growing after it
	closed bool
	calls  sync.WaitGroup

	mu  sync.Mutex // of Read and Seek
	at  int64
	seq *fetch // stands at at, or nil
}

// NewReaderAt pins the current version of the object under key with one Stat and returns a ReaderAt
// of it. ctx applies to the ReaderAt until it is closed. Errors are those of Get. An object without
// an ETag is ErrUnsupported.
func (b *Bucket) NewReaderAt(
	ctx context.Context, key string, opts *ReaderAtOptions,
) (*ReaderAt, error) {
	ctx, op := b.start(ctx, "NewReaderAt", key)
	r, err := b.newReaderAt(ctx, key, opts)
	if err != nil {
		return nil, op.end(err)
	}
	r.key, r.trace = key, op.trace
	return r, nil
}

func (b *Bucket) newReaderAt(
	ctx context.Context, key string, opts *ReaderAtOptions,
) (*ReaderAt, error) {
	var o ReaderAtOptions
	if opts != nil {
		o = *opts
	}
	same := &StatOptions{o.IfMatch, o.IfNoneMatch, o.IfModifiedSince, o.VersionID}
	obj, err := b.stat(ctx, key, same)
	if err != nil {
		return nil, err
	}
	if obj.ETag == ETagNone {
		return nil, errNoETag()
	}
	if obj.Size < 0 {
		return nil, errEndless()
	}
	r := &ReaderAt{ready: b.ready}
	r.ctx, r.end = context.WithCancel(ctx)
	r.base.e, r.base.key, r.base.versionID, r.base.obj = b.e, obj.Key, o.VersionID, obj
	b.own(obj)
	return r, nil
}

// Object describes the pinned object. It must not be changed before the ReaderAt is closed.
func (r *ReaderAt) Object() *Object { return r.base.obj }

// Size returns the object's size in bytes.
func (r *ReaderAt) Size() int64 { return r.base.obj.Size }

// ReadAt implements io.ReaderAt. It makes one request.
func (r *ReaderAt) ReadAt(p []byte, off int64) (int, error) {
	return r.ReadAtContext(r.ctx, p, off)
}

// ReadAtContext is ReadAt with a context that applies to this call only.
func (r *ReaderAt) ReadAtContext(ctx context.Context, p []byte, off int64) (int, error) {
	if err := r.begin(); err != nil {
		return 0, r.wrap(err)
	}
	defer r.calls.Done()
	if ctx != r.ctx {
		if err := ctx.Err(); err != nil {
			return 0, r.wrap(&Error{Err: err})
		}
		both, stop := context.WithCancel(ctx)
		defer stop()
		defer context.AfterFunc(r.ctx, stop)()
		ctx = both
	}
	n, err := r.readAt(ctx, p, off)
	return n, r.wrap(err)
}

// begin counts a call, which Close waits for.
func (r *ReaderAt) begin() error {
	r.life.Lock()
	defer r.life.Unlock()
	if r.closed {
		return &Error{Kind: ErrClosed}
	}
	if err := r.ready(r.ctx); err != nil {
		return err
	}
	r.calls.Add(1)
	return nil
}

func (r *ReaderAt) wrap(err error) error {
	if err == nil || err == io.EOF {
		return err
	}
	r.life.Lock()
	defer r.life.Unlock()
	if r.closed {
		err = &Error{Kind: ErrClosed}
	}
	return wrap("Read", r.key, err)
}

func (r *ReaderAt) readAt(ctx context.Context, p []byte, off int64) (int, error) {
	if off < 0 {
		return 0, invalid("negative offset %d", off)
	}
	want := min(int64(len(p)), r.Size()-off)
	if want <= 0 {
		if len(p) == 0 {
			return 0, nil
		}
		return 0, io.EOF
	}
	s := r.base.section(ctx, off, want)
	defer s.close()
	n, err := io.ReadFull(readerFunc(s.read), p[:want])
	if err == nil && int64(len(p)) > want {
		err = io.EOF
	}
	return n, err
}

// Range is a range of an object, in bytes.
type Range struct{ Offset, Length int64 }

// mergeGap is the largest gap between two ranges, in bytes, that is read instead of splitting the
// request.
const mergeGap = 128 << 10

// ReadRanges reads ranges in any order, which may overlap. Ranges that are close together share a
// request, and requests run in parallel. The result has the bytes of each range in the order given.
// A range that ends after the end of the object yields the bytes that exist. An empty range yields
// none.
func (r *ReaderAt) ReadRanges(ranges []Range) ([][]byte, error) {
	if err := r.begin(); err != nil {
		return nil, r.wrap(err)
	}
	defer r.calls.Done()
	data, err := r.readRanges(ranges)
	return data, r.wrap(err)
}

func (r *ReaderAt) readRanges(ranges []Range) ([][]byte, error) {
	out := make([][]byte, len(ranges))
	order := make([]int, 0, len(ranges))
	for i, x := range ranges {
		if x.Offset < 0 || x.Length < 0 {
			return nil, invalid("range %d has a negative offset or length", i)
		}
		out[i] = []byte{}
		if x.Length > 0 && x.Offset < r.Size() {
			order = append(order, i)
		}
	}
	slices.SortFunc(order, func(i, j int) int {
		return cmp.Compare(ranges[i].Offset, ranges[j].Offset)
	})
	end := func(i int) int64 {
		return ranges[i].Offset + min(ranges[i].Length, r.Size()-ranges[i].Offset)
	}

	type run struct {
		at, end int64
		of      []int
	}
	var runs []run
	for _, i := range order {
		at, end := ranges[i].Offset, end(i)
		if n := len(runs); n > 0 {
			last := &runs[n-1]
			small := end-last.at <= r.base.e.opts.PartSize
			if at <= last.end || at <= last.end+mergeGap && small {
				last.end = max(last.end, end)
				last.of = append(last.of, i)
				continue
			}
		}
		runs = append(runs, run{at, end, []int{i}})
	}
	workers := r.base.e.opts.Concurrency
	err := parallel(r.ctx, workers, len(runs), func(ctx context.Context, k int) error {
		run := runs[k]
		buf := make([]byte, run.end-run.at)
		if _, err := r.readAt(ctx, buf, run.at); err != nil {
			return err
		}
		for _, i := range run.of {
			from, to := ranges[i].Offset-run.at, end(i)-run.at
			out[i] = buf[from:to:to]
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// Read reads on from where the last Read or Seek ended. Consecutive Reads share one request.
func (r *ReaderAt) Read(p []byte) (int, error) {
	if err := r.begin(); err != nil {
		return 0, r.wrap(err)
	}
	defer r.calls.Done()
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case len(p) == 0:
		return 0, nil
	case r.at >= r.Size():
		return 0, io.EOF
	}
	if r.seq == nil {
		r.seq = r.base.section(r.ctx, r.at, r.Size()-r.at)
	}
	n, err := r.seq.read(p)
	r.at += int64(n)
	if err != nil {
		r.drop()
	}
	return n, r.wrap(err)
}

// Seek sets where the next Read begins. It makes no request.
func (r *ReaderAt) Seek(offset int64, whence int) (int64, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch whence {
	case io.SeekStart:
	case io.SeekCurrent:
		offset += r.at
	case io.SeekEnd:
		offset += r.Size()
	default:
		return 0, r.wrap(invalid("invalid whence %d", whence))
	}
	if offset < 0 {
		return 0, r.wrap(invalid("negative offset %d", offset))
	}
	if offset != r.at {
		r.drop()
		r.at = offset
	}
	return offset, nil
}

func (r *ReaderAt) drop() {
	if r.seq != nil {
		r.seq.close()
		r.seq = nil
	}
}

// WriteTo writes the rest of the object to w.
func (r *ReaderAt) WriteTo(w io.Writer) (int64, error) { return copyBuffered(w, r) }

// Close ends the ReaderAt and all of its calls in progress. Further calls of Close return nil.
func (r *ReaderAt) Close() error {
	r.life.Lock()
	was := r.closed
	r.closed = true
	r.life.Unlock()
	if was {
		return nil
	}
	r.end()
	r.calls.Wait()
	r.mu.Lock()
	defer r.mu.Unlock()
	r.drop()
	r.trace.end(nil)
	return nil
}

var _ interface {
	io.ReaderAt
	io.ReadSeekCloser
	io.WriterTo
} = (*ReaderAt)(nil)
