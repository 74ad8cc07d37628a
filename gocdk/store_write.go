package gocdk

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"io"
	"maps"
	"mime"

	"github.com/polystore/storage"
	kit "github.com/polystore/storage/driver"
	"gocloud.dev/blob"
)

// defaultType is the type of an object that is given none: Upload asks for one.
const defaultType = "application/octet-stream"

// Put writes the object by Upload: azureblob dereferences nil where a write that it was given piece
// by piece is refused. So that Upload hands the body on as it is, an MD5 is held against it here,
// before, and not by the Go CDK.
func (s *store) Put(
	ctx context.Context, key string, body io.ReadSeeker, size int64, opts *storage.PutOptions,
) (*storage.Object, error) {
	if err := kit.ContextErr(ctx); err != nil {
		return nil, err
	}
	if err := canPut(opts); err != nil {
		return nil, err
	}
	payload, err := kit.NewPayload(body, size)
	if err != nil {
		return nil, err
	}
	if which := kit.Given(&opts.Checksums); which != 0 {
		sums, err := s.hasher.Sum(ctx, payload, which)
		if err == nil {
			err = kit.Verify(&sums, &opts.Checksums)
		}
		if err != nil {
			return nil, err
		}
	}
	writeCtx, cancel := context.WithCancel(ctx)
	defer cancel()
	src := &source{ctx: ctx, cancel: cancel, p: payload}
	err = s.b.Upload(writeCtx, key, src, &blob.WriterOptions{
		ContentType:        cmp.Or(opts.ContentType, defaultType),
		ContentEncoding:    opts.ContentEncoding,
		ContentDisposition: opts.ContentDisposition,
		ContentLanguage:    opts.ContentLanguage,
		CacheControl:       opts.CacheControl,
		Metadata:           maps.Clone(opts.Metadata),
		IfNotExist:         opts.IfAbsent,
	})
	if src.err != nil {
		return nil, src.err
	}
	if err != nil {
		m := meaning{notFound: storage.ErrNoBucket, write: true}
		if opts.IfAbsent {
			m.refused = storage.ErrExist
		}
		return nil, classify(ctx, err, m)
	}
	// What was written is what is there now, if nobody came in between.
	o, err := s.Stat(ctx, key, &storage.StatOptions{})
	if err != nil || o.Size != size || !maps.Equal(o.Metadata, opts.Metadata) ||
		differ(o.Checksums.MD5, opts.Checksums.MD5) {
		return &storage.Object{Key: key, Size: size, ETag: storage.ETagNone}, nil
	}
	return o, nil
}

// canPut refuses what the Go CDK has no word for.
func canPut(opts *storage.PutOptions) error {
	sums := opts.Checksums
	sums.MD5 = nil
	switch {
	case opts.IfMatch != "":
		return unsupported("IfMatch")
	case opts.StorageClass != "":
		return unsupported("storage class")
	case len(opts.Tags) > 0:
		return unsupported("tags")
	case !sums.IsZero():
		return unsupported("checksum but MD5")
	case opts.ContentType != "" && normalized(opts.ContentType) != opts.ContentType:
		return unsupported("way to keep a content type in another form than its own")
	}
	return nil
}

// normalized is what the Go CDK makes of a content type; empty: it refuses it.
func normalized(contentType string) string {
	t, params, err := mime.ParseMediaType(contentType)
	if err != nil {
		return ""
	}
	return mime.FormatMediaType(t, params)
}

func differ(a, b []byte) bool { return a != nil && b != nil && !bytes.Equal(a, b) }

// source is the body of a write. The Go CDK commits whatever it has when a source fails, so the
// write is cancelled before it hears of that.
type source struct {
	ctx    context.Context
	cancel context.CancelFunc
	p      *kit.Payload
	err    error
}

func (s *source) Read(p []byte) (int, error) {
	if s.err != nil {
		return 0, s.err
	}
	if s.err = kit.ContextErr(s.ctx); s.err != nil {
		s.cancel()
		return 0, s.err
	}
	n, err := s.p.Read(p)
	if err != nil && err != io.EOF {
		s.err = &storage.Error{Err: err}
		s.cancel()
		err = s.err
	}
	return n, err
}

// maxChunk is how many bytes go at once to a driver that has no Upload; the Go CDK's own copying
// takes a buffer of 1 MiB for each object.
const maxChunk = 64 << 10

// WriteTo is for that copying.
func (s *source) WriteTo(w io.Writer) (int64, error) {
	buf := make([]byte, max(1, min(s.p.Size(), maxChunk)))
	return io.CopyBuffer(struct{ io.Writer }{w}, struct{ io.Reader }{s}, buf)
}

var writing = meaning{notFound: storage.ErrNotExist, write: true}

// Delete deletes the object.
func (s *store) Delete(ctx context.Context, key string, opts *storage.DeleteOptions) error {
	if err := kit.ContextErr(ctx); err != nil {
		return err
	}
	if opts.IfMatch != "" {
		return unsupported("IfMatch")
	}
	err := classify(ctx, s.b.Delete(ctx, key), writing)
	if errors.Is(err, storage.ErrNotExist) {
		return nil
	}
	return err
}

// Copy copies within the bucket.
func (s *store) Copy(
	ctx context.Context, dst, src string, opts *storage.CopyOptions,
) (*storage.CopyResult, error) {
	if err := kit.ContextErr(ctx); err != nil {
		return nil, err
	}
	if opts.IfAbsent || opts.IfMatch != "" || opts.SourceIfMatch != "" ||
		opts.SourceVersionID != "" || opts.Replace || opts.StorageClass != "" {
		return nil, unsupported("options of a copy")
	}
	if opts.Token != "" {
		return nil, kit.Invalidf("%q is not a copy token of this driver", opts.Token)
	}
	if err := s.b.Copy(ctx, dst, src, nil); err != nil {
		return nil, classify(ctx, err, writing)
	}
	o, err := s.Stat(ctx, dst, &storage.StatOptions{})
	if err != nil {
		o = &storage.Object{Key: dst, Size: -1, ETag: storage.ETagNone}
	}
	return &storage.CopyResult{Object: o}, nil
}
