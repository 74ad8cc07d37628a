package storage

import (
	"context"
	"io"
)

// once writes the object by one Put of the Store.
func (w *write) once(ctx context.Context, src io.ReaderAt, off, size int64) (*Object, error) {
	e := w.e
	c := e.claim(w.key, w.opts.IfAbsent, w.opts.IfMatch, false)
	r := new(struct {
		first attempt
		opts  PutOptions
		truth
	})
	r.opts = w.opts
	r.opts.Metadata = c.metadata(r.opts.Metadata)
	w.lastID = c.id
	t := &r.truth
	*t = truth{e: e, claim: c, size: size, trust: w.trust}
	t.sums = func(ctx context.Context, want Checksums) (Checksums, error) {
		v := newVerifier(want, false, nil)
		err := e.reread(ctx, v, src, off, size)
		return v.got(), err
	}
	var o *Object
	put := call{op: "Put", key: w.key, write: true, truth: t, room: &r.first}
	err := e.do(ctx, put, func(a *attempt) (err error) {
		if err = a.pay(e.pace, size); err != nil {
			return err
		}
		body := e.newBody(a, src, off, size)
		o, err = e.store.Put(a, w.key, body, size, &r.opts)
		return body.finish(err)
	})
	if err != nil {
		return nil, err
	}
	if t.o != nil {
		o = t.o
	} else {
		o = e.written(c, o, size)
	}
	if w.progress != nil {
		w.progress(Progress{Done: size, Total: size})
	}
	return o, nil
}
