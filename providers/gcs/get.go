package gcs

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/polystore/storage"
)

// Get makes one GET of the XML API, whose headers have all attributes. Bytes come as they are stored: asking for gzip is what keeps the
// service from unpacking, https://cloud.google.com/storage/docs/transcoding.
func (s *Store) Get(ctx context.Context, key string, opts *storage.GetOptions) (*storage.GetResult, error) {
	if err := checkKey(key); err != nil {
		return nil, err
	}
	q := make(url.Values)
	if err := setVersion(q, "generation", opts.VersionID); err != nil {
		return nil, err
	}
	h := http.Header{"Accept-Encoding": {"gzip"}}
	if r := rangeHeader(opts.Offset, opts.Length); r != "" {
		h.Set("Range", r)
	}
	// The answer is held against all conditions. These two go along so that nothing is sent in vain, and so that a range of another
	// version is "refused" and not "not satisfiable".
	if validGeneration(opts.IfMatch) {
		h.Set(generationHeader, opts.IfMatch)
	}
	if !opts.IfModifiedSince.IsZero() && opts.IfNoneMatch == "" {
		h.Set("If-Modified-Since", opts.IfModifiedSince.UTC().Format(http.TimeFormat))
	}
	a := new(attempt)
	resp, err := s.send(ctx, a, request{method: http.MethodGet, url: withQuery(s.xmlObject(key), q), header: h})
	if err != nil {
		return nil, err
	}
	r, err := gotten(key, resp)
	if err == nil {
		err = readable(r.Object, &storage.StatOptions{IfMatch: opts.IfMatch, IfNoneMatch: opts.IfNoneMatch, IfModifiedSince: opts.IfModifiedSince})
	}
	if err != nil {
		drain(resp) // a short one, so that the connection stays; a long one is cut
		return nil, err
	}
	r.Body = &reader{ctx, resp.Body}
	return r, nil
}

// rangeHeader is empty for the whole object: a range of an empty object would be refused.
func rangeHeader(offset, length int64) string {
	switch {
	case offset < 0:
		return "bytes=" + strconv.FormatInt(offset, 10)
	case length > 0:
		return fmt.Sprintf("bytes=%d-%d", offset, offset+length-1)
	case offset > 0:
		return fmt.Sprintf("bytes=%d-", offset)
	}
	return ""
}

// gotten describes what an answer has.
func gotten(key string, resp *http.Response) (*storage.GetResult, error) {
	h := resp.Header
	modified, _ := http.ParseTime(h.Get("Last-Modified"))
	generation := h.Get("X-Goog-Generation")
	r := &storage.GetResult{
		Object: &storage.Object{
			Key:                key,
			Size:               resp.ContentLength,
			ETag:               etagOf(generation),
			VersionID:          generation,
			ModTime:            modified.In(time.UTC),
			ContentType:        h.Get("Content-Type"),
			ContentEncoding:    h.Get("Content-Encoding"),
			ContentDisposition: h.Get("Content-Disposition"),
			ContentLanguage:    h.Get("Content-Language"),
			CacheControl:       cacheControl(h),
			Metadata:           headerMetadata(h),
			StorageClass:       h.Get("X-Goog-Storage-Class"),
			Checksums:          headerSums(h), // of the whole object, also with a range
		},
		Length: resp.ContentLength,
	}
	if stored := h.Get("X-Goog-Stored-Content-Encoding"); stored != "" && stored != encodingOf(h) {
		return nil, &storage.Error{Kind: storage.ErrIntegrity, Err: &cause{text: "the bytes are stored as " + stored + " and came as " + encodingOf(h)}}
	}
	if v := h.Get("Content-Range"); resp.StatusCode == http.StatusPartialContent {
		if resp.ContentLength == 0 { // fake-gcs-server, for a suffix of an empty object
			return nil, &storage.Error{Kind: storage.ErrRange, Status: resp.StatusCode}
		}
		first, last, size, err := parseContentRange(v)
		if err != nil {
			return nil, &storage.Error{Kind: storage.ErrUnavailable, Err: err}
		}
		r.Offset, r.Length, r.Object.Size = first, last-first+1, size
	}
	if r.Length < 0 {
		return nil, &storage.Error{Kind: storage.ErrUnavailable, Err: &cause{text: "an answer without a length"}}
	}
	return r, nil
}

func encodingOf(h http.Header) string {
	if e := h.Get("Content-Encoding"); e != "" {
		return e
	}
	return "identity"
}

// cacheControl is empty for what the service says of objects that have none and are not public. (Of public ones it says "public,
// max-age=3600", as their owner may have done.)
func cacheControl(h http.Header) string {
	if v := h.Get("Cache-Control"); v != "private, max-age=0" {
		return v
	}
	return ""
}

// parseContentRange reads "bytes first-last/size".
func parseContentRange(v string) (first, last, size int64, err error) {
	bad := func() (int64, int64, int64, error) {
		return 0, 0, 0, fmt.Errorf("malformed Content-Range %q", v)
	}
	bounds, total, ok := strings.Cut(strings.TrimPrefix(v, "bytes "), "/")
	from, to, dash := strings.Cut(bounds, "-")
	if !ok || !dash || !strings.HasPrefix(v, "bytes ") {
		return bad()
	}
	var n [3]int64
	for i, text := range [...]string{from, to, total} {
		u, err := strconv.ParseUint(text, 10, 63)
		if err != nil {
			return bad()
		}
		n[i] = int64(u)
	}
	if n[0] > n[1] || n[1] >= n[2] {
		return bad()
	}
	return n[0], n[1], n[2], nil
}

// reader is a body that ends with its context, what has arrived already included, and names its errors.
type reader struct {
	ctx  context.Context
	body io.ReadCloser
}

func (r *reader) Read(p []byte) (int, error) {
	if ended := r.ctx.Err(); ended != nil {
		return 0, &storage.Error{Err: ended}
	}
	n, err := r.body.Read(p)
	if err == nil || err == io.EOF {
		return n, err
	}
	if ended := r.ctx.Err(); ended != nil {
		return n, &storage.Error{Err: ended}
	}
	return n, &storage.Error{Kind: storage.ErrUnavailable, Err: &cause{plainText(err), err}}
}

func (r *reader) Close() error { return r.body.Close() }
