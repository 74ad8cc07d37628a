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
	"sync"
	"sync/atomic"

	"github.com/polystore/storage"
)

// ahead is how many objects are listed ahead of those that are transferred: so much of a total is
// known early, in bounded memory.
const ahead = 10_000

// tree transfers everything below src to below dst, t.jobs objects at once. One that fails does not
// stop the others.
func (t *transfer) tree(src, dst location) error {
	step, err := t.step(src, dst)
	if err != nil {
		return err
	}
	ctx := t.app.ctx
	var (
		wg     sync.WaitGroup
		found  = make(chan item, ahead)
		n      int
		broken error // the list's own failure
	)
	wg.Go(func() {
		defer close(found)
		defer t.meter.listed()
		n, broken = t.find(src, found)
	})
	var failed atomic.Bool
	slots := make(chan struct{}, t.jobs)
	for it := range found {
		slots <- struct{}{}
		if ctx.Err() != nil {
			break
		}
		wg.Go(func() {
			defer func() { <-slots }()
			err := step(it)
			if cancelled(ctx, err) {
				return
			}
			if it.part.end(err); err != nil {
				failed.Store(true)
				t.app.warn(err) // it names the object
			}
		})
	}
	wg.Wait()
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case broken != nil:
		return broken
	case failed.Load():
		return errReported
	case n == 0:
		return notFound("nothing below %s", src)
	}
	return nil
}

// cancelled reports whether err says no more than that ctx has ended.
func cancelled(ctx context.Context, err error) bool {
	return ctx.Err() != nil && errors.Is(err, ctx.Err()) &&
		!errors.Is(err, storage.ErrUnknownOutcome)
}

// find sends what is below src, and says how many objects that are.
func (t *transfer) find(src location, found chan<- item) (n int, err error) {
	for it, err := range t.below(src) {
		if err != nil {
			return n, err
		}
		it.part = t.meter.add(it.size)
		select {
		case found <- it:
			n++
		case <-t.app.ctx.Done():
			return n, t.app.ctx.Err()
		}
	}
	return n, nil
}

// An item is what a tree has below its top: a file or an object, or a marker of a directory.
type item struct {
	rel  string // its name below the top, with slashes
	size int64  // -1: not known
	file bool
	part *part
}

// step returns what transfers an item below src.
func (t *transfer) step(src, dst location) (func(item) error, error) {
	fromBucket, fromPrefix := src.below()
	toBucket, toPrefix := dst.below()
	if dst.isBelow(src) {
		return nil, usage("%s is below %s: the copies would be copied again", dst, src)
	}
	if dst.path != "" {
		if err := os.MkdirAll(dst.path, 0o777); err != nil {
			return nil, err
		}
	}
	// Opened here, once: what is wrong with a bucket is said once.
	for url, needed := range map[string]bool{
		fromBucket: src.path == "" || dst.path != "", toBucket: dst.path == "",
	} {
		if needed {
			if _, err := t.app.open(url); err != nil {
				return nil, err
			}
		}
	}
	from := func(rel string) location { return location{bucket: fromBucket, key: fromPrefix + rel} }
	to := func(rel string) location { return location{bucket: toBucket, key: toPrefix + rel} }
	if src.path != "" && dst.path == "" {
		return func(it item) error {
			name := filepath.Join(src.path, filepath.FromSlash(it.rel))
			return t.upload(name, to(it.rel), it.part)
		}, nil
	}
	return func(it item) error {
		marker := false
		if !it.file {
			b, err := t.app.open(fromBucket)
			if err == nil {
				o := &storage.Object{Key: fromPrefix + it.rel, Size: it.size}
				marker, err = t.app.isMarker(b, o)
			}
			if err != nil {
				return err
			}
		}
		switch {
		case dst.path != "" && marker:
			return directory(dst.path, it.rel)
		case dst.path != "":
			return t.downloadUnder(dst.path, from(it.rel), it)
		case marker:
			return t.copyMarker(from(it.rel), to(it.rel), it.part)
		}
		return t.copy(from(it.rel), to(it.rel), it.part)
	}, nil
}

// downloadUnder writes the object to where its name leads below dir.
func (t *transfer) downloadUnder(dir string, from location, it item) error {
	file, err := fileUnder(dir, it.rel)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o777); err != nil {
		return err
	}
	return t.download(from, file, it.part)
}

// below gives what is below src.
func (t *transfer) below(src location) iter.Seq2[item, error] {
	if src.path != "" {
		return t.files(src.path)
	}
	return func(yield func(item, error) bool) {
		url, prefix := src.below()
		b, err := t.app.open(url)
		if err != nil {
			yield(item{}, err)
			return
		}
		opts := &storage.ListOptions{Prefix: prefix, Concurrency: 2}
		for o, err := range b.List(t.app.ctx, opts) {
			if err != nil {
				yield(item{}, err)
				return
			}
			if o.Key == prefix && o.Size == 0 {
				continue // the marker of the tree itself, which has no name below itself
			}
			if !yield(item{rel: o.Key[len(prefix):], size: o.Size}, nil) {
				return
			}
		}
	}
}

// locks is a directory that the file driver makes for itself in one that is a bucket.
const locks = "tmp."

// files gives the regular files below dir. What is neither a file nor a directory is named and left
// out: a link may lead anywhere.
func (t *transfer) files(dir string) iter.Seq2[item, error] {
	return func(yield func(item, error) bool) {
		stop := errors.New("stop")
		// The slash follows dir itself if it is a link: the user named it.
		root := dir + string(filepath.Separator)
		err := filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
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
			it := item{rel: path.Clean(filepath.ToSlash(rel)), size: -1, file: true}
			if fi, err := d.Info(); err == nil && t.meter != nil {
				it.size = fi.Size()
			}
			if !yield(it, nil) {
				return stop
			}
			return nil
		})
		if err != nil && err != stop {
			yield(item{}, err)
		}
	}
}
