package gcs

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/polystore/storage"
)

// listed is what of each object a list is asked for. Metadata would make pages ten times as long.
const listed = "nextPageToken,prefixes,items(name,size,generation,updated,storageClass,contentType,crc32c,md5Hash)"

// endless is what a list is that says it goes on, and not where, or where it was.
const endless = "a list without an end"

// ListPage makes one objects.list of the JSON API.
func (s *Store) ListPage(ctx context.Context, opts *storage.ListOptions) (*storage.Page, error) {
	after, token := opts.StartAfter, ""
	if opts.PageToken != "" {
		var err error
		if after, token, err = splitToken(opts.PageToken); err != nil {
			return nil, err
		}
	}
	ours := s.emulator && opts.Delimiter != "" // to roll up
	delimiter, size := opts.Delimiter, opts.PageSize
	if ours {
		delimiter, size = "", 0
	}
	q := url.Values{"fields": {listed}}
	for name, v := range map[string]string{"prefix": opts.Prefix, "delimiter": delimiter, "startOffset": after, "pageToken": token} {
		if v != "" {
			q.Set(name, v)
		}
	}
	if size > 0 {
		q.Set("maxResults", strconv.Itoa(min(size, maxPage)))
	}
	var answer struct {
		Items         []resource
		Prefixes      []string
		NextPageToken string
	}
	a := &attempt{missing: storage.ErrNoBucket}
	if err := s.sendJSON(ctx, a, request{method: http.MethodGet, url: withQuery(s.jsonObjects(), q)}, &answer); err != nil {
		return nil, err
	}
	page := &storage.Page{Objects: make([]*storage.Object, 0, len(answer.Items)+len(answer.Prefixes))}
	for i := range answer.Items {
		// startOffset is inclusive.
		if r := &answer.Items[i]; after == "" || r.Name > after {
			o := r.written(r.Name)
			o.ContentType, o.StorageClass = r.ContentType, r.StorageClass
			page.Objects = append(page.Objects, o)
		}
	}
	for _, prefix := range answer.Prefixes {
		// A prefix is listed as long as it has keys behind startOffset.
		if after == "" || prefix > after {
			page.Objects = append(page.Objects, &storage.Object{Key: prefix, IsPrefix: true})
		}
	}
	slices.SortFunc(page.Objects, func(x, y *storage.Object) int { return strings.Compare(x.Key, y.Key) })
	if ours {
		var more bool
		page.Objects, more = rollUp(page.Objects, opts, after)
		if n := len(page.Objects); more {
			page.NextToken = joinToken(page.Objects[n-1].Key, "")
			return page, nil
		} else if n > 0 {
			after = page.Objects[n-1].Key
		}
	}
	if next := answer.NextPageToken; next != "" {
		if next == token {
			return nil, unanswered(a, endless)
		}
		page.NextToken = joinToken(after, next)
	}
	return page, nil
}
