package gcs

import (
	"cmp"
	"context"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/polystore/storage"
)

// ListUploadsPage makes one request: it lists XML multipart uploads. The service has no list of its resumable sessions, which end by
// themselves within a week; on an emulator, where there is nothing else, it is errors.ErrUnsupported.
func (s *Store) ListUploadsPage(ctx context.Context, opts *storage.ListOptions) (*storage.UploadPage, error) {
	if opts.Delimiter != "" || opts.StartAfter != "" {
		return nil, unsupported("Delimiter and StartAfter of uploads")
	}
	if s.emulator {
		return nil, unsupported("listing uploads on an emulator")
	}
	q := url.Values{"uploads": {""}, "encoding-type": {"url"}}
	if opts.Prefix != "" {
		q.Set("prefix", opts.Prefix)
	}
	if opts.PageSize > 0 {
		q.Set("max-uploads", strconv.Itoa(min(opts.PageSize, maxPage)))
	}
	if opts.PageToken != "" {
		key, id, err := splitToken(opts.PageToken)
		if err != nil {
			return nil, err
		}
		q.Set("key-marker", key)
		if id != "" {
			q.Set("upload-id-marker", id)
		}
	}
	var answer uploadList
	a := &attempt{missing: storage.ErrNoBucket}
	if _, err := s.sendXML(ctx, a, request{method: http.MethodGet, url: withQuery(s.xmlBucket(), q)}, "ListMultipartUploadsResult", &answer); err != nil {
		return nil, err
	}
	page := new(storage.UploadPage)
	for _, u := range answer.Upload {
		page.Uploads = append(page.Uploads, &storage.Upload{Key: answer.decode(u.Key), ID: "m" + u.UploadId, Created: u.Initiated})
	}
	slices.SortFunc(page.Uploads, func(x, y *storage.Upload) int {
		return cmp.Or(strings.Compare(x.Key, y.Key), strings.Compare(x.ID, y.ID))
	})
	if answer.IsTruncated {
		page.NextToken = joinToken(answer.decode(answer.NextKeyMarker), answer.NextUploadIdMarker)
		if answer.NextKeyMarker == "" || page.NextToken == opts.PageToken {
			return nil, unanswered(a, endless)
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

// ListPartsPage makes one request for an XML multipart upload, and none for a resumable session, whose parts only this Store tells apart.
func (s *Store) ListPartsPage(ctx context.Context, key, uploadID string, opts *storage.ListPartsOptions) (*storage.PartPage, error) {
	if err := checkKey(key); err != nil {
		return nil, err
	}
	if id, ok := multipartID(uploadID); ok {
		return s.listMultipart(ctx, key, id, opts)
	}
	u, err := s.sessions.get(key, uploadID)
	if err != nil {
		return nil, err
	}
	return u.page(opts)
}
