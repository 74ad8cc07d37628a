package storage

import (
	"context"
	"errors"
	"io"
	"maps"
)

// Copy copies the object under src to dst, of any size the service can hold, on the service's side where it can; otherwise it
// goes through here, in bounded memory. With Replace the copy gets the headers, metadata and tags of opts, else the
// source's headers and metadata.
//
// Errors: ErrNotExist for src, ErrExist and ErrPrecondition for the conditions (SourceIfMatch included), ErrUnknownOutcome
// as for Put, ErrChanged if src is replaced during a copy in several steps.
func (b *Bucket) Copy(ctx context.Context, dst, src string, opts *CopyOptions) (*Object, error) {
	o, err := b.copy(ctx, dst, src, opts)
	return o, wrap("Copy", dst, err)
}

// CopyObject copies an object between buckets: on the service's side where both are views of one Bucket or have the same
// Store, else as a stream through here, in bounded memory, with checksum, headers and metadata. Errors as [Bucket.Copy].
func CopyObject(ctx context.Context, dst *Bucket, dstKey string, src *Bucket, srcKey string, opts *CopyOptions) (*Object, error) {
	o, err := copyObject(ctx, dst, dstKey, src, srcKey, opts)
	return o, wrap("CopyObject", dstKey, err)
}

func copyObject(ctx context.Context, dst *Bucket, dstKey string, src *Bucket, srcKey string, opts *CopyOptions) (*Object, error) {
	if dst == nil || src == nil {
		return nil, invalid("nil Bucket")
	}
	c, err := dst.newCopy(ctx, dstKey, src, srcKey, opts)
	if err != nil {
		return nil, err
	}
	if dst.core == src.core || sameStore(dst.raw, src.raw) {
		return c.serverSide(ctx)
	}
	return c.through(ctx)
}

func sameStore(a, b Store) (same bool) {
	defer func() { _ = recover() }() // types that cannot be compared are not the same
	return a == b
}

func (b *Bucket) copy(ctx context.Context, dst, src string, opts *CopyOptions) (*Object, error) {
	c, err := b.newCopy(ctx, dst, b, src, opts)
	if err != nil {
		return nil, err
	}
	return c.serverSide(ctx)
}

// copying is a checked copy that is about to happen.
type copying struct {
	dst, src       *Bucket
	put            *put // the destination, with the options' headers
	srcKey, srcOwn string
	opts           CopyOptions
}

func (b *Bucket) newCopy(ctx context.Context, dstKey string, src *Bucket, srcKey string, opts *CopyOptions) (*copying, error) {
	var o CopyOptions
	if opts != nil {
		o = *opts
	}
	if o.Token != "" {
		return nil, invalid("Token is the Store's")
	}
	if !o.Replace && (o.ContentType != "" || o.ContentEncoding != "" || o.ContentDisposition != "" || o.ContentLanguage != "" ||
		o.CacheControl != "" || len(o.Metadata) > 0 || len(o.Tags) > 0) {
		return nil, invalid("headers, metadata and tags need Replace")
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
	p, err := b.newPut(ctx, dstKey, &PutOptions{
		ContentType: o.ContentType, ContentEncoding: o.ContentEncoding, ContentDisposition: o.ContentDisposition,
		ContentLanguage: o.ContentLanguage, CacheControl: o.CacheControl, Metadata: o.Metadata, StorageClass: o.StorageClass,
		Tags: o.Tags, IfAbsent: o.IfAbsent, IfMatch: o.IfMatch, PartSize: o.PartSize, Concurrency: o.Concurrency, Progress: o.Progress,
	})
	if err != nil {
		return nil, err
	}
	o.PartSize, o.Concurrency, o.Progress = 0, 0, nil
	o.IfMatch, o.Metadata, o.Tags = p.opts.IfMatch, p.opts.Metadata, p.opts.Tags
	return &copying{dst: b, src: src, put: p, srcKey: full, srcOwn: srcKey, opts: o}, nil
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

// once copies by the Store's Copy.
//
// A conditional copy has to carry its own write ID, so it replaces the source's headers by themselves; that costs a Stat, and the
// copy is held to the version that the Stat saw.
func (c *copying) once(ctx context.Context) (*Object, error) {
	for n := 1; ; n++ {
		opts := c.opts
		claim := c.dst.claim(c.put.key, opts.IfAbsent, opts.IfMatch, false)
		size, pinned := int64(-1), false
		if claim.conditional() && !opts.Replace {
			o, err := c.statSource(ctx)
			if err != nil {
				return nil, err
			}
			size, pinned = o.Size, opts.SourceIfMatch == ""
			opts.SourceIfMatch = o.ETag
			c.inherit(&opts, o)
		}
		if claim.conditional() {
			opts.Metadata = claim.metadata(opts.Metadata)
		}
		o, err := c.rounds(ctx, opts)
		if err == nil {
			o = c.dst.written(claim, o, size)
			c.report(o.Size)
			return o, nil
		}
		// The refusal may be the pin's, which is ours alone.
		if e := asError(err); pinned && !e.InDoubt && (e.Kind == ErrPrecondition || e.Kind == ErrExist) {
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
		o, err = c.dst.settle(ctx, claim, err, isRefusal(err), size)
		if err == nil {
			c.report(o.Size)
		}
		return o, err
	}
}

func (c *copying) report(size int64) {
	if c.put.progress != nil && size >= 0 {
		c.put.progress(Progress{Done: size, Total: size})
	}
}

// rounds calls the Store's Copy until it needs no further call.
func (c *copying) rounds(ctx context.Context, opts CopyOptions) (*Object, error) {
	for {
		var res *CopyResult
		err := c.dst.do(ctx, call{op: "Copy", key: c.put.key, slow: true, write: true}, func(a *attempt) (err error) {
			o := opts
			o.Metadata = maps.Clone(opts.Metadata)
			res, err = c.dst.store.Copy(a, c.put.key, c.srcKey, &o)
			return err
		})
		if err != nil {
			return nil, err
		}
		if res.Token == "" {
			return res.Object, nil
		}
		opts.Token = res.Token
	}
}

// statSource describes the source, of the version that the options ask for.
func (c *copying) statSource(ctx context.Context) (*Object, error) {
	return c.src.stat(ctx, c.srcOwn, &StatOptions{IfMatch: c.opts.SourceIfMatch, VersionID: c.opts.SourceVersionID})
}

// inherit makes opts replace the source's headers by what they are.
func (c *copying) inherit(opts *CopyOptions, src *Object) {
	opts.Replace = true
	opts.ContentType, opts.ContentEncoding, opts.ContentDisposition = src.ContentType, src.ContentEncoding, src.ContentDisposition
	opts.ContentLanguage, opts.CacheControl, opts.Metadata = src.ContentLanguage, src.CacheControl, src.Metadata
}

// puts returns the write of the destination with the headers that it will have.
func (c *copying) puts(src *Object) *put {
	p := *c.put
	if !c.opts.Replace {
		p.opts.ContentType, p.opts.ContentEncoding, p.opts.ContentDisposition = src.ContentType, src.ContentEncoding, src.ContentDisposition
		p.opts.ContentLanguage, p.opts.CacheControl, p.opts.Metadata = src.ContentLanguage, src.CacheControl, src.Metadata
	}
	return &p
}

// parts copies by CopyPart, range by range of one version of the source.
func (c *copying) parts(ctx context.Context) (*Object, error) {
	limits := c.put.limits()
	if limits.Count == 0 {
		return nil, &Error{Kind: errors.ErrUnsupported}
	}
	src, err := c.statSource(ctx)
	if err != nil {
		return nil, err
	}
	p := c.puts(src)
	if src.Size <= p.partSize || src.ETag == ETagNone { // a Get and a Put are fewer requests
		return nil, &Error{Kind: errors.ErrUnsupported}
	}
	// The service moves the bytes: large parts cost no memory.
	part := fit(max(16*p.partSize, ceil(src.Size, int64(limits.Count))), limits)
	u, err := p.create(ctx, limits, src.Size)
	if err != nil {
		return nil, err
	}
	defer u.abort()
	workers := p.workers
	if !limits.Parallel {
		workers = 1
	}
	count := int(ceil(src.Size, part))
	err = parallel(ctx, workers, count, func(ctx context.Context, i int) error {
		at := int64(i) * part
		n := min(part, src.Size-at)
		return u.copy(ctx, i+1, c.srcKey, CopyPartOptions{
			PartOptions:  PartOptions{Offset: at, Last: at+n == src.Size},
			SourceOffset: at, SourceLength: n, SourceIfMatch: src.ETag, SourceVersionID: c.opts.SourceVersionID,
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
	r, err := c.src.get(ctx, c.srcOwn, &GetOptions{IfMatch: c.opts.SourceIfMatch, VersionID: c.opts.SourceVersionID})
	if err != nil {
		return nil, err
	}
	defer r.Close()
	source := &reading{r: r}
	o, err := c.puts(r.Object()).stream(ctx, source)
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
