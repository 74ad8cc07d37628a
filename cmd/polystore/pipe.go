package main

import (
	"context"
	"errors"
	"io"
	"os"
)

// openAside opens what is at path. A named pipe opens when its other end does, which may never be:
// the wait for that ends with ctx.
func openAside(ctx context.Context, path string, flag int) (*os.File, error) {
	type opened struct {
		f   *os.File
		err error
	}
	came, gone := make(chan opened), make(chan struct{})
	defer close(gone)
	go func() {
		f, err := os.OpenFile(path, flag, 0)
		select {
		case came <- opened{f, err}:
		case <-gone:
			f.Close()
		}
	}()
	select {
	case o := <-came:
		return o.f, o.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// writeInto writes what r gives into what is at path: a pipe, a terminal, /dev/null. A new file is
// not to take its place.
func writeInto(ctx context.Context, path string, r io.Reader) (n int64, err error) {
	f, err := openAside(ctx, path, os.O_WRONLY)
	if err != nil {
		return 0, err
	}
	stop := context.AfterFunc(ctx, func() { f.Close() }) // ends a write that waits
	n, err = io.Copy(f, r)
	if !stop() {
		return n, ctx.Err()
	}
	return n, errors.Join(err, f.Close())
}
