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
)

// PartLimits are small: an object of some kilobytes has parts.
func (s *Store) PartLimits(*storage.PutOptions) storage.PartLimits {
	return storage.PartLimits{Min: 1, Max: 1 << 30, Count: 10000, Parallel: true}
}

// named is an upload as the service speaks of it.
type named struct {
	ID    string
	ETag  string
	Parts []*storage.Part
}

// CreateUpload makes one request.
func (s *Store) CreateUpload(
	ctx context.Context, key string, opts *storage.PutOptions,
) (string, error) {
	h := make(http.Header)
	if err := set(h, opts); err != nil {
		return "", err
	}
	if driver.Given(&opts.Checksums) != 0 {
		return "", driver.Unsupportedf("checksums of an upload")
	}
	var u named
	_, err := s.do(ctx, &request{
		method: http.MethodPost, key: key, query: url.Values{"uploads": {""}}, header: h,
		into: &u, want: 201, write: true,
	})
	if err == nil && u.ID == "" {
		err = driver.Errorf(storage.ErrUnavailable, "an upload without an ID")
	}
	return u.ID, err
}

// PutPart makes one request, with the CRC-32C of the body.
func (s *Store) PutPart(
	ctx context.Context, key, id string, number int, body io.ReadSeeker, size int64,
	_ *storage.PartOptions,
) (*storage.Part, error) {
	if err := driver.CheckPartNumber(number, 10000); err != nil {
		return nil, err
	}
	h := make(http.Header)
	p, err := s.payload(ctx, body, size, h, nil)
	if err != nil {
		return nil, err
	}
	o, err := s.written(ctx, key, size, &request{
		method: http.MethodPut, key: key, header: h, body: p, want: 201, write: true,
		query: url.Values{"uploadId": {id}, "partNumber": {strconv.Itoa(number)}},
	})
	if err != nil {
		return nil, err
	}
	return &storage.Part{Number: number, Size: size, ETag: o.ETag}, nil
}

// CompleteUpload makes one request.
func (s *Store) CompleteUpload(
	ctx context.Context, key, id string, parts []*storage.Part, opts *storage.PutOptions,
) (*storage.Object, error) {
	err := cmp.Or(driver.CheckParts(parts, 10000), driver.CheckMatch(opts.IfMatch))
	if err != nil {
		return nil, err
	}
	h := make(http.Header)
	if err := set(h, opts); err != nil {
		return nil, err
	}
	return s.written(ctx, key, -1, &request{
		method: http.MethodPost, key: key, header: h, query: url.Values{"uploadId": {id}},
		document: named{Parts: parts}, want: 201, write: true,
		refused: refusedKind(opts.IfAbsent),
	})
}

// AbortUpload makes one request.
func (s *Store) AbortUpload(ctx context.Context, key, id string) error {
	resp, err := s.do(ctx, &request{
		method: http.MethodDelete, key: key, query: url.Values{"uploadId": {id}}, want: 204,
		write: true,
	})
	if err == nil {
		resp.Body.Close()
	}
	return err
}

// ListPartsPage makes one request.
func (s *Store) ListPartsPage(
	ctx context.Context, key, id string, opts *storage.ListPartsOptions,
) (*storage.PartPage, error) {
	page := new(storage.PartPage)
	_, err := s.do(ctx, &request{
		method: http.MethodGet, key: key, into: page, want: 200,
		query: url.Values{
			"uploadId": {id}, "size": {strconv.Itoa(opts.PageSize)}, "token": {opts.PageToken},
		},
	})
	if err != nil {
		return nil, err
	}
	return page, nil
}

// ListUploadsPage makes one request.
func (s *Store) ListUploadsPage(
	ctx context.Context, opts *storage.ListOptions,
) (*storage.UploadPage, error) {
	if err := driver.CheckListUploads(opts); err != nil {
		return nil, err
	}
	page := new(storage.UploadPage)
	_, err := s.do(ctx, &request{
		method: http.MethodGet, query: listQuery("uploads", opts), into: page, want: 200,
	})
	if err != nil {
		return nil, err
	}
	return page, nil
}
