package storage

import (
	"context"
	"errors"
	"iter"
)

// List lists objects in the byte order of their keys. With a Delimiter it includes common prefixes.
// The first request is made when the sequence is iterated, and each iteration lists again. Memory
// does not grow with the size of the bucket. An error is the last element, with a nil Object.
//
// A list contains every object that exists throughout the iteration exactly once. It contains every
// object that was written before the iteration began.
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
			if !each(page.Objects, yield) {
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
	return page, op.end(err)
}

func (b *Bucket) listPage(ctx context.Context, o ListOptions) (*Page, error) {
	if err := b.ready(ctx); err != nil {
		return nil, err
	}
	if o.PageSize < 0 || o.Concurrency < 0 {
		return nil, invalid("negative PageSize or Concurrency")
	}
	o.Concurrency = 0
	if o.StartAfter != "" {
		o.StartAfter = b.StoreKey(o.StartAfter)
	}
	o.Prefix = b.StoreKey(o.Prefix)
	for _, s := range [...]string{o.Prefix, o.StartAfter} {
		if s != "" {
			if err := validKey(s); err != nil {
				return nil, err
			}
		}
	}
	page, err := b.e.listPage(ctx, o)
	if err != nil {
		return nil, err
	}
	for _, obj := range page.Objects {
		b.own(obj)
	}
	return page, nil
}

func (e *engine) listPage(ctx context.Context, o ListOptions) (*Page, error) {
	var page *Page
	err := e.do(ctx, call{op: "ListPage", key: o.Prefix}, func(a *attempt) (err error) {
		page, err = e.store.ListPage(a, &o)
		return err
	})
	if err != nil {
		return nil, err
	}
	if page.NextToken != "" && page.NextToken == o.PageToken {
		return nil, errNoAdvance()
	}
	for _, obj := range page.Objects {
		if !obj.IsPrefix {
			e.admit(obj, obj.Key)
		}
	}
	return page, nil
}

func errNoAdvance() error {
	err := errors.New("the service returned the same page token again")
	return &Error{Kind: ErrUnavailable, Err: err}
}

// pages yields the pages of a list, some of them asked for ahead of the reader. An error is last.
func (b *Bucket) pages(ctx context.Context, o ListOptions) iter.Seq2[*Page, error] {
	inOrder := func(yield func(*Page, error) bool) {
		for {
			page, err := b.listPage(ctx, o)
			if !yield(page, err) || err != nil || page.NextToken == "" {
				return
			}
			o.PageToken = page.NextToken
		}
	}
	if o.Concurrency <= 1 {
		return inOrder
	}
	return func(yield func(*Page, error) bool) {
		var stop context.CancelFunc
		ctx, stop = context.WithCancel(ctx)
		type result struct {
			page *Page
			err  error
		}
		// One page is read, one is under way or waits to be put here.
		coming := make(chan result, o.Concurrency-2)
		go func() {
			defer close(coming)
			for page, err := range inOrder {
				select {
				case coming <- result{page, err}:
				case <-ctx.Done():
					return
				}
			}
		}()
		defer func() {
			stop()
			for range coming { // until the goroutine is gone
			}
		}()
		for r := range coming {
			if !yield(r.page, r.err) || r.err != nil {
				return
			}
		}
	}
}
