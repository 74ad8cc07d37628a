package storage

import (
	"context"
	"io"
)

// once writes the object by one Put of the Store.
func (w *write) once(ctx context.Context, src io.ReaderAt, off, size int64) (*Object, error) {
	e := w.e
	c := e.claim(w.key, w.opts.IfAbsent, w.opts.IfMatch, false)
	opts := w.opts
	opts.Metadata = c.metadata(opts.Metadata)
	var o *Object
	err := e.do(ctx, call{op: "Put", key: w.key, write: true}, func(a *attempt) (err error) {
		if err = a.pay(e.pace, size); err != nil {
			return err
		}
		body := newBody(a, src, off, size)
		o, err = e.store.Put(a, w.key, body, size, &opts)
		return body.finish(err)
	})
	if err != nil {
		o, err = e.settle(ctx, c, err, isRefusal(err), size)
	} else {
		o = e.written(c, o, size)
	}
	if err == nil && w.progress != nil {
		w.progress(Progress{Done: size, Total: size})
	}
	return o, err
}
