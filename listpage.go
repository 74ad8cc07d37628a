package storage

import (
	"context"
	"errors"
	"unsafe"
)

// listPage returns a page of a list under the names of b.
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
		if err := possibleKey(s); err != nil {
			return nil, err
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
	err := errors.New("the service lists without an end")
	return &Error{Kind: ErrUnavailable, Err: err}
}

// size returns about how much memory the page takes, in bytes.
func (p *Page) size() int64 {
	n := int64(len(p.NextToken))
	for _, o := range p.Objects {
		n += int64(unsafe.Sizeof(*o)) + 8
		n += int64(len(o.Key) + len(o.ETag) + len(o.VersionID) + len(o.ContentType))
		for name, value := range o.Metadata {
			n += int64(len(name) + len(value))
		}
	}
	return n
}
