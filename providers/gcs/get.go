package gcs

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strconv"

	"github.com/polystore/storage"
	"github.com/polystore/storage/driver"
	"github.com/polystore/storage/driver/httpdriver"
)

// Get makes one GET of the XML API, whose headers have all attributes. Bytes come as they are
// stored: asking for gzip is what keeps the service from unpacking,
// https://cloud.google.com/storage/docs/transcoding.
func (s *Store) Get(
	ctx context.Context, key string, opts *storage.GetOptions,
) (*storage.GetResult, error) {
	if err := s.checkAsked(key); err != nil {
		return nil, err
	}
	q := make(url.Values)
	if err := setVersion(q, "generation", opts.VersionID); err != nil {
		return nil, err
	}
	h := http.Header{"Accept-Encoding": {"gzip"}}
	if r := httpdriver.Range(opts); r != "" {
		h.Set("Range", r)
	}
	// The answer is held against all conditions: the service's own IfNoneMatch is for the JSON API
	// only, and its order of "missing" and "refused" is not documented. These two go along so that
	// nothing is sent in vain, and so that a range of another version is "refused" and not "not
	// satisfiable".
	if g := generationOf(opts.IfMatch); g != "" {
		h.Set(generationHeader, g)
	}
	if !opts.IfModifiedSince.IsZero() && opts.IfNoneMatch == "" {
		h.Set("If-Modified-Since", opts.IfModifiedSince.UTC().Format(http.TimeFormat))
	}
	a := new(attempt)
	a.Stream = true
	asked := driver.ReadConditions(opts)
	resp, err := s.send(
		ctx, a, request{method: http.MethodGet, url: withQuery(s.xmlObject(key), q), header: h},
	)
	unseen := opts.IfNoneMatch != "" || opts.IfMatch != "" && generationOf(opts.IfMatch) == ""
	if e, ok := err.(*storage.Error); ok && e.Kind == storage.ErrRange && unseen {
		// The service saw the range only, and conditions go first.
		if _, refused := s.Stat(ctx, key, asked); refused != nil {
			return nil, refused
		}
	}
	if err != nil {
		return nil, err
	}
	r, err := gotten(key, opts, resp)
	if err == nil && !s.emulator {
		r.Object.TagCount = -1
	}
	if err == nil {
		err = driver.CheckRead(asked, r.Object)
	}
	if err != nil {
		httpdriver.Drain(resp) // a short one, so that the connection stays; a long one is cut
		return nil, err
	}
	r.Body = driver.NewBody(ctx, resp.Body, r.Length)
	return r, nil
}

// gotten describes what an answer has.
func gotten(
	key string, asked *storage.GetOptions, resp *http.Response,
) (*storage.GetResult, error) {
	h := resp.Header
	generation := h.Get("X-Goog-Generation")
	r := &storage.GetResult{
		Object: &storage.Object{
			Key:                key,
			Size:               resp.ContentLength,
			ETag:               etagOf(generation),
			VersionID:          generation,
			ModTime:            httpdriver.ParseTime(h.Get("Last-Modified")),
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
	r.Classless = r.Object.StorageClass == "" // fake-gcs-server: only the JSON API tells
	if generation == "" {
		return nil, new(attempt).Foreign("an object without a generation")
	}
	if stored := h.Get("X-Goog-Stored-Content-Encoding"); stored != "" && stored != encodingOf(h) {
		return nil, &storage.Error{
			Kind: storage.ErrIntegrity,
			Err:  errors.New("the bytes are stored as " + stored + " and came as " + encodingOf(h)),
		}
	}
	stored, err := strconv.ParseInt(h.Get("X-Goog-Stored-Content-Length"), 10, 64)
	if err == nil && stored >= 0 && resp.StatusCode == http.StatusOK {
		if r.Length >= 0 && r.Length != stored {
			return nil, new(attempt).Foreign("an object of two lengths")
		}
		r.Length, r.Object.Size = stored, stored
	}
	if v := h.Get("Content-Range"); resp.StatusCode == http.StatusPartialContent {
		if resp.ContentLength == 0 { // fake-gcs-server, for a suffix of an empty object
			return nil, &storage.Error{Kind: storage.ErrRange, Status: resp.StatusCode}
		}
		if err := httpdriver.SetRange(r, asked, v); err != nil {
			return nil, err
		}
	}
	if r.Length < 0 && !httpdriver.Delimited(resp) { // nobody could tell a short body
		return nil, new(attempt).Foreign("an object without a length")
	}
	return r, nil
}

func encodingOf(h http.Header) string {
	if e := h.Get("Content-Encoding"); e != "" {
		return e
	}
	return "identity"
}

// cacheControl is empty for what the service says of objects that have none and are not public. (Of
// public ones it says "public, max-age=3600", as their owner may have done.)
func cacheControl(h http.Header) string {
	if v := h.Get("Cache-Control"); v != "private, max-age=0" {
		return v
	}
	return ""
}
