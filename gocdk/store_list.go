package gocdk

import (
	"context"
	"slices"
	"strings"

	"github.com/polystore/storage"
	kit "github.com/polystore/storage/driver"
	"gocloud.dev/blob"
)

// ListPage lists. The Go CDK starts where its own token says, so StartAfter is found by reading up
// to it.
func (s *store) ListPage(ctx context.Context, opts *storage.ListOptions) (*storage.Page, error) {
	if err := kit.ContextErr(ctx); err != nil {
		return nil, err
	}
	size := kit.PageSize(opts.PageSize, maxPage) // the Go CDK makes room for all of it beforehand
	after, token := opts.StartAfter, blob.FirstPageToken
	if opts.PageToken != "" {
		both, err := kit.DecodeToken(opts.PageToken, 2)
		if err != nil {
			return nil, err
		}
		if both[1] == "" {
			return nil, kit.Invalidf("not a page token of this store")
		}
		after, token = both[0], []byte(both[1])
	}
	objects, next, err := s.b.ListPage(ctx, token, size, &blob.ListOptions{
		Prefix: opts.Prefix, Delimiter: opts.Delimiter,
	})
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
				Key: o.Key, Size: o.Size, ModTime: o.ModTime, ETag: storage.ETagNone,
				Checksums: storage.Checksums{MD5: o.MD5},
			})
		}
	}
	slices.SortFunc(page.Objects, func(a, b *storage.Object) int {
		return strings.Compare(a.Key, b.Key)
	})
	if len(next) > 0 {
		page.NextToken = kit.EncodeToken(after, string(next))
	}
	return page, nil
}
