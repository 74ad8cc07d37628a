package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"sync"

	"github.com/polystore/storage"
)

// tree transfers everything below src to below dst, jobs objects at once. One that fails does not
// stop the others.
func (t *transfer) tree(src, dst location, jobs int) error {
	step, err := t.step(src, dst)
	if err != nil {
		return err
	}
	var (
		wg     sync.WaitGroup
		slots  = make(chan struct{}, jobs)
		mu     sync.Mutex
		failed int
	)
	fail := func(err error) { // which names the object
		mu.Lock()
		defer mu.Unlock()
		failed++
		t.app.warn(err)
	}
	n := 0
	var broken error // the list's own failure
	for rel, err := range t.below(src) {
		if err == nil {
			err = t.app.ctx.Err()
		}
		if err != nil {
			broken = err
			break
		}
		n++
		slots <- struct{}{}
		wg.Go(func() {
			defer func() { <-slots }()
			if err := step(rel); err != nil && t.app.ctx.Err() == nil {
				fail(err)
			}
		})
	}
	wg.Wait()
	switch {
	case broken != nil:
		return broken
	case t.app.ctx.Err() != nil:
		return context.Cause(t.app.ctx)
	case failed > 0:
		return errReported
	case n == 0:
		return notFound("nothing below %s", src)
	}
	return nil
}

// step returns what transfers the object with a name below src.
func (t *transfer) step(src, dst location) (func(rel string) error, error) {
	fromBucket, fromPrefix := src.below()
	toBucket, toPrefix := dst.below()
	if fromBucket == toBucket && strings.HasPrefix(toPrefix, fromPrefix) || within(src.dir, dst.dir) {
		return nil, usage("%s is below %s: the copies would be copied again", dst, src)
	}
	if dst.path != "" {
		if err := os.MkdirAll(dst.path, 0o777); err != nil {
			return nil, err
		}
	}
	// Opened here, once: what is wrong with a bucket is said once.
	for url, needed := range map[string]bool{fromBucket: src.path == "" || dst.path != "", toBucket: dst.path == ""} {
		if needed {
			if _, err := t.app.open(url); err != nil {
				return nil, err
			}
		}
	}
	from := func(rel string) location { return location{bucket: fromBucket, key: fromPrefix + rel} }
	to := func(rel string) location { return location{bucket: toBucket, key: toPrefix + rel} }
	switch {
	case dst.path != "":
		return func(rel string) error {
			file, err := fileUnder(dst.path, rel)
			if err != nil {
				return err
			}
			if err := os.MkdirAll(filepath.Dir(file), 0o777); err != nil {
				return err
			}
			return t.download(from(rel), file)
		}, nil
	case src.path != "":
		return func(rel string) error { return t.upload(filepath.Join(src.path, filepath.FromSlash(rel)), to(rel)) }, nil
	}
	return func(rel string) error { return t.copy(from(rel), to(rel)) }, nil
}

// within reports whether the directory dir is outer or below it.
func within(outer, dir string) bool {
	if outer == "" || dir == "" {
		return false
	}
	rel, err := filepath.Rel(outer, dir)
	return err == nil && filepath.IsLocal(rel)
}

// below gives the names of what is below src, with slashes between their segments.
func (t *transfer) below(src location) iter.Seq2[string, error] {
	if src.path != "" {
		return t.files(src.path)
	}
	return func(yield func(string, error) bool) {
		url, prefix := src.below()
		b, err := t.app.open(url)
		if err != nil {
			yield("", err)
			return
		}
		for o, err := range b.List(t.app.ctx, &storage.ListOptions{Prefix: prefix, Concurrency: 2}) {
			if err != nil {
				yield("", err)
				return
			}
			if o.Key == prefix {
				continue // the marker that some consoles make for a directory: it has no name below itself
			}
			if !yield(o.Key[len(prefix):], nil) {
				return
			}
		}
	}
}

// locks is a directory that the file driver makes for itself in one that is a bucket.
const locks = "tmp."

// files gives the regular files below dir. What is neither a file nor a directory is named and left
// out: a link may lead anywhere.
func (t *transfer) files(dir string) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		stop := errors.New("stop")
		// The slash follows dir itself if it is a link: the user named it.
		err := filepath.WalkDir(dir+string(filepath.Separator), func(name string, d fs.DirEntry, err error) error {
			switch {
			case err != nil:
				return err
			case d.IsDir():
				if d.Name() == locks && filepath.Dir(name) == filepath.Clean(dir) {
					return filepath.SkipDir
				}
				return nil
			case !d.Type().IsRegular():
				t.app.warn(fmt.Errorf("%s is not a regular file: left out", strconv.Quote(name)))
				return nil
			}
			rel, err := filepath.Rel(dir, name)
			if err != nil {
				return err
			}
			if !yield(path.Clean(filepath.ToSlash(rel)), nil) {
				return stop
			}
			return nil
		})
		if err != nil && err != stop {
			yield("", err)
		}
	}
}
