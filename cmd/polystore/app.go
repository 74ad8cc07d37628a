package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"sync/atomic"

	"github.com/polystore/storage"
)

// app is what a command works with.
type app struct {
	ctx            context.Context // of the process: it ends with the first signal
	stdin          io.Reader
	stdout, stderr io.Writer

	bandwidth rate // of each bucket

	kept atomic.Bool // a transfer that failed has kept its state

	// buckets are by URL. A bucket has one connection pool, and copies within it stay within it.
	buckets map[string]*storage.Bucket
}

// open opens the bucket of a URL. It is closed at the end of the command.
func (a *app) open(url string) (*storage.Bucket, error) {
	if b := a.buckets[url]; b != nil {
		return b, nil
	}
	b, err := storage.OpenWith(a.ctx, url, &storage.Options{Bandwidth: int64(a.bandwidth)})
	if err != nil {
		return nil, err
	}
	if a.buckets == nil {
		a.buckets = make(map[string]*storage.Bucket)
	}
	a.buckets[url] = b
	return b, nil
}

// object opens the bucket of one object.
func (a *app) object(l location) (b *storage.Bucket, key string, err error) {
	switch {
	case l.stdio:
		return nil, "", usage("- is not an object here")
	case l.key == "":
		return nil, "", usage("a key is missing: %s names a bucket", l)
	}
	b, err = a.open(l.bucket)
	return b, l.key, err
}

// tree opens the bucket of all objects whose keys begin with prefix.
func (a *app) tree(l location) (b *storage.Bucket, prefix string, err error) {
	if l.stdio {
		return nil, "", usage("- is not a place to list")
	}
	url, prefix := l.tree()
	b, err = a.open(url)
	return b, prefix, err
}

func (a *app) close() error {
	var errs []error
	for _, b := range a.buckets {
		errs = append(errs, b.Close())
	}
	return errors.Join(errs...)
}

// json prints v as one line.
func (a *app) json(v any) error {
	e := json.NewEncoder(a.stdout)
	e.SetEscapeHTML(false)
	return e.Encode(v)
}

// warn prints err as one line.
func (a *app) warn(err error) { fmt.Fprintf(a.stderr, "polystore: %s\n", oneLine(err)) }

// fail prints the error that ended the command, if any, and returns the exit code.
func (a *app) fail(err error) int {
	if err != nil && !errors.Is(err, errReported) {
		a.warn(err)
	}
	if err != nil && a.kept.Load() {
		fmt.Fprintln(a.stderr, "polystore: the same command will go on from here")
	}
	return exitCode(err)
}
