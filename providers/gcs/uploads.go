package gcs

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/polystore/storage"
	"github.com/polystore/storage/driver"
)

// ListUploadsPage makes one request: it lists XML multipart uploads. The service has no list of its
// resumable sessions, which end by themselves within a week; on an emulator, where there is nothing
// else, it is errors.ErrUnsupported.
func (s *Store) ListUploadsPage(
	ctx context.Context, opts *storage.ListOptions,
) (*storage.UploadPage, error) {
	if s.emulator {
		return nil, driver.Unsupportedf("listing uploads on an emulator")
	}
	if err := driver.CheckListUploads(opts); err != nil {
		return nil, err
	}
	marker, err := driver.DecodeToken(opts.PageToken, 2)
	if err != nil {
		return nil, err
	}
	q := url.Values{"uploads": {""}, "encoding-type": {"url"}}
	if opts.Prefix != "" {
		q.Set("prefix", opts.Prefix)
	}
	if opts.PageSize > 0 {
		q.Set("max-uploads", strconv.Itoa(min(opts.PageSize, maxPage)))
	}
	for i, name := range [...]string{"key-marker", "upload-id-marker"} {
		if marker[i] != "" {
			q.Set(name, marker[i])
		}
	}
	var answer uploadList
	a := new(attempt).ofBucket()
	if _, err := s.sendXML(
		ctx, a, request{method: http.MethodGet, url: withQuery(s.xmlBucket(), q)},
		"ListMultipartUploadsResult", &answer,
	); err != nil {
		return nil, err
	}
	page := new(storage.UploadPage)
	for _, u := range answer.Upload {
		page.Uploads = append(
			page.Uploads,
			&storage.Upload{Key: answer.decode(u.Key), ID: "m" + u.UploadId, Created: u.Initiated},
		)
	}
	if slices.ContainsFunc(page.Uploads, func(u *storage.Upload) bool {
		return !strings.HasPrefix(u.Key, opts.Prefix)
	}) {
		return nil, a.Foreign("uploads without the prefix that was asked for")
	}
	slices.SortFunc(page.Uploads, driver.CompareUploads)
	if answer.IsTruncated {
		page.NextToken = driver.EncodeToken(
			answer.decode(answer.NextKeyMarker), answer.NextUploadIdMarker,
		)
		if answer.NextKeyMarker == "" || page.NextToken == opts.PageToken {
			return nil, a.Foreign(endless)
		}
	}
	return page, nil
}

// decode undoes encoding-type=url, if the service did as it was told.
func (l *uploadList) decode(key string) string {
	if l.EncodingType != "url" {
		return key
	}
	if d, err := url.QueryUnescape(key); err == nil {
		return d
	}
	return key
}
