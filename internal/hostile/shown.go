package hostile

import (
	"bytes"
	"context"
	"io"
	"reflect"

	"github.com/polystore/storage"
)

// shown calls what returns a value that keeps something of a request or of its answer, and has see
// look at it: while it is in use, and behind its end. Whatever fails shows nothing.
func shown(ctx context.Context, b *storage.Bucket, see func(v any)) {
	see(b)
	if o, err := b.Stat(ctx, key, nil); err == nil {
		see(o)
	}
	if r, err := b.Get(ctx, key, nil); err == nil {
		io.CopyN(io.Discard, r, 3)
		see(r)
		see(r.Object())
		r.Close()
		see(r)
	}
	if r, err := b.NewReaderAt(ctx, key, nil); err == nil {
		r.ReadAtContext(ctx, make([]byte, 3), 0)
		r.Close()
		see(r) // not before, since it may read ahead
	}
	if p, err := b.ListPage(ctx, nil); err == nil {
		see(p)
	}
	w := b.NewWriter(ctx, key, nil)
	w.Write(large)
	if o, err := w.Commit(); err == nil {
		see(o)
	}
	w.Close()
	see(w) // not before, since its parts are under way
	if u, err := b.SignURL(ctx, key, &storage.SignOptions{}); err == nil {
		see(u)
	}
	see(b.Capabilities())
	parts(ctx, storage.Full(b.Store()), see)
}

// parts does so with what only a Store returns.
func parts(ctx context.Context, s storage.FullStore, see func(v any)) {
	see(s)
	if r, err := s.Get(ctx, key, &storage.GetOptions{}); err == nil {
		see(r)
		r.Body.Close()
	}
	if r, err := s.Copy(ctx, "copy", key, &storage.CopyOptions{}); err == nil {
		see(r)
	}
	opts := &storage.PutOptions{}
	see(s.PartLimits(opts))
	id, err := s.CreateUpload(ctx, key, opts)
	if err != nil {
		return
	}
	defer s.AbortUpload(ctx, key, id)
	p, err := s.PutPart(ctx, key, id, 1, bytes.NewReader(small), int64(len(small)),
		&storage.PartOptions{Last: true})
	if err == nil {
		see(p)
	}
	if page, err := s.ListPartsPage(ctx, key, id, &storage.ListPartsOptions{}); err == nil {
		see(page)
	}
	if page, err := s.ListUploadsPage(ctx, &storage.ListOptions{}); err == nil {
		see(page)
		for _, u := range page.Uploads {
			see(u)
		}
	}
}

// panics is a source that panics with a text of its own.
type panics struct{}

func (panics) Read([]byte) (int, error) { panic("the caller's own") }

// panicked is what a Put of a source that panics panics with.
func panicked(ctx context.Context, b *storage.Bucket) (v any, err error) {
	defer func() { v = recover() }()
	_, err = b.Put(ctx, key, io.MultiReader(bytes.NewReader(large), panics{}), nil)
	return nil, err
}

// unshown are the types of package storage that shown does not show, and why.
var unshown = map[string]string{
	"Algorithm":    "is a constant",
	"Call":         "a Tracer is given: the witness looks at each",
	"Request":      "a Tracer is given: the witness looks at each",
	"Error":        "is what calls return: the witness looks at each",
	"DeleteError":  "is what calls return: the witness looks at each",
	"Checksums":    "is in an Object",
	"RetryOptions": "is in Options, which a program fills",
	"Options":      "is what a program fills",
	"Mux":          "is what a program fills",
	"Params":       "belongs to who opens: TestPrinted of the providers",
	"StoreOpener":  "belongs to who opens",
	"Progress":     "has two numbers",
	"Range":        "has two numbers, of the caller",
	"Unsupported":  "is empty",
	"SignedURL":    "is shown where a provider signs; memory does not",
}

// typeName is the name of the struct that v is or points to.
func typeName(v any) string {
	t := reflect.TypeOf(v)
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return t.Name()
}
