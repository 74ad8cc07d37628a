package storage

import (
	"context"
	"io"
	"sync"
)

// ReaderAt reads one version of an object at any offset: the version that was current when the
// ReaderAt was made. If that version is replaced or deleted, a read that needs a request fails with
// ErrChanged. Reads never mix two versions.
//
// ReadAt reads through a cache of blocks, which ReaderAtOptions sizes. Reads of a cached block make
// no request, and reads that need the same block at the same time share one. Read does not use the
// cache.
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

	cache *blockReads // nil: every ReadAt is a request

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
	if o.BlockSize < 0 {
		return nil, invalid("negative block size %d", o.BlockSize)
	}
	same := &StatOptions{
		IfMatch: o.IfMatch, IfNoneMatch: o.IfNoneMatch, IfModifiedSince: o.IfModifiedSince,
		VersionID: o.VersionID,
	}
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
	r.cache = newBlockReads(r.ctx, &r.base, &o, &r.calls)
	b.own(obj)
	return r, nil
}

// Object describes the pinned object. It must not be changed before the ReaderAt is closed.
func (r *ReaderAt) Object() *Object { return r.base.obj }

// Size returns the object's size in bytes.
func (r *ReaderAt) Size() int64 { return r.base.obj.Size }

// ReadAt implements io.ReaderAt. It makes a request unless the bytes are cached.
func (r *ReaderAt) ReadAt(p []byte, off int64) (int, error) {
	return r.ReadAtContext(r.ctx, p, off)
}

// ReadAtContext is ReadAt with a context that applies to this call only. A request that other calls
// wait for goes on when the context ends.
func (r *ReaderAt) ReadAtContext(ctx context.Context, p []byte, off int64) (int, error) {
	if err := r.begin(); err != nil {
		return 0, r.wrap(err)
	}
	defer r.calls.Done()
	if ctx != r.ctx {
		if err := ctx.Err(); err != nil {
			return 0, r.wrap(&Error{Err: err})
		}
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
	p, short := p[:want], int64(len(p)) > want
	n, ok, err := 0, false, error(nil)
	if r.cache != nil {
		n, ok, err = r.cache.read(ctx, p, off)
	}
	if !ok {
		n, err = r.direct(ctx, p, off)
	}
	if err == nil && short {
		err = io.EOF
	}
	return n, err
}

// direct fills p from off without the cache.
func (r *ReaderAt) direct(ctx context.Context, p []byte, off int64) (n int, err error) {
	if ctx != r.ctx {
		both, end := join(ctx, r.ctx, func() *Error { return &Error{Err: r.ctx.Err()} })
		defer end(&err)
		ctx = both
	}
	s := r.base.section(ctx, off, int64(len(p)))
	defer s.close()
	return io.ReadFull(readerFunc(s.read), p)
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

// Close ends the ReaderAt and all of its calls and requests in progress, and frees its cache.
// Further calls of Close return nil.
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
	if r.cache != nil {
		r.cache.close()
	}
	r.trace.end(nil)
	return nil
}

var _ interface {
	io.ReaderAt
	io.ReadSeekCloser
	io.WriterTo
} = (*ReaderAt)(nil)
