package storage

import (
	"context"
	"iter"
	"slices"
)

// List lists objects in the byte order of their keys. With a Delimiter it includes common prefixes.
// The first request is made when the sequence is iterated, and each iteration lists again. Memory
// does not grow with the size of the bucket. An error is the last element, with a nil Object.
//
// A list contains every object that exists throughout the iteration exactly once. It contains every
// object that was written before the iteration began. A view leaves out an object whose key is the
// prefix of the view itself.
func (b *Bucket) List(ctx context.Context, opts *ListOptions) iter.Seq2[*Object, error] {
	return func(yield func(*Object, error) bool) {
		var o ListOptions
		if opts != nil {
			o = *opts
		}
		ctx, op := b.start(ctx, "List", o.Prefix)
		defer op.left()
		var err error
		for page, failed := range b.pages(ctx, o) {
			if err = op.wrap(failed); err != nil {
				yield(nil, err)
				break
			}
			if !each(slices.DeleteFunc(page.Objects, isMarker), yield) {
				break
			}
		}
		op.trace.end(err)
	}
}

// each yields objects until it is told to stop.
func each(objects []*Object, yield func(*Object, error) bool) bool {
	for _, o := range objects {
		if !yield(o, nil) {
			return false
		}
	}
	return true
}

// ListPage returns one page of a list, for programs that continue later. To continue, call it with
// the same options and PageToken set to NextToken of the page. A page may be short or empty: only
// an empty NextToken ends the list. Concurrency above 1 is ErrInvalid.
func (b *Bucket) ListPage(ctx context.Context, opts *ListOptions) (*Page, error) {
	var o ListOptions
	if opts != nil {
		o = *opts
	}
	ctx, op := b.start(ctx, "ListPage", o.Prefix)
	if o.Concurrency > 1 {
		return nil, op.end(invalid("Concurrency is for List"))
	}
	page, err := b.listPage(ctx, o)
	if err == nil {
		page.Objects = slices.DeleteFunc(page.Objects, isMarker)
	}
	return page, op.end(err)
}

// isMarker reports whether o, as callers of b know it, is the object under the very prefix of b: a
// console's marker of a directory, say. It has no name in b, so lists leave it out.
func isMarker(o *Object) bool { return o.Key == "" }

// mostPages is how many pages a List asks for at the same time where nothing is said.
const mostPages = 8

// pages yields the pages of a list, some of them asked for ahead of the reader. An error is last.
func (b *Bucket) pages(ctx context.Context, o ListOptions) iter.Seq2[*Page, error] {
	return func(yield func(*Page, error) bool) {
		width, window, chosen := o.Concurrency, o.Concurrency-1, true
		if width == 0 { // what is read no further than the first page costs one request
			width, window, chosen = min(b.e.opts.Concurrency, mostPages), 0, false
		}
		splits := func() bool { return b.e.store.Capabilities().ListSplit }
		l := newSplitList(ctx, o, max(width, 1), max(window, 0), splits, &b.e.memory, b.listPage)
		l.chosen = chosen
		defer l.stop()
		for {
			page, err := l.next()
			if page == nil && err == nil || !yield(page, err) || err != nil {
				return
			}
		}
	}
}
