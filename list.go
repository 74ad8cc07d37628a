package storage

import (
	"context"
	"errors"
	"iter"
	"strings"
)

// List lists objects, and with a Delimiter common prefixes among them, in the byte order of their keys. Nothing is asked
// before the sequence is ranged over, and ranging again lists again. Memory does not grow with the bucket. An error comes
// once, last, with a nil Object.
//
// A list shows every key once that exists throughout, and what was written before it began.
func (b *Bucket) List(ctx context.Context, opts *ListOptions) iter.Seq2[*Object, error] {
	return func(yield func(*Object, error) bool) {
		var o ListOptions
		if opts != nil {
			o = *opts
		}
		pages := b.pages(ctx, o)
		defer pages.stop()
		for {
			page, err := pages.next()
			if err != nil {
				yield(nil, wrap("List", o.Prefix, err))
				return
			}
			for _, obj := range page.Objects {
				if !yield(obj, nil) {
					return
				}
			}
			if page.NextToken == "" {
				return
			}
		}
	}
}

// ListPage returns one page of a list, for programs that go on later: with the same options and PageToken set to its
// NextToken. A page may be short or empty; only an empty NextToken ends the list.
func (b *Bucket) ListPage(ctx context.Context, opts *ListOptions) (*Page, error) {
	var o ListOptions
	if opts != nil {
		o = *opts
	}
	page, err := b.listPage(ctx, o)
	return page, wrap("ListPage", o.Prefix, err)
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
		o.StartAfter = b.prefix + o.StartAfter
	}
	o.Prefix = b.prefix + o.Prefix
	for _, s := range [...]string{o.Prefix, o.StartAfter} {
		if s != "" {
			if err := validKey(s); err != nil {
				return nil, err
			}
		}
	}
	var page *Page
	err := b.do(ctx, call{op: "ListPage", key: o.Prefix}, func(a *attempt) (err error) {
		page, err = b.store.ListPage(a, &o)
		return err
	})
	if err != nil {
		return nil, err
	}
	if page.NextToken != "" && page.NextToken == o.PageToken {
		return nil, &Error{Kind: ErrUnavailable, Err: errors.New("the list does not advance")}
	}
	for _, obj := range page.Objects {
		if obj.IsPrefix {
			obj.Key = strings.TrimPrefix(obj.Key, b.prefix)
		} else {
			b.caller(obj, obj.Key)
		}
	}
	return page, nil
}

// pages gives the pages of a list, one of them ahead of its reader if Concurrency asks for it.
func (b *Bucket) pages(ctx context.Context, o ListOptions) *pages {
	p := &pages{b: b, o: o, coming: make(chan pageOrError, 1)}
	p.ctx, p.stop = context.WithCancel(ctx)
	if o.Concurrency > 1 {
		stop := p.stop
		p.ask()
		p.stop = func() {
			stop()
			if p.asked {
				<-p.coming
			}
		}
	}
	return p
}

type pages struct {
	b      *Bucket
	ctx    context.Context
	stop   context.CancelFunc
	o      ListOptions
	asked  bool // a page is on its way
	coming chan pageOrError
}

type pageOrError struct {
	page *Page
	err  error
}

func (p *pages) ask() {
	o := p.o
	p.asked = true
	go func() {
		page, err := p.b.listPage(p.ctx, o)
		p.coming <- pageOrError{page, err}
	}()
}

func (p *pages) next() (*Page, error) {
	var page *Page
	var err error
	if p.asked {
		came := <-p.coming
		p.asked = false
		page, err = came.page, came.err
	} else {
		page, err = p.b.listPage(p.ctx, p.o)
	}
	if err != nil {
		return nil, err
	}
	p.o.PageToken = page.NextToken
	if p.o.Concurrency > 1 && page.NextToken != "" {
		p.ask()
	}
	return page, nil
}
