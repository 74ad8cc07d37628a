package gocdk

import (
	"context"
	"io"
	"sync"

	"github.com/polystore/storage"
	kit "github.com/polystore/storage/driver"
	"gocloud.dev/blob"
)

var reading = meaning{notFound: storage.ErrNotExist}

// Stat describes the object by its attributes.
func (s *store) Stat(
	ctx context.Context, key string, opts *storage.StatOptions,
) (*storage.Object, error) {
	if err := kit.ContextErr(ctx); err != nil {
		return nil, err
	}
	if opts.VersionID != "" {
		return nil, unsupported("versions")
	}
	a, err := s.b.Attributes(ctx, key)
	if err != nil {
		return nil, classify(ctx, err, reading)
	}
	o := object(key, a)
	if err := kit.CheckRead(opts, o); err != nil {
		return nil, err
	}
	if opts.ProveChecksums { // the MD5 is what some writer has said of some bytes
		o.Checksums = storage.Checksums{}
	}
	return o, nil
}

func object(key string, a *blob.Attributes) *storage.Object {
	o := &storage.Object{
		Key: key, Size: a.Size, ETag: storage.QuoteETag(a.ETag), ModTime: a.ModTime,
		ContentType: a.ContentType, ContentEncoding: a.ContentEncoding,
		ContentDisposition: a.ContentDisposition, ContentLanguage: a.ContentLanguage,
		CacheControl: a.CacheControl,
		Checksums:    storage.Checksums{MD5: a.MD5},
	}
	if o.ETag == "" {
		o.ETag = storage.ETagNone
	}
	if len(a.Metadata) > 0 {
		o.Metadata = a.Metadata
	}
	return o
}

// maxTries is how often Get looks for a reader and attributes of one version.
const maxTries = 3

// Get opens a reader and asks for the attributes, which have what the reader lacks, before and
// after. A range is always asked for by its length, and an empty one not at all: some drivers take
// it for the whole object.
func (s *store) Get(
	ctx context.Context, key string, opts *storage.GetOptions,
) (*storage.GetResult, error) {
	if opts.Offset < 0 {
		return nil, unsupported("suffix")
	}
	so := kit.ReadConditions(opts)
	o, err := s.Stat(ctx, key, so)
	for range maxTries {
		if err != nil {
			return nil, err
		}
		offset, length, err := kit.ResolveRange(opts, o.Size)
		if err != nil {
			return nil, err
		}
		result := &storage.GetResult{Object: o, Offset: offset, Length: length}
		if length == 0 {
			result.Body = kit.BytesBody(ctx, nil)
			return result, nil
		}
		b, err := s.open(ctx, key, offset, length)
		if err != nil {
			return nil, err
		}
		now, err := s.Stat(ctx, key, so)
		if err == nil && same(now, o) {
			result.Body = b
			return result, nil
		}
		b.Close()
		if err != nil {
			return nil, err
		}
		o = now
	}
	return nil, kit.Errorf(storage.ErrUnavailable,
		"the object is replaced faster than it can be looked at")
}

// same reports whether two looks saw one version, as far as a driver lets that be told: not every
// one knows ETags.
func same(a, b *storage.Object) bool {
	return a.ETag == b.ETag && a.Size == b.Size && a.ModTime.Equal(b.ModTime)
}

// open opens a reader of length bytes that ends with ctx.
func (s *store) open(ctx context.Context, key string, offset, length int64) (io.ReadCloser, error) {
	readCtx, cancel := context.WithCancel(ctx)
	r, err := s.b.NewRangeReader(readCtx, key, offset, length, nil)
	if err != nil {
		cancel()
		return nil, classify(ctx, err, reading)
	}
	return kit.NewBody(ctx, &body{ctx: ctx, cancel: cancel, r: r}, length), nil
}

// body gives read errors their kind, and can be closed while it is read, which a blob.Reader
// cannot.
type body struct {
	ctx    context.Context // of Get
	cancel context.CancelFunc

	mu sync.Mutex // guards r
	r  *blob.Reader
}

func (b *body) Read(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	n, err := b.r.Read(p)
	if err == nil || err == io.EOF {
		return n, err
	}
	return n, classify(b.ctx, err, reading)
}

// Close ends a Read that is under way by its context before it closes the blob.Reader.
func (b *body) Close() error {
	b.cancel()
	b.mu.Lock()
	defer b.mu.Unlock()
	return classify(context.Background(), b.r.Close(), reading)
}
