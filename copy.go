package storage

import (
	"context"
	"errors"
	"io"
	"maps"
)

// Copy copies the object under src to dst, of any size that the service can hold. It copies inside
// the service if possible, and otherwise through the program in bounded memory. With Replace the
// copy gets the headers, metadata and tags of opts, otherwise those of the source. Its storage
// class is what opts says, otherwise the default. A copy onto itself keeps the class, and with
// Replace the tags, where opts does not give them. What cannot be kept is an error before anything
// is written: see CopyOptions.AllowLoss.
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

// CopyObject copies an object between buckets as [Bucket.Copy] does within one. It copies inside
// the service if both buckets are views of one Bucket or have the same Store, and otherwise
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
) (_ *Object, err error) {
	defer repanic(&err)
	from, end := dst.e.within(ctx)
	defer end(&err)
	c, err := newCopy(from, dst, dstKey, src, srcKey, opts)
	if err != nil {
		return nil, err
	}
	if dst.e == src.e || sameStore(dst.e.raw, src.e.raw) {
		c.inPlace = c.write.key == c.srcKey
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
	write    *write          // the destination, with the options' headers
	from     context.Context // of requests to the source: it ends with the Bucket of dst, too
	srcKey   string
	opts     CopyOptions
	keep     keeping
	inPlace  bool // of an object onto itself
	rewrite  bool // not by a copy of the service that carries everything along
}

// newCopy checks the arguments. ctx is that of requests to the source.
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
	k := keeping{from: src.e, to: dst.e, key: full, versionID: o.SourceVersionID}
	if err := k.allow(o.AllowLoss); err != nil {
		return nil, err
	}
	po := &PutOptions{
		Tags: o.Tags, IfAbsent: o.IfAbsent, IfMatch: o.IfMatch,
		PartSize: o.PartSize, Concurrency: o.Concurrency, Progress: o.Progress,
	}
	po.setHeaders(o.headers())
	fullDst, err := dst.writeKey(ctx, dstKey)
	if err != nil {
		return nil, err
	}
	old, err := src.e.inherited(ctx, full, o)
	if err != nil {
		return nil, err
	}
	w, err := dst.e.newWriteBeside(fullDst, po, old, dst.ready)
	if err != nil {
		return nil, err
	}
	o.PartSize, o.Concurrency, o.Progress, o.AllowLoss = 0, 0, nil, nil
	o.IfMatch, o.Metadata, o.Tags = w.opts.IfMatch, w.opts.Metadata, w.opts.Tags
	return &copying{
		dst: dst.e, src: src.e, write: w, from: ctx, srcKey: full, opts: o, keep: k,
	}, nil
}

// serverSide tries the ways to copy, the cheapest first.
func (c *copying) serverSide(ctx context.Context) (*Object, error) {
	o, err := c.once(ctx)
	if isKind(err, ErrPermission) && !c.opts.Replace && !asError(err).InDoubt {
		o, err = c.withoutTags(ctx, err)
	}
	if isKind(err, errors.ErrUnsupported) && !isLoss(err) {
		o, err = c.parts(ctx)
	}
	if isKind(err, errors.ErrUnsupported) && !isLoss(err) {
		o, err = c.through(ctx)
	}
	return o, err
}

// withoutTags looks whether the tags are why the service refused a copy: it copies none that the
// caller may not read. If they may be lost, it copies without them.
func (c *copying) withoutTags(ctx context.Context, refusal error) (*Object, error) {
	if isLoss(refusal) || !c.src.store.Capabilities().Tags {
		return nil, refusal
	}
	_, err := c.src.tagsOf(c.from, c.srcKey, TagsOptions{VersionID: c.opts.SourceVersionID})
	switch {
	case !isKind(err, ErrPermission):
		return nil, refusal
	case !c.keep.tags:
		return nil, c.keep.lost("tags", refusal)
	}
	c.rewrite = true
	return c.once(ctx)
}

// inherit returns the options of a copy that names everything that it is to have of src.
func (c *copying) inherit(src *Object) (_ CopyOptions, err error) {
	opts := c.opts
	if c.inPlace && opts.StorageClass == "" {
		if opts.StorageClass, err = c.keep.classOf(src); err != nil {
			return opts, err
		}
	}
	if !opts.Replace || c.inPlace && opts.Tags == nil {
		if opts.Tags, err = c.keep.tagsOf(c.from, src); err != nil {
			return opts, err
		}
	}
	if !opts.Replace {
		h := src.headers()
		h.StorageClass = opts.StorageClass
		opts.setHeaders(h)
	}
	opts.Replace = true
	return opts, nil
}

// once copies with the Copy of the Store.
//
// A conditional copy has to carry a write ID of its own, so it replaces the source's headers by the
// same headers. That costs a Stat, and the copy is pinned to the version that the Stat saw. So does
// a copy onto itself that has to keep what the service would not.
func (c *copying) once(ctx context.Context) (*Object, error) {
	for n := 1; ; n++ {
		opts := c.opts
		claim := c.dst.claim(c.write.key, opts.IfAbsent, opts.IfMatch, false)
		rewrite := (claim.conditional() || c.rewrite) && !opts.Replace
		own := c.inPlace && (opts.StorageClass == "" || opts.Replace && opts.Tags == nil)
		size, pinned := int64(-1), false
		if rewrite || own {
			o, err := c.statSource()
			if err != nil {
				return nil, err
			}
			if rewrite || opts.Replace {
				opts, err = c.inherit(o)
			} else { // the service carries along the rest by itself
				opts.StorageClass, err = c.keep.classOf(o)
			}
			if err != nil {
				return nil, err
			}
			size = o.Size
			if rewrite || opts.StorageClass != "" || len(opts.Tags) > 0 {
				pinned = opts.SourceIfMatch == ""
				opts.SourceIfMatch = o.ETag
			}
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
			now, statErr := c.statSource()
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
	call := call{
		op: "Copy", key: c.write.key, slow: true, size: t.size, write: true, probe: true, truth: t,
	}
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
func (c *copying) statSource() (*Object, error) {
	o, _, err := c.src.stat(c.from, c.srcKey, StatOptions{
		IfMatch: c.opts.SourceIfMatch, VersionID: c.opts.SourceVersionID,
	})
	return o, err
}

// writeOf returns the write of the destination with everything that it will have of src.
func (c *copying) writeOf(src *Object) (*write, error) {
	all, err := c.inherit(src)
	if err != nil {
		return nil, err
	}
	w := *c.write
	w.opts.setHeaders(all.headers())
	w.opts.Tags = all.Tags
	return &w, nil
}

// parts copies by CopyPart, range by range of one version of the source.
func (c *copying) parts(ctx context.Context) (*Object, error) {
	limits := c.write.limits()
	if limits.Count == 0 {
		return nil, &Error{Kind: errors.ErrUnsupported}
	}
	src, err := c.statSource()
	if err != nil {
		return nil, err
	}
	if src.Size <= c.write.partSize || src.ETag == ETagNone { // a Get and a Put: fewer requests
		return nil, &Error{Kind: errors.ErrUnsupported}
	}
	w, err := c.writeOf(src)
	if err != nil {
		return nil, err
	}
	// The service moves the bytes: large parts cost no memory.
	part := fit(max(16*w.partSize, ceil(src.Size, int64(limits.Count))), limits)
	return again(ctx, func() (*Object, error) { return c.ranges(ctx, w, limits, src, part) })
}

// ranges copies src by CopyPart, in parts of one size.
func (c *copying) ranges(
	ctx context.Context, w *write, limits PartLimits, src *Object, part int64,
) (*Object, error) {
	u, err := w.create(ctx, &w.e.across, limits, src.Size)
	if err != nil {
		return nil, err
	}
	defer u.abort()
	s := sectioned{size: src.Size, part: part}
	g := newGroup(ctx, u.workers(), &w.e.across)
	for _, number := range s.numbers() {
		at, n := s.place(number)
		if !g.start(n, func(ctx context.Context) error {
			return u.copy(ctx, number, c.srcKey, CopyPartOptions{
				PartOptions:  PartOptions{Offset: at, Last: at+n == src.Size},
				SourceOffset: at, SourceLength: n,
				SourceIfMatch: src.ETag, SourceVersionID: c.opts.SourceVersionID,
			})
		}) {
			break
		}
	}
	err = raised(g.wait())
	if isKind(err, ErrNotExist) { // the source, or the upload
		now, statErr := c.statSource()
		if statErr == nil && now.ETag == src.ETag {
			return nil, u.vanished(ctx, asError(err), false)
		}
	}
	if isKind(err, ErrPrecondition) || isKind(err, ErrNotExist) {
		e := asError(err)
		e.Kind = ErrChanged
		return nil, e
	}
	if err != nil {
		return nil, err
	}
	return u.complete(ctx)
}

// through copies by a Get and a Put.
func (c *copying) through(ctx context.Context) (*Object, error) {
	r, err := c.src.get(c.from, c.srcKey, GetOptions{
		IfMatch: c.opts.SourceIfMatch, VersionID: c.opts.SourceVersionID,
	})
	if err != nil {
		return nil, err
	}
	defer r.Close()
	if c.inPlace && c.opts.StorageClass == "" {
		if err := r.first.classOf(c.from); err != nil {
			return nil, err
		}
	}
	w, err := c.writeOf(r.Object())
	if err != nil {
		return nil, err
	}
	source := &reading{r: r}
	o, err := w.copyFrom(ctx, source)
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

func (*reading) direct() {} // it ends with the copy's context

func (s *reading) Read(p []byte) (int, error) {
	n, err := s.r.Read(p)
	if err != nil && err != io.EOF {
		s.err = err
	}
	return n, err
}
