package storage

import (
	"context"
	"io"
	"sync"
	"sync/atomic"
	"time"
)

// Reader reads one version of an object, or a range of it. When the connection breaks, it resumes
// where it stopped, with the same version. If that version is gone, Read returns ErrChanged.
//
// Read returns io.EOF only when every byte has arrived and the checksum is right. The checksum is
// checked if the whole object is read and the service keeps one. Otherwise Read returns
// ErrUnavailable wrapping io.ErrUnexpectedEOF, or ErrIntegrity.
//
// A Reader belongs to one goroutine, except that Close may be called from another one. It must be
// closed.
type Reader struct {
	key   string // as the caller knows it
	trace *tracedCall
	stop  context.CancelFunc // ends the Reader's life, which is the context of its fetch

	first         fetch         // of the whole range
	window        *window       // nil unless ranges are read at once
	most          int           // requests for ranges at once; 1: there is no window
	began         time.Time     // to look whether the consumer keeps up; zero: no look is due
	waited        time.Duration // for bytes since then
	look          int64         // how much is read before it is decided
	offset, total int64         // the range

	closed   atomic.Bool
	mu       sync.Mutex // held by Read
	done     int64      // bytes read so far
	sums     *verifier  // nil: not a whole read
	progress func(Progress)
	err      error // the Reader's last word
}

// opening is a Reader and the first attempt of its fetch, in one piece of memory. Whoever prints
// the Reader does not read the attempt, which others change meanwhile.
type opening struct {
	Reader
	attempt attempt
}

// newReader returns a Reader whose fetch is still to begin.
func (e *engine) newReader(ctx context.Context, key string, o GetOptions) *opening {
	r := new(opening)
	r.key, r.first = key, fetch{e: e, key: key, versionID: o.VersionID}
	r.first.ctx, r.stop = context.WithCancel(ctx)
	return r
}

// begun sets r up for what its fetch has found.
func (r *Reader) begun(o GetOptions) {
	f := &r.first
	r.offset, r.total, r.progress = f.at, f.end-f.at, forward(o.Progress)
	whole := r.total == f.obj.Size
	if f.open {
		r.total, whole = -1, o.Offset == 0 && o.Length == 0
	}
	if whole && !f.e.off.verify {
		r.sums = newVerifier(f.obj.Checksums, o.VerifyHash, f.crc64)
	}
	r.most = o.Concurrency
	setDefault(&r.most, f.e.opts.Concurrency)
	if r.total <= f.e.span || f.obj.ETag == ETagNone ||
		o.Concurrency < 2 && (r.total <= 2*f.e.span || f.e.down.near()) {
		r.most = 1
	}
	if o.Concurrency > 1 {
		r.hurry()
	}
	r.look = aheadAfter
}

// Object describes the whole object. Its Checksums can become fewer when the last byte is read:
// those that another program carried over from other bytes go. It must not be changed before the
// Reader is closed. Afterwards it belongs to the caller.
func (r *Reader) Object() *Object { return r.first.obj }

// Offset returns where the range of the Reader begins in the object, in bytes.
func (r *Reader) Offset() int64 { return r.offset }

// Len returns the length of the range of the Reader, in bytes. Reading does not change it. It is -1
// if the service does not tell.
func (r *Reader) Len() int64 { return r.total }

// Read implements io.Reader.
func (r *Reader) Read(p []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if err := r.ready(); err != nil {
		return 0, r.wrap(err)
	}
	if len(p) == 0 && (r.done < r.total || r.total < 0) {
		return 0, nil
	}
	n, err := r.some(p)
	return n, r.wrap(r.took(p[:n], err))
}

func (r *Reader) wrap(err error) error {
	if err != nil && err != io.EOF {
		err = wrap("Read", r.key, err)
	}
	return err
}

// ready reports why the Reader cannot go on.
func (r *Reader) ready() error {
	if r.closed.Load() {
		return &Error{Kind: ErrClosed}
	}
	return r.err
}

// took counts the bytes b that came with err, and returns what the consumer gets to know.
func (r *Reader) took(b []byte, err error) error {
	if n := len(b); n > 0 {
		r.done += int64(n)
		if r.sums != nil {
			r.sums.Write(b)
		}
		if r.progress != nil {
			r.progress(Progress{Done: r.done, Total: r.total})
		}
		return nil
	}
	switch {
	case err == io.EOF:
		if r.done == 0 && r.progress != nil {
			r.progress(Progress{})
		}
		if r.sums != nil {
			err = r.first.settle(r.sums, r.sums.got())
		}
		switch {
		case err == nil || r.sums == nil:
			err = io.EOF
		case r.closed.Load(): // under the look
			err = &Error{Kind: ErrClosed}
		}
	case r.closed.Load(): // Close cut it
		err = &Error{Kind: ErrClosed}
	}
	r.err = err
	r.first.drop(err)
	return err
}

func (r *Reader) some(p []byte) (int, error) {
	switch {
	case r.window != nil:
		return r.window.read(p)
	case r.most == 1:
		return r.first.read(p)
	}
	before := time.Now()
	if r.began.IsZero() {
		r.began = before
	}
	n, err := r.first.read(p[:min(len(p), directStep)])
	now := time.Now()
	r.waited += now.Sub(before)
	if r.done+int64(n) >= r.look && err == nil {
		// A consumer that waits for bytes for most of its time takes more of them.
		if r.waited >= now.Sub(r.began)/2 {
			r.window = newWindow(&r.first, r.offset, r.most, false)
		}
		r.began, r.waited, r.look = time.Time{}, 0, r.look+aheadAfter
	}
	return n, err
}

// hurry reads ranges ahead from now on, because everything will be read.
func (r *Reader) hurry() {
	if r.most == 1 {
		return
	}
	if r.window == nil {
		r.window = newWindow(&r.first, r.offset, r.most, true)
	} else {
		r.window.hurry()
	}
}

// WriteTo writes the rest of the range to w, in pieces of up to 1 MiB.
func (r *Reader) WriteTo(w io.Writer) (int64, error) {
	r.mu.Lock()
	if r.ready() == nil {
		r.hurry()
	}
	h := r.window
	r.mu.Unlock()
	if h == nil {
		return copyBuffered(w, r)
	}
	p := copyBuffer()
	defer copyBuffers.Put(p)
	for total := int64(0); ; {
		b, chunk, err := r.lend(*p)
		if err == io.EOF {
			return total, nil
		}
		if err != nil {
			return total, err
		}
		n, err := h.pass(w, b, chunk)
		total += int64(max(n, 0))
		if err == nil && n != len(b) {
			err = io.ErrShortWrite
		}
		if err != nil {
			return total, err
		}
	}
}

// lend is Read without a copy: see the method of the window. The Reader may be closed while the
// caller has the bytes.
func (r *Reader) lend(p []byte) (b, chunk []byte, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if err := r.ready(); err != nil {
		return nil, nil, r.wrap(err)
	}
	b, chunk, err = r.window.lend(p)
	return b, chunk, r.wrap(r.took(b, err))
}

// Close ends the Reader and its request. A Read in progress on another goroutine fails with
// ErrClosed. Further calls of Close return nil.
func (r *Reader) Close() error {
	if r.closed.Swap(true) {
		return nil
	}
	r.stop()
	r.first.close()
	if r.most != 1 || r.trace != nil {
		r.mu.Lock() // a Read under way comes back now
		defer r.mu.Unlock()
		if r.window != nil {
			r.window.close()
		}
		err := r.err
		if err == io.EOF {
			err = nil
		}
		r.trace.end(err)
	}
	return nil
}

// copyBuffered copies r to w, whatever other methods they have.
func copyBuffered(w io.Writer, r io.Reader) (int64, error) {
	p := copyBuffer()
	defer copyBuffers.Put(p)
	return io.CopyBuffer(onlyWriter{w}, onlyReader{r}, *p)
}

// copyBuffer returns a buffer of 128 KiB. It goes back to copyBuffers.
func copyBuffer() *[]byte {
	p, _ := copyBuffers.Get().(*[]byte)
	if p == nil {
		p = new([]byte)
		*p = make([]byte, 128<<10)
	}
	return p
}

var copyBuffers sync.Pool // of *[]byte
