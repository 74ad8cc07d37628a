package gocdk

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/polystore/storage"
	"gocloud.dev/blob"
)

// ListPage lists. The Go CDK starts where its own token says, so StartAfter is found by reading up to it.
func (s *store) ListPage(ctx context.Context, opts *storage.ListOptions) (*storage.Page, error) {
	if err := alive(ctx); err != nil {
		return nil, err
	}
	size := opts.PageSize
	if size == 0 || size > defaultPage { // the Go CDK makes room for all of it beforehand
		size = defaultPage
	}
	after, token := opts.StartAfter, blob.FirstPageToken
	if opts.PageToken != "" {
		first, second, ok := splitToken(opts.PageToken)
		if !ok || second == "" {
			return nil, &storage.Error{Kind: storage.ErrInvalid, Err: errors.New("not a page token of this store")}
		}
		after, token = first, []byte(second)
	}
	objects, next, err := s.b.ListPage(ctx, token, size, &blob.ListOptions{Prefix: opts.Prefix, Delimiter: opts.Delimiter})
	if err != nil {
		return nil, classify(ctx, err, meaning{notFound: storage.ErrNoBucket})
	}
	page := new(storage.Page)
	for _, o := range objects {
		switch {
		case after != "" && o.Key <= after:
		case o.IsDir:
			page.Objects = append(page.Objects, &storage.Object{Key: o.Key, IsPrefix: true})
		default:
			page.Objects = append(page.Objects, &storage.Object{
				Key: o.Key, Size: o.Size, ModTime: o.ModTime, ETag: storage.ETagNone, Checksums: storage.Checksums{MD5: o.MD5},
			})
		}
	}
	slices.SortFunc(page.Objects, func(a, b *storage.Object) int { return strings.Compare(a.Key, b.Key) })
	if len(next) > 0 {
		page.NextToken = joinToken(after, string(next))
	}
	return page, nil
}
