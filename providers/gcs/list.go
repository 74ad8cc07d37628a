package gcs

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/polystore/storage"
	"github.com/polystore/storage/driver"
	"github.com/polystore/storage/driver/httpdriver"
)

// listed is what of each object a list is asked for. Metadata would make pages ten times as long.
const listed = "kind,nextPageToken,prefixes," +
	"items(name,size,generation,updated,storageClass,contentType,crc32c,md5Hash)"

// endless is what a list is that says it goes on, and not where, or where it was.
const endless = "a list without an end"

// maxEntries is how many entries of a page are read: the service gives maxPage, an emulator may
// give all that it has. What is made of an entry takes a hundred times its bytes.
const maxEntries = 100_000

// few is a list of a page.
type few[T any] []T

// UnmarshalJSON implements [json.Unmarshaler].
func (f *few[T]) UnmarshalJSON(b []byte) error {
	d := json.NewDecoder(bytes.NewReader(b))
	if t, err := d.Token(); err != nil || t != json.Delim('[') {
		return err // null, or what is no list: nothing
	}
	for d.More() {
		if len(*f) == maxEntries {
			return fmt.Errorf("%w: it has more than %d entries", httpdriver.ErrForeign, maxEntries)
		}
		var v T
		if err := d.Decode(&v); err != nil {
			return err
		}
		*f = append(*f, v)
	}
	return nil
}

// ListPage makes one objects.list of the JSON API.
func (s *Store) ListPage(ctx context.Context, opts *storage.ListOptions) (*storage.Page, error) {
	start, err := driver.DecodeToken(opts.PageToken, 2)
	if err != nil {
		return nil, err
	}
	after, token := start[0], start[1]
	if opts.PageToken == "" {
		after = opts.StartAfter
	}
	ours := s.emulator && opts.Delimiter != "" // to roll up
	delimiter, size := opts.Delimiter, opts.PageSize
	if ours {
		delimiter, size = "", 0
	}
	q := url.Values{"fields": {listed}}
	for name, v := range map[string]string{
		"prefix": opts.Prefix, "delimiter": delimiter, "startOffset": after, "pageToken": token,
	} {
		if v != "" {
			q.Set(name, v)
		}
	}
	if size > 0 {
		q.Set("maxResults", strconv.Itoa(min(size, maxPage)))
	}
	var answer struct {
		Kind          string
		Items         few[resource]
		Prefixes      few[string]
		NextPageToken string
	}
	a := new(attempt).ofBucket()
	if err := s.sendJSON(
		ctx, a, request{method: http.MethodGet, url: withQuery(s.jsonObjects(), q)}, &answer,
	); err != nil {
		return nil, err
	}
	if answer.Kind == "" {
		return nil, a.Foreign("a document that is no list")
	}
	page := &storage.Page{
		Objects: make([]*storage.Object, 0, len(answer.Items)+len(answer.Prefixes)),
	}
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
	if slices.ContainsFunc(page.Objects, func(o *storage.Object) bool {
		return !strings.HasPrefix(o.Key, opts.Prefix)
	}) {
		return nil, a.Foreign("names without the prefix that was asked for")
	}
	slices.SortFunc(
		page.Objects, func(x, y *storage.Object) int { return strings.Compare(x.Key, y.Key) },
	)
	if ours {
		page, err = rollUp(page.Objects, opts, after)
		if err != nil || page.NextToken != "" {
			return page, err
		}
		if n := len(page.Objects); n > 0 {
			after = page.Objects[n-1].Key
		}
	}
	if next := answer.NextPageToken; next != "" {
		if next == token {
			return nil, a.Foreign(endless)
		}
		page.NextToken = driver.EncodeToken(after, next)
	}
	return page, nil
}

// rollUp makes a page of a delimited list from the keys of a flat one, in order; it has a token
// where it does not hold them all. An emulator's own delimited lists repeat all prefixes on each
// page and take a delimiter for one byte (fake-gcs-server).
func rollUp(
	flat []*storage.Object, opts *storage.ListOptions, after string,
) (*storage.Page, error) {
	own := &storage.ListOptions{
		Prefix: opts.Prefix, Delimiter: opts.Delimiter, StartAfter: after, PageSize: opts.PageSize,
	}
	walk := func(from string, yield func(*storage.Object) bool) error {
		for _, o := range flat {
			if o.Key >= from && !yield(o) {
				break
			}
		}
		return nil
	}
	page, err := driver.ListPage(own, maxPage, walk)
	if err == nil && page.NextToken != "" {
		page.NextToken = driver.EncodeToken(page.Objects[len(page.Objects)-1].Key, "")
	}
	return page, err
}
