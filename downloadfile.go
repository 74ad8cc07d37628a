package storage

import (
	"cmp"
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// DownloadFile writes the object under key, or the range of it that opts asks for, to the file at
// path: to a temporary file beside it, which takes its place when every byte has arrived and is on
// disk. When DownloadFile returns nil, its name is on disk, too, where the system can be asked for
// that. After an error the old file is untouched, unless it was this last step that failed. The
// file keeps the permissions of the one that it replaces; a new one has 0666 less the umask. A link
// stays, and the file that it leads to is replaced.
//
// What is there and is no regular file, such as a device or a named pipe, is never replaced: the
// bytes are written into it in order, and what it got before an error stays there.
func (b *Bucket) DownloadFile(
	ctx context.Context, key, path string, opts *GetOptions,
) (*Object, error) {
	ctx, op := b.start(ctx, "DownloadFile", key)
	defer op.left()
	state, opts := getState(opts)
	o, err := b.downloadFile(ctx, key, path, state, opts)
	return b.own(o), op.end(err)
}

func (b *Bucket) downloadFile(
	ctx context.Context, key, path, state string, opts *GetOptions,
) (*Object, error) {
	if err := b.ready(ctx); err != nil {
		return nil, err
	}
	old, err := os.Stat(path)
	switch {
	case err != nil:
		old = nil
	case old.IsDir():
		return nil, invalid("%s is a directory", path)
	case !old.Mode().IsRegular() && state != "":
		return nil, invalid("%s can be written once only, which StateFile cannot go on with", path)
	case !old.Mode().IsRegular():
		pipe := old.Mode()&fs.ModeNamedPipe != 0
		return b.downloadStream(ctx, key, &streamFile{path: path, pipe: pipe}, opts)
	default: // /dev/stdout may be a link to one
		if path, err = filepath.EvalSymlinks(path); err != nil {
			return nil, &Error{Err: err}
		}
	}
	if state != "" {
		return b.downloadResumably(ctx, key, path, state, old, opts)
	}
	f, err := createBeside(path, old)
	if err != nil {
		return nil, err
	}
	defer os.Remove(f.Name()) // there is no such file any more when it has taken its place
	defer f.Close()
	o, err := b.download(ctx, key, f, opts)
	if err != nil {
		return nil, err
	}
	if err := f.replace(path, old, b.e.syncDir); err != nil {
		return nil, err
	}
	return o, nil
}

// downloadStream writes the object into w. Whoever is to read it may never come.
func (b *Bucket) downloadStream(
	ctx context.Context, key string, w *streamFile, opts *GetOptions,
) (_ *Object, err error) {
	ctx, end := b.e.within(ctx)
	defer end(&err)
	w.ctx = ctx
	var o GetOptions
	if opts != nil {
		o = *opts
	}
	if o.Concurrency < 0 {
		return nil, invalid("negative Concurrency")
	}
	o.Concurrency = 1 // in order
	object, err := b.download(ctx, key, w, &o)
	if err == nil {
		err = w.open() // an empty object is an end, too
	}
	if e := w.close(); err == nil {
		err = e
	}
	switch {
	case err == nil:
		return object, nil
	case ctx.Err() != nil:
		return nil, &Error{Err: ctx.Err()}
	}
	e := asError(err)
	e.InDoubt = false // the file's error, too
	return nil, e
}

// streamFile is a device or a pipe that is written to in order. It is opened by the first write:
// where there is no object, nobody at the other end gets to know.
type streamFile struct {
	ctx  context.Context // of the one call that it is for
	path string
	pipe bool
	f    *os.File
	stop func() bool
	at   int64
}

// The pause between two looks whether somebody reads a pipe.
const (
	minPipePause = time.Millisecond
	maxPipePause = 50 * time.Millisecond
)

// open opens the file. A pipe that nobody reads is waited for until ctx ends; a plain open could
// not be given up.
func (w *streamFile) open() error {
	if w.f != nil {
		return nil
	}
	for pause := minPipePause; ; pause = min(2*pause, maxPipePause) {
		f, err := os.OpenFile(w.path, os.O_WRONLY|openNonblock, 0)
		if err == nil {
			w.f = f
			// A write that waits ends with the context.
			w.stop = context.AfterFunc(w.ctx, func() { f.Close() })
			return nil
		}
		if !w.pipe || !isUnread(err) {
			return err
		}
		t := time.NewTimer(pause)
		select {
		case <-t.C:
		case <-w.ctx.Done():
			t.Stop()
			return w.ctx.Err()
		}
	}
}

// WriteAt writes on.
func (w *streamFile) WriteAt(p []byte, off int64) (int, error) {
	if off != w.at {
		return 0, errors.New("not written in order")
	}
	if err := w.open(); err != nil {
		return 0, err
	}
	n, err := w.f.Write(p)
	w.at += int64(n)
	return n, err
}

func (w *streamFile) close() error {
	if w.f == nil {
		return nil
	}
	w.stop()
	return cmp.Or(w.ctx.Err(), w.f.Close())
}
