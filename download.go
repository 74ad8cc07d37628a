package storage

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync/atomic"
)

// UploadFile writes the object under key from the file at path, as Put does: large files in parallel sections.
func (b *Bucket) UploadFile(ctx context.Context, key, path string, opts *PutOptions) (*Object, error) {
	o, err := b.uploadFile(ctx, key, path, opts)
	return o, wrap("UploadFile", key, err)
}

func (b *Bucket) uploadFile(ctx context.Context, key, path string, opts *PutOptions) (*Object, error) {
	if err := b.ready(ctx); err != nil {
		return nil, err
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, &Error{Err: err}
	}
	defer f.Close()
	if st, err := f.Stat(); err != nil {
		return nil, &Error{Err: err}
	} else if st.IsDir() {
		return nil, invalid("%s is a directory", path)
	}
	return b.put(ctx, key, f, opts)
}

// Download writes the object under key, or the range of it that opts asks for, to w, the range's first byte at offset 0, several ranges at
// once. All bytes are of one version; sums are checked as in Get. What w holds after an error is undefined.
func (b *Bucket) Download(ctx context.Context, key string, w io.WriterAt, opts *GetOptions) (*Object, error) {
	o, err := b.download(ctx, key, w, opts)
	return o, wrap("Download", key, err)
}

// DownloadFile writes the object under key, or the range of it that opts asks for, to the file at path: to a temporary file
// beside it, which takes its place when every byte has arrived and is on disk. After an error the old file is untouched.
func (b *Bucket) DownloadFile(ctx context.Context, key, path string, opts *GetOptions) (*Object, error) {
	o, err := b.downloadFile(ctx, key, path, opts)
	return o, wrap("DownloadFile", key, err)
}

func (b *Bucket) downloadFile(ctx context.Context, key, path string, opts *GetOptions) (*Object, error) {
	if err := b.ready(ctx); err != nil {
		return nil, err
	}
	if st, err := os.Stat(path); err == nil && st.IsDir() {
		return nil, invalid("%s is a directory", path)
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".storage-*.part") // path's name may be as long as names can be
	if err != nil {
		return nil, &Error{Err: err}
	}
	defer os.Remove(f.Name()) // there is no such file any more when it has taken its place
	defer f.Close()
	o, err := b.download(ctx, key, f, opts)
	if err != nil {
		return nil, err
	}
	mode := os.FileMode(0o644)
	if st, err := os.Stat(path); err == nil {
		mode = st.Mode().Perm()
	}
	if err := errors.Join(f.Chmod(mode), f.Sync(), f.Close()); err != nil {
		return nil, &Error{Err: err}
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return nil, &Error{Err: err}
	}
	return o, nil
}

func (b *Bucket) download(ctx context.Context, key string, w io.WriterAt, opts *GetOptions) (*Object, error) {
	if w == nil {
		return nil, invalid("nil writer")
	}
	var o GetOptions
	if opts != nil {
		o = *opts
	}
	workers := o.Concurrency
	setDefault(&workers, b.opts.Concurrency)
	o.Concurrency = min(o.Concurrency, 0) // ranges are read at once here; a negative one is refused there
	r, err := b.get(ctx, key, &o)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	d := &downloading{w: w, start: r.at, total: r.end - r.at, progress: forward(o.Progress)}
	if workers == 1 || d.total <= b.opts.PartSize || r.obj.ETag == ETagNone || r.sums.needsOrder() {
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
	_, err := copyBuffered(&offsetWriter{d: d}, onlyReader{r})
	if err == nil && d.total == 0 && d.progress != nil {
		d.progress(Progress{})
	}
	return err
}

// parallel reads ranges at once, each with its sum, which are combined at the end.
func (d *downloading) parallel(ctx context.Context, r *Reader, workers int) error {
	size := r.b.opts.PartSize
	count := int(ceil(d.total, size))
	parts := make([]*Part, count)
	// The first request goes on as the first range.
	first := r.section(ctx, r.at, min(size, d.total))
	r.life.Lock()
	first.body, first.attempt, r.body, r.attempt = r.body, r.attempt, nil, nil
	r.life.Unlock()
	defer first.Close()
	err := parallel(ctx, workers, count, func(ctx context.Context, i int) error {
		at := int64(i) * size
		n := min(size, d.total-at)
		s := first
		if i > 0 {
			s = r.section(ctx, d.start+at, n)
			defer s.Close()
		} else {
			first.ctx = ctx // it is not taken up again when another range failed
			defer context.AfterFunc(ctx, first.drop)()
		}
		sums := r.sums.fresh()
		if _, err := copyBuffered(&offsetWriter{d: d, at: at, sums: sums}, readerFunc(s.read)); err != nil {
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
