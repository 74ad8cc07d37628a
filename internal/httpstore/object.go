package httpstore

import (
	"cmp"
	"context"
	"io"
	"net/http"
	"net/url"
	"strconv"

	"github.com/polystore/storage"
	"github.com/polystore/storage/driver"
	"github.com/polystore/storage/driver/httpdriver"
)

// Get makes one request.
func (s *Store) Get(
	ctx context.Context, key string, opts *storage.GetOptions,
) (*storage.GetResult, error) {
	h, err := conditions(driver.ReadConditions(opts))
	if err != nil {
		return nil, err
	}
	if r := httpdriver.Range(opts); r != "" {
		h.Set("Range", r)
	}
	resp, err := s.do(ctx, &request{method: http.MethodGet, key: key, header: h, want: 200})
	if err != nil {
		return nil, err
	}
	o, err := head(key, resp.Header)
	r := &storage.GetResult{Object: o, Length: resp.ContentLength}
	partial := resp.StatusCode == http.StatusPartialContent
	if v := resp.Header.Get("Content-Range"); err == nil && partial {
		err = httpdriver.SetRange(r, opts, v)
	} else if err == nil && o.Size != resp.ContentLength {
		err = driver.Errorf(storage.ErrUnavailable, "%d bytes of %d", resp.ContentLength, o.Size)
	} else if err == nil && h.Get("Range") != "" && opts.Offset > 0 {
		err = driver.Errorf(storage.ErrUnavailable, "%w: all instead of a range",
			httpdriver.ErrForeign)
	}
	if err != nil {
		resp.Body.Close()
		return nil, err
	}
	r.Body = driver.NewBody(ctx, resp.Body, r.Length)
	return r, nil
}

// Stat makes one request.
func (s *Store) Stat(
	ctx context.Context, key string, opts *storage.StatOptions,
) (*storage.Object, error) {
	h, err := conditions(opts)
	if err != nil {
		return nil, err
	}
	resp, err := s.do(ctx, &request{method: http.MethodHead, key: key, header: h, want: 200})
	if err != nil {
		return nil, err
	}
	resp.Body.Close()
	return head(key, resp.Header)
}

func conditions(o *storage.StatOptions) (http.Header, error) {
	if err := driver.Refuse("VersionID", o.VersionID != ""); err != nil {
		return nil, err
	}
	h := make(http.Header)
	for name, v := range map[string]string{"If-Match": o.IfMatch, "If-None-Match": o.IfNoneMatch} {
		if v != "" {
			h.Set(name, v)
		}
	}
	if !o.IfModifiedSince.IsZero() {
		h.Set("If-Modified-Since", o.IfModifiedSince.UTC().Format(http.TimeFormat))
	}
	return h, nil
}

// Put makes one request, with the CRC-32C of the body.
func (s *Store) Put(
	ctx context.Context, key string, body io.ReadSeeker, size int64, opts *storage.PutOptions,
) (*storage.Object, error) {
	h := make(http.Header)
	if err := cmp.Or(driver.CheckMatch(opts.IfMatch), set(h, opts)); err != nil {
		return nil, err
	}
	if given := driver.Given(&opts.Checksums); given&^driver.CRC32C != 0 {
		return nil, driver.Unsupportedf("checksums beside CRC32C")
	}
	p, err := s.payload(ctx, body, size, h, opts.Checksums.CRC32C)
	if err != nil {
		return nil, err
	}
	return s.written(ctx, key, size, &request{
		method: http.MethodPut, key: key, header: h, body: p, want: 201, write: true,
		refused: refusedKind(opts.IfAbsent),
	})
}

// payload is a body whose sum is in h: want, or what it is now.
func (s *Store) payload(
	ctx context.Context, body io.ReadSeeker, size int64, h http.Header, want []byte,
) (*driver.Payload, error) {
	if err := driver.ContextErr(ctx); err != nil {
		return nil, err
	}
	p, err := driver.NewPayload(body, size)
	if err != nil {
		return nil, err
	}
	if want == nil {
		sums, err := s.hasher.Sum(ctx, p, driver.CRC32C)
		if err != nil {
			return nil, err
		}
		want = sums.CRC32C
	}
	h.Set(crcHeader, httpdriver.EncodeSum(want))
	return p, nil
}

// written makes a request that writes an object of size bytes, -1 if that is not known.
func (s *Store) written(
	ctx context.Context, key string, size int64, r *request,
) (*storage.Object, error) {
	resp, err := s.do(ctx, r)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	etag := resp.Header.Get("ETag")
	if !driver.ValidETag(etag) {
		e := driver.Errorf(storage.ErrUnavailable, "%w: no ETag", httpdriver.ErrForeign)
		e.InDoubt = true
		return nil, e
	}
	return &storage.Object{Key: key, ETag: etag, Size: size}, nil
}

// Delete makes one request.
func (s *Store) Delete(ctx context.Context, key string, opts *storage.DeleteOptions) error {
	h := make(http.Header)
	if err := driver.CheckMatch(opts.IfMatch); err != nil {
		return err
	}
	if opts.IfMatch != "" {
		h.Set("If-Match", opts.IfMatch)
	}
	resp, err := s.do(ctx, &request{
		method: http.MethodDelete, key: key, header: h, want: 204, write: true,
	})
	if err == nil {
		resp.Body.Close()
	}
	return err
}

// ListPage makes one request.
func (s *Store) ListPage(
	ctx context.Context, opts *storage.ListOptions,
) (*storage.Page, error) {
	page := new(storage.Page)
	q := listQuery("list", opts)
	_, err := s.do(ctx, &request{method: http.MethodGet, query: q, into: page, want: 200})
	if err != nil {
		return nil, err
	}
	return page, nil
}

func listQuery(what string, o *storage.ListOptions) url.Values {
	return url.Values{
		what: {""}, "prefix": {o.Prefix}, "delimiter": {o.Delimiter}, "after": {o.StartAfter},
		"size": {strconv.Itoa(o.PageSize)}, "token": {o.PageToken},
	}
}

// Copy makes one request.
func (s *Store) Copy(
	ctx context.Context, dst, src string, opts *storage.CopyOptions,
) (*storage.CopyResult, error) {
	err := cmp.Or(
		driver.Refuse("SourceVersionID", opts.SourceVersionID != ""),
		driver.CheckMatch(opts.IfMatch), driver.CheckMatch(opts.SourceIfMatch))
	if err != nil {
		return nil, err
	}
	if opts.Token != "" {
		return nil, driver.Invalidf("a copy token")
	}
	h := make(http.Header)
	if err := set(h, driver.CopyPutOptions(opts)); err != nil {
		return nil, err
	}
	h.Set(copyFrom, url.PathEscape(src))
	if opts.Replace {
		h.Set(copyFrom+"-Replace", "1")
	}
	if opts.SourceIfMatch != "" {
		h.Set(copyFrom+"-If-Match", opts.SourceIfMatch)
	}
	o, err := s.written(ctx, dst, -1, &request{
		method: http.MethodPut, key: dst, header: h, want: 201, write: true,
		refused: refusedKind(opts.IfAbsent),
	})
	if err != nil {
		return nil, err
	}
	return &storage.CopyResult{Object: o}, nil
}

// MaxBatch is 100.
func (s *Store) MaxBatch() int { return 100 }

// DeleteBatch makes one request.
func (s *Store) DeleteBatch(
	ctx context.Context, keys []string, _ *storage.DeleteBatchOptions,
) ([]error, error) {
	if len(keys) > s.MaxBatch() {
		return nil, driver.Invalidf("%d keys", len(keys))
	}
	var deleted []bool
	_, err := s.do(ctx, &request{
		method: http.MethodPost, query: url.Values{"delete": {""}}, document: keys, into: &deleted,
		want: 200, write: true,
	})
	if err != nil {
		return nil, err
	}
	errs := make([]error, len(keys))
	for i := range keys {
		if i >= len(deleted) || !deleted[i] {
			errs[i] = driver.Errorf(storage.ErrUnavailable, "the service did not delete it")
		}
	}
	return errs, nil
}
