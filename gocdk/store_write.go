package gocdk

import (
	"bytes"
	"context"
	"crypto/md5"
	"errors"
	"hash"
	"io"
	"maps"
	"mime"

	"github.com/polystore/storage"
	"gocloud.dev/blob"
)

// Put writes the object. The Go CDK commits whatever it has when a source fails, so it is cancelled then.
func (s *store) Put(ctx context.Context, key string, body io.ReadSeeker, size int64, opts *storage.PutOptions) (*storage.Object, error) {
	if err := alive(ctx); err != nil {
		return nil, err
	}
	if err := canPut(opts); err != nil {
		return nil, err
	}
	writeCtx, cancel := context.WithCancel(ctx)
	defer cancel()
	w, err := s.b.NewWriter(writeCtx, key, &blob.WriterOptions{
		ContentType: opts.ContentType, DisableContentTypeDetection: true, ContentEncoding: opts.ContentEncoding,
		ContentDisposition: opts.ContentDisposition, ContentLanguage: opts.ContentLanguage, CacheControl: opts.CacheControl,
		Metadata: maps.Clone(opts.Metadata), ContentMD5: opts.Checksums.MD5, IfNotExist: opts.IfAbsent,
	})
	if err != nil {
		return nil, classify(ctx, err, false)
	}
	if err := send(ctx, w, body, size, opts.Checksums.MD5); err != nil {
		cancel()
		w.Close()
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, refused(classify(ctx, err, true), opts)
	}
	// What was written is what is there now, if nobody came in between.
	o, err := s.Stat(ctx, key, &storage.StatOptions{})
	if err != nil || o.Size != size || !maps.Equal(o.Metadata, opts.Metadata) || differ(o.Checksums.MD5, opts.Checksums.MD5) {
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

// maxChunk is how many bytes go to the driver at once; its own copying takes a buffer of 1 MiB for each object.
const maxChunk = 64 << 10

// send writes size bytes of body, which have the MD5 sum where one is given. An error of the body is told from one of the writer.
func send(ctx context.Context, w *blob.Writer, body io.Reader, size int64, sum []byte) error {
	src := &source{ctx: ctx, r: io.LimitReader(body, size+1)}
	if sum != nil {
		src.hash = md5.New()
	}
	n, err := io.CopyBuffer(struct{ io.Writer }{w}, src, make([]byte, min(size+1, maxChunk)))
	switch {
	case src.err != nil:
		return src.err
	case err != nil:
		return classify(ctx, err, false)
	case n < size:
		return &storage.Error{Err: io.ErrUnexpectedEOF}
	case n > size:
		return &storage.Error{Kind: storage.ErrInvalid, Err: errors.New("the body is longer than its size")}
	case sum != nil && !bytes.Equal(src.hash.Sum(nil), sum):
		return &storage.Error{Kind: storage.ErrIntegrity}
	}
	return nil
}

// source reads a body, remembers its error and hashes what it gave, where hash is set.
type source struct {
	ctx  context.Context
	r    io.Reader
	hash hash.Hash
	err  error
}

func (s *source) Read(p []byte) (int, error) {
	if s.err = alive(s.ctx); s.err != nil {
		return 0, s.err
	}
	n, err := s.r.Read(p)
	if s.hash != nil {
		s.hash.Write(p[:n])
	}
	if err != nil && err != io.EOF {
		s.err = &storage.Error{Err: err}
		return n, s.err
	}
	return n, err
}

// refused gives the Go CDK's one code for whatever was refused at the commit its meaning in a write with opts.
func refused(err error, opts *storage.PutOptions) error {
	var e *storage.Error
	if errors.As(err, &e) && e.Kind == storage.ErrPrecondition {
		switch {
		case opts.IfAbsent:
			e.Kind = storage.ErrExist
		case opts.Checksums.MD5 != nil:
			e.Kind = storage.ErrIntegrity
		}
	}
	return err
}

// Delete deletes the object.
func (s *store) Delete(ctx context.Context, key string, opts *storage.DeleteOptions) error {
	if err := alive(ctx); err != nil {
		return err
	}
	if opts.IfMatch != "" {
		return unsupported("IfMatch")
	}
	err := classify(ctx, s.b.Delete(ctx, key), true)
	if errors.Is(err, storage.ErrNotExist) {
		return nil
	}
	return err
}

// Copy copies within the bucket.
func (s *store) Copy(ctx context.Context, dst, src string, opts *storage.CopyOptions) (*storage.CopyResult, error) {
	if err := alive(ctx); err != nil {
		return nil, err
	}
	if opts.IfAbsent || opts.IfMatch != "" || opts.SourceIfMatch != "" || opts.SourceVersionID != "" || opts.Replace || opts.StorageClass != "" {
		return nil, unsupported("options of a copy")
	}
	if err := s.b.Copy(ctx, dst, src, nil); err != nil {
		return nil, classify(ctx, err, true)
	}
	o, err := s.Stat(ctx, dst, &storage.StatOptions{})
	if err != nil {
		o = &storage.Object{Key: dst, Size: -1, ETag: storage.ETagNone}
	}
	return &storage.CopyResult{Object: o}, nil
}
