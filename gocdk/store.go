package gocdk

import (
	"context"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/polystore/storage"
	"gocloud.dev/blob"
	"gocloud.dev/gcerrors"
)

// Store returns a Store over any Go CDK bucket, which it closes. The Go CDK has no conditions but IfNotExist, no ETag in the
// answer to a read, a write or a list, and no multipart uploads: conditional reads compare the attributes, which are a second request, and
// what cannot be had is errors.ErrUnsupported. How a driver retries, what it does with a failing connection, and which keys
// it takes is its own.
func Store(b *blob.Bucket) storage.Store { return &store{b: b} }

type store struct {
	storage.Unsupported
	b *blob.Bucket
}

var _ storage.FullStore = (*store)(nil)

// Client returns the Go CDK bucket.
func (s *store) Client() *blob.Bucket { return s.b }

func (s *store) Close() error { return classify(context.Background(), s.b.Close(), false) }

// classify makes an error of the Go CDK one of package storage. write says that the request may have been carried out.
func classify(ctx context.Context, err error, write bool) error {
	if err == nil {
		return nil
	}
	if ctx.Err() != nil {
		return &storage.Error{Err: ctx.Err(), InDoubt: write}
	}
	e := &storage.Error{Err: err}
	switch gcerrors.Code(err) {
	case gcerrors.NotFound:
		e.Kind = storage.ErrNotExist
	case gcerrors.AlreadyExists, gcerrors.FailedPrecondition:
		e.Kind = storage.ErrExist
	case gcerrors.InvalidArgument:
		e.Kind = storage.ErrInvalid
	case gcerrors.PermissionDenied:
		e.Kind = storage.ErrPermission
	case gcerrors.ResourceExhausted:
		e.Kind = storage.ErrThrottled
	case gcerrors.Unimplemented:
		e.Kind = errors.ErrUnsupported
	default:
		e.InDoubt = write
	}
	return e
}

func unsupported(what string) error {
	return &storage.Error{Kind: errors.ErrUnsupported, Err: errors.New("the Go CDK has no " + what)}
}

// Stat describes the object by its attributes.
func (s *store) Stat(ctx context.Context, key string, opts *storage.StatOptions) (*storage.Object, error) {
	if opts.VersionID != "" {
		return nil, unsupported("versions")
	}
	a, err := s.b.Attributes(ctx, key)
	if err != nil {
		return nil, classify(ctx, err, false)
	}
	o := object(key, a)
	return o, condition(o, opts)
}

// condition holds a read's conditions against the object.
func condition(o *storage.Object, opts *storage.StatOptions) error {
	switch {
	case opts.IfMatch != "" && opts.IfMatch != o.ETag:
		return &storage.Error{Kind: storage.ErrPrecondition}
	case opts.IfNoneMatch != "" && opts.IfNoneMatch == o.ETag:
		return &storage.Error{Kind: storage.ErrNotModified}
	case !opts.IfModifiedSince.IsZero() && !o.ModTime.Truncate(time.Second).After(opts.IfModifiedSince.Truncate(time.Second)):
		return &storage.Error{Kind: storage.ErrNotModified}
	}
	return nil
}

func object(key string, a *blob.Attributes) *storage.Object {
	o := &storage.Object{
		Key: key, Size: a.Size, ETag: a.ETag, ModTime: a.ModTime,
		ContentType: a.ContentType, ContentEncoding: a.ContentEncoding, ContentDisposition: a.ContentDisposition,
		ContentLanguage: a.ContentLanguage, CacheControl: a.CacheControl,
		Checksums: storage.Checksums{MD5: a.MD5},
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

// Get opens a reader and asks for the attributes, which have what the reader lacks, before and after.
func (s *store) Get(ctx context.Context, key string, opts *storage.GetOptions) (*storage.GetResult, error) {
	if opts.Offset < 0 {
		return nil, unsupported("suffix")
	}
	so := &storage.StatOptions{IfMatch: opts.IfMatch, IfNoneMatch: opts.IfNoneMatch, IfModifiedSince: opts.IfModifiedSince, VersionID: opts.VersionID}
	o, err := s.Stat(ctx, key, so)
	for range maxTries {
		if err != nil {
			return nil, err
		}
		if opts.Offset > 0 && opts.Offset >= o.Size || opts.Length > 0 && o.Size == 0 {
			return nil, &storage.Error{Kind: storage.ErrRange}
		}
		length := o.Size - opts.Offset
		if opts.Length > 0 {
			length = min(length, opts.Length)
		}
		r, err := s.b.NewRangeReader(ctx, key, opts.Offset, length, nil)
		if err != nil {
			return nil, classify(ctx, err, false)
		}
		now, err := s.Stat(ctx, key, so)
		if err == nil && now.ETag == o.ETag {
			if !r.ModTime().IsZero() {
				o.ModTime = r.ModTime()
			}
			return &storage.GetResult{Object: o, Body: &body{ctx, r}, Offset: opts.Offset, Length: length}, nil
		}
		r.Close()
		o = now
		if err != nil {
			return nil, err
		}
	}
	return nil, &storage.Error{Kind: storage.ErrUnavailable, Err: errors.New("the object is replaced faster than it can be looked at")}
}

// body gives read errors their kind.
type body struct {
	ctx context.Context
	*blob.Reader
}

func (b *body) Read(p []byte) (int, error) {
	if err := b.ctx.Err(); err != nil {
		return 0, &storage.Error{Err: err}
	}
	n, err := b.Reader.Read(p)
	if err != nil && err != io.EOF {
		err = classify(b.ctx, err, false)
	}
	return n, err
}

// Put writes the object. The Go CDK commits whatever it has when a source fails, so it is cancelled then.
func (s *store) Put(ctx context.Context, key string, src io.ReadSeeker, size int64, opts *storage.PutOptions) (*storage.Object, error) {
	sums := opts.Checksums
	sums.MD5 = nil
	switch {
	case opts.IfMatch != "":
		return nil, unsupported("IfMatch")
	case opts.StorageClass != "":
		return nil, unsupported("storage class")
	case len(opts.Tags) > 0:
		return nil, unsupported("tags")
	case !sums.IsZero():
		return nil, unsupported("checksum but MD5")
	}
	wctx, cancel := context.WithCancel(ctx)
	defer cancel()
	w, err := s.b.NewWriter(wctx, key, &blob.WriterOptions{
		ContentType: opts.ContentType, DisableContentTypeDetection: true, ContentEncoding: opts.ContentEncoding,
		ContentDisposition: opts.ContentDisposition, ContentLanguage: opts.ContentLanguage, CacheControl: opts.CacheControl,
		Metadata: opts.Metadata, ContentMD5: opts.Checksums.MD5, IfNotExist: opts.IfAbsent,
	})
	if err != nil {
		return nil, classify(ctx, err, false)
	}
	n, err := io.Copy(w, io.LimitReader(src, size+1))
	if err == nil && n < size {
		err = io.ErrUnexpectedEOF
	}
	if err == nil && n > size {
		err = &storage.Error{Kind: storage.ErrInvalid, Err: errors.New("the body is longer than its size")}
	}
	if err != nil {
		cancel()
		w.Close()
		var e *storage.Error
		if errors.As(err, &e) || ctx.Err() == nil && gcerrors.Code(err) == gcerrors.Unknown {
			return nil, err
		}
		return nil, classify(ctx, err, false)
	}
	if err := w.Close(); err != nil {
		return nil, s.refused(classify(ctx, err, true), opts)
	}
	// What was written is what is there now, if nobody came in between.
	o, err := s.Stat(ctx, key, &storage.StatOptions{})
	if err != nil || o.Size != size {
		return &storage.Object{Key: key, Size: size, ETag: storage.ETagNone}, nil
	}
	return o, nil
}

// refused tells a failed checksum from a refused condition: the Go CDK has one code for both.
func (s *store) refused(err error, opts *storage.PutOptions) error {
	var e *storage.Error
	if errors.As(err, &e) && e.Kind == storage.ErrExist && !opts.IfAbsent {
		e.Kind = storage.ErrIntegrity
	}
	return err
}

// Delete deletes the object.
func (s *store) Delete(ctx context.Context, key string, opts *storage.DeleteOptions) error {
	if opts.IfMatch != "" {
		return unsupported("IfMatch")
	}
	err := classify(ctx, s.b.Delete(ctx, key), true)
	if errors.Is(err, storage.ErrNotExist) {
		return nil
	}
	return err
}

// ListPage lists. The Go CDK starts where its own token says, so StartAfter is found by reading up to it.
func (s *store) ListPage(ctx context.Context, opts *storage.ListOptions) (*storage.Page, error) {
	size := opts.PageSize
	if size == 0 {
		size = defaultPage
	}
	after, token, _ := strings.Cut(opts.PageToken, "\x00")
	cdk := []byte(token)
	if opts.PageToken == "" {
		after, cdk = opts.StartAfter, blob.FirstPageToken
	}
	objects, next, err := s.b.ListPage(ctx, cdk, size, &blob.ListOptions{Prefix: opts.Prefix, Delimiter: opts.Delimiter})
	if err != nil {
		return nil, classify(ctx, err, false)
	}
	page := new(storage.Page)
	for _, o := range objects {
		if o.Key <= after && after != "" {
			continue
		}
		if o.IsDir {
			page.Objects = append(page.Objects, &storage.Object{Key: o.Key, IsPrefix: true})
			continue
		}
		page.Objects = append(page.Objects, &storage.Object{Key: o.Key, Size: o.Size, ModTime: o.ModTime, ETag: storage.ETagNone, Checksums: storage.Checksums{MD5: o.MD5}})
	}
	slices.SortFunc(page.Objects, func(a, b *storage.Object) int { return strings.Compare(a.Key, b.Key) })
	if len(next) > 0 {
		page.NextToken = after + "\x00" + string(next)
	}
	return page, nil
}

// Copy copies within the bucket.
func (s *store) Copy(ctx context.Context, dst, src string, opts *storage.CopyOptions) (*storage.CopyResult, error) {
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

// SignURL signs as the driver can.
func (s *store) SignURL(ctx context.Context, key string, opts *storage.SignOptions) (*storage.SignedURL, error) {
	if opts.Method == http.MethodHead || opts.ContentLength != 0 || len(opts.Metadata) > 0 || opts.IfAbsent || opts.VersionID != "" ||
		opts.ResponseContentType != "" || opts.ResponseDisposition != "" {
		return nil, unsupported("options of a signed URL")
	}
	expires := time.Now().Add(opts.Expires)
	u, err := s.b.SignedURL(ctx, key, &blob.SignedURLOptions{Method: opts.Method, Expiry: opts.Expires, ContentType: opts.ContentType})
	if err != nil {
		return nil, classify(ctx, err, false)
	}
	signed := &storage.SignedURL{Method: opts.Method, URL: u, Expires: expires}
	if opts.ContentType != "" {
		signed.Header = map[string][]string{"Content-Type": {opts.ContentType}}
	}
	return signed, nil
}
