package storage

import (
	"context"
	"errors"
	"io"
	"maps"
)

// Copy copies the object under src to dst, of any size that the service can hold. It copies inside
// the service if possible, and otherwise through the program in bounded memory. With Replace the
// copy gets the headers, metadata and tags of opts, otherwise the headers and metadata of the
// source.
//
// Errors: ErrNotExist for src, ErrExist and ErrPrecondition for the conditions including
// SourceIfMatch, ErrUnknownOutcome as for Put, ErrChanged if src is replaced during a copy in
// several steps.
func (b *Bucket) Copy(ctx context.Context, dst, src string, opts *CopyOptions) (*Object, error) {
	ctx, op := b.start(ctx, "Copy", dst)
	defer op.left()
	o, err := copyObject(ctx, b, dst, b, src, opts)
	return b.own(o), op.end(err)
}

// CopyObject copies an object between buckets with its headers, metadata and checksum. It copies
// inside the service if both buckets are views of one Bucket or have the same Store, and otherwise
// as a stream through the program in bounded memory. Errors are those of [Bucket.Copy]. The Tracer
// of dst is told of the call.
func CopyObject(
	ctx context.Context, dst *Bucket, dstKey string, src *Bucket, srcKey string, opts *CopyOptions,
) (*Object, error) {
	if dst == nil || src == nil {
		return nil, wrap("CopyObject", dstKey, invalid("nil Bucket"))
	}
	ctx, op := dst.start(ctx, "CopyObject", dstKey)
	defer op.left()
	o, err := copyObject(ctx, dst, dstKey, src, srcKey, opts)
	return dst.own(o), op.end(err)
}

func copyObject(
	ctx context.Context, dst *Bucket, dstKey string, src *Bucket, srcKey string, opts *CopyOptions,
) (*Object, error) {
	c, err := newCopy(ctx, dst, dstKey, src, srcKey, opts)
	if err != nil {
		return nil, err
	}
	if dst.e == src.e || sameStore(dst.e.raw, src.e.raw) {
		return c.serverSide(ctx)
	}
	return c.through(ctx)
}

func sameStore(a, b Store) (same bool) {
	defer func() { _ = recover() }() // types that cannot be compared are not the same
	return a == b
}

// copying is a checked copy that is about to happen.
type copying struct {
	dst, src *engine
	write    *write // the destination, with the options' headers
	srcKey   string
	opts     CopyOptions
}

func newCopy(
	ctx context.Context, dst *Bucket, dstKey string, src *Bucket, srcKey string, opts *CopyOptions,
) (*copying, error) {
	var o CopyOptions
	if opts != nil {
		o = *opts
	}
	if o.Token != "" {
		return nil, invalid("Token must be empty: Bucket sets it")
	}
	if h := o.headers(); !o.Replace && (h.any() || len(o.Tags) > 0) {
		return nil, invalid("headers, metadata and tags require Replace")
	}
	full, err := src.readKey(ctx, srcKey)
	if err != nil {
		return nil, err
	}
	if o.SourceIfMatch, err = condition("SourceIfMatch", o.SourceIfMatch); err != nil {
		return nil, err
	}
	if o.SourceIfMatch == ETagNone {
		return nil, matchesNothing("SourceIfMatch")
	}
	po := &PutOptions{
		Tags: o.Tags, IfAbsent: o.IfAbsent, IfMatch: o.IfMatch,
		PartSize: o.PartSize, Concurrency: o.Concurrency, Progress: o.Progress,
	}
	po.setHeaders(o.headers())
	w, err := dst.newWrite(ctx, dstKey, po)
	if err != nil {
		return nil, err
	}
	o.PartSize, o.Concurrency, o.Progress = 0, 0, nil
	o.IfMatch, o.Metadata, o.Tags = w.opts.IfMatch, w.opts.Metadata, w.opts.Tags
	return &copying{dst: dst.e, src: src.e, write: w, srcKey: full, opts: o}, nil
}

// serverSide tries the ways to copy, the cheapest first.
func (c *copying) serverSide(ctx context.Context) (*Object, error) {
	o, err := c.once(ctx)
	if isKind(err, errors.ErrUnsupported) {
		o, err = c.parts(ctx)
	}
	if isKind(err, errors.ErrUnsupported) {
		o, err = c.through(ctx)
	}
	return o, err
}

// once copies with the Copy of the Store.
//
// A conditional copy has to carry a write ID of its own, so it replaces the source's headers by the
// same headers. That costs a Stat, and the copy is pinned to the version that the Stat saw.
func (c *copying) once(ctx context.Context) (*Object, error) {
	for n := 1; ; n++ {
		opts := c.opts
		claim := c.dst.claim(c.write.key, opts.IfAbsent, opts.IfMatch, false)
		size, pinned := int64(-1), false
		if claim.conditional() && !opts.Replace {
			o, err := c.statSource(ctx)
			if err != nil {
				return nil, err
			}
			size, pinned = o.Size, opts.SourceIfMatch == ""
			opts.SourceIfMatch, opts.Replace = o.ETag, true
			class := opts.StorageClass
			opts.setHeaders(o.headers())
			opts.StorageClass = class
		}
		if claim.conditional() {
			opts.Metadata = claim.metadata(opts.Metadata)
		}
		t := &truth{e: c.dst, claim: claim, size: size}
		o, err := c.rounds(ctx, opts, t)
		if err == nil {
			c.report(o.Size)
			return o, nil
		}
		// The refusal may be the pin's, which is ours alone.
		e := asError(err)
		if pinned && !e.InDoubt && (e.Kind == ErrPrecondition || e.Kind == ErrExist) {
			now, statErr := c.statSource(ctx)
			switch changed := statErr == nil && now.ETag != opts.SourceIfMatch; {
			case changed && n < c.dst.opts.Retry.Attempts:
				continue
			case changed:
				return nil, decided(e, ErrChanged)
			case isKind(statErr, ErrNotExist):
				return nil, statErr
			}
		}
		return nil, err
	}
}

func (c *copying) report(size int64) {
	if c.write.progress != nil && size >= 0 {
		c.write.progress(Progress{Done: size, Total: size})
	}
}

// rounds calls the Store's Copy until it needs no further call.
func (c *copying) rounds(ctx context.Context, opts CopyOptions, t *truth) (*Object, error) {
	call := call{op: "Copy", key: c.write.key, slow: true, write: true, probe: true, truth: t}
	for {
		var res *CopyResult
		err := c.dst.do(ctx, call, func(a *attempt) (err error) {
			o := opts
			o.Metadata = maps.Clone(opts.Metadata)
			res, err = c.dst.store.Copy(a, c.write.key, c.srcKey, &o)
			return err
		})
		if err != nil {
			return nil, err
		}
		switch {
		case t.o != nil:
			return t.o, nil
		case res.Token == "":
			return c.dst.written(t.claim, res.Object, t.size), nil
		}
		opts.Token = res.Token
	}
}

// statSource describes the source, of the version that the options ask for.
func (c *copying) statSource(ctx context.Context) (*Object, error) {
	o, _, err := c.src.stat(ctx, c.srcKey, StatOptions{
		IfMatch: c.opts.SourceIfMatch, VersionID: c.opts.SourceVersionID,
	})
	return o, err
}

// writeOf returns the write of the destination with the headers that it will have.
func (c *copying) writeOf(src *Object) *write {
	w := *c.write
	if !c.opts.Replace {
		class := w.opts.StorageClass
		w.opts.setHeaders(src.headers())
		w.opts.StorageClass = class
	}
	return &w
}

// parts copies by CopyPart, range by range of one version of the source.
func (c *copying) parts(ctx context.Context) (*Object, error) {
	limits := c.write.limits()
	if limits.Count == 0 {
		return nil, &Error{Kind: errors.ErrUnsupported}
	}
	src, err := c.statSource(ctx)
	if err != nil {
		return nil, err
	}
	w := c.writeOf(src)
	if src.Size <= w.partSize || src.ETag == ETagNone { // a Get and a Put are fewer requests
		return nil, &Error{Kind: errors.ErrUnsupported}
	}
	// The service moves the bytes: large parts cost no memory.
	part := fit(max(16*w.partSize, ceil(src.Size, int64(limits.Count))), limits)
	u, err := w.create(ctx, limits, src.Size)
	if err != nil {
		return nil, err
	}
	defer u.abort()
	count := int(ceil(src.Size, part))
	err = parallel(ctx, u.workers(), count, func(ctx context.Context, i int) error {
		at := int64(i) * part
		n := min(part, src.Size-at)
		return u.copy(ctx, i+1, c.srcKey, CopyPartOptions{
			PartOptions:  PartOptions{Offset: at, Last: at+n == src.Size},
			SourceOffset: at, SourceLength: n,
			SourceIfMatch: src.ETag, SourceVersionID: c.opts.SourceVersionID,
		})
	})
	if err != nil {
		if isKind(err, ErrPrecondition) || isKind(err, ErrNotExist) {
			e := asError(err)
			e.Kind = ErrChanged
			return nil, e
		}
		return nil, err
	}
	return u.complete(ctx)
}

// through copies by a Get and a Put.
func (c *copying) through(ctx context.Context) (*Object, error) {
	r, err := c.src.get(ctx, c.srcKey, GetOptions{
		IfMatch: c.opts.SourceIfMatch, VersionID: c.opts.SourceVersionID,
	})
	if err != nil {
		return nil, err
	}
	defer r.Close()
	source := &reading{r: r}
	o, err := c.writeOf(r.Object()).copyFrom(ctx, source)
	if source.err != nil {
		return nil, source.err // a failed read is the copy's own failure, with its kind
	}
	return o, err
}

// reading is a Reader that remembers why it failed.
type reading struct {
	r   *Reader
	err error
}

func (s *reading) Read(p []byte) (int, error) {
	n, err := s.r.Read(p)
	if err != nil && err != io.EOF {
		s.err = err
	}
	return n, err
}
