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
	w.lastID = c.id
	t := &truth{e: e, claim: c, size: size, trust: w.trust, sums: func(want Checksums) Checksums {
		v := newVerifier(want, false)
		if _, err := io.Copy(v, io.NewSectionReader(src, off, size)); err != nil {
			return Checksums{}
		}
		return v.got()
	}}
	var o *Object
	put := call{op: "Put", key: w.key, write: true, truth: t}
	err := e.do(ctx, put, func(a *attempt) (err error) {
		if err = a.pay(e.pace, size); err != nil {
			return err
		}
		body := newBody(a, src, off, size)
		o, err = e.store.Put(a, w.key, body, size, &opts)
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
