package conformance

import (
	"cmp"
	"context"
	"errors"
	"io"
	"path"
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"

	"github.com/polystore/storage"
)

func brokenLists() []defect {
	return []defect{
		{"list/order", "sorts by UTF-16", func(b *bench) {
			b.listed(func(page *storage.Page, _ *storage.ListOptions) {
				slices.SortFunc(page.Objects, func(x, y *storage.Object) int {
					return slices.Compare(utf16.Encode([]rune(x.Key)), utf16.Encode([]rune(y.Key)))
				})
			})
		}},
		{"list/delimiter", "lists prefixes behind objects", func(b *bench) {
			b.listed(func(page *storage.Page, _ *storage.ListOptions) {
				slices.SortStableFunc(page.Objects, func(x, y *storage.Object) int {
					return cmp.Compare(strconv.FormatBool(x.IsPrefix),
						strconv.FormatBool(y.IsPrefix))
				})
			})
		}},
		{"list/any-delimiter", "knows the slash only", func(b *bench) {
			b.listWith(func(o *storage.ListOptions) {
				if o.Delimiter != "" {
					o.Delimiter = "/"
				}
			})
		}},
		{"list/prefix", "takes a prefix for a directory", func(b *bench) {
			b.listWith(func(o *storage.ListOptions) {
				o.Prefix = strings.TrimSuffix(o.Prefix, "/") + "/"
			})
		}},
		{"list/prefix", "takes a prefix that is a key for all that there is", func(b *bench) {
			b.listed(func(page *storage.Page, o *storage.ListOptions) {
				if o.PageSize == 1 && len(page.Objects) > 0 && page.Objects[0].Key == o.Prefix {
					page.NextToken = ""
				}
			})
		}},
		{"list/start-after", "starts at StartAfter", func(b *bench) {
			b.list = func(ctx context.Context, o *storage.ListOptions) (*storage.Page, error) {
				page, err := b.inner.ListPage(ctx, o)
				if err == nil && o.PageToken == "" && strings.HasPrefix(o.StartAfter, o.Prefix) &&
					o.Delimiter == "" {
					if at, err := b.inner.Stat(ctx, o.StartAfter,
						&storage.StatOptions{}); err == nil {
						page.Objects = append([]*storage.Object{at}, page.Objects...)
					}
				}
				return page, err
			}
		}},
		{"list/start-after-prefix", "lists the prefix that StartAfter lies in", func(b *bench) {
			b.list = func(ctx context.Context, o *storage.ListOptions) (*storage.Page, error) {
				changed := *o
				if i := strings.LastIndex(o.StartAfter, "/"); i >= len(o.Prefix) {
					changed.StartAfter = o.StartAfter[:i]
				}
				return b.inner.ListPage(ctx, &changed)
			}
		}},
		{"list/token-wins", "lets StartAfter win over PageToken", func(b *bench) {
			b.listWith(func(o *storage.ListOptions) {
				if o.StartAfter != "" {
					o.PageToken = ""
				}
			})
		}},
		{"list/page-size", "ignores PageSize", func(b *bench) {
			b.listWith(func(o *storage.ListOptions) { o.PageSize = 0 })
		}},
		{"list/nothing", "misses what it is to list", func(b *bench) {
			b.list = func(ctx context.Context, o *storage.ListOptions) (*storage.Page, error) {
				page, err := b.inner.ListPage(ctx, o)
				if err == nil && len(page.Objects) == 0 {
					return nil, &storage.Error{Kind: storage.ErrNotExist}
				}
				return page, err
			}
		}},
		{"list/attributes", "lists no sizes", func(b *bench) {
			b.listed(func(page *storage.Page, _ *storage.ListOptions) {
				for _, o := range page.Objects {
					o.Size = 0
				}
			})
		}},
		{"list/etag", "lists weak ETags", func(b *bench) {
			b.listed(func(page *storage.Page, _ *storage.ListOptions) {
				for _, o := range page.Objects {
					o.ETag = "W/" + o.ETag
				}
			})
		}},
		{"list/prefix-entry", "gives a prefix an ETag", func(b *bench) {
			b.listed(func(page *storage.Page, _ *storage.ListOptions) {
				for _, o := range page.Objects {
					if o.IsPrefix {
						o.ETag = `"prefix"`
					}
				}
			})
		}},
		{"list/changes-meanwhile", "counts entries in its tokens", func(b *bench) {
			b.list = func(ctx context.Context, o *storage.ListOptions) (*storage.Page, error) {
				from, _ := strconv.Atoi(o.PageToken)
				all, err := b.inner.ListPage(ctx, &storage.ListOptions{Prefix: o.Prefix})
				if err != nil {
					return nil, err
				}
				page := &storage.Page{Objects: all.Objects[min(from, len(all.Objects)):]}
				if n := o.PageSize; n > 0 && len(page.Objects) > n {
					page.Objects, page.NextToken = page.Objects[:n], strconv.Itoa(from+n)
				}
				return page, nil
			}
		}},
		{"list/split", "loses the first key behind a StartAfter", func(b *bench) {
			b.listed(func(page *storage.Page, o *storage.ListOptions) {
				if o.StartAfter != "" && o.PageToken == "" && len(page.Objects) > 0 {
					page.Objects = page.Objects[1:]
				}
			})
		}},
		{"list/split", "gives StartAfter itself again", func(b *bench) {
			b.list = func(ctx context.Context, o *storage.ListOptions) (*storage.Page, error) {
				page, err := b.inner.ListPage(ctx, o)
				if err == nil && o.PageToken == "" && o.StartAfter != "" {
					at := &storage.Object{Key: o.StartAfter}
					page.Objects = append([]*storage.Object{at}, page.Objects...)
				}
				return page, err
			}
		}},
		{"list/many", "loses the first entry of every page but the first", func(b *bench) {
			b.listed(func(page *storage.Page, o *storage.ListOptions) {
				if o.PageToken != "" && len(page.Objects) > 0 {
					page.Objects = page.Objects[1:]
				}
			})
		}},
	}
}

// rename makes every method see another key than the one it is given.
func (b *bench) rename(change func(string) string) {
	b.get = func(
		ctx context.Context, key string, o *storage.GetOptions,
	) (*storage.GetResult, error) {
		r, err := b.inner.Get(ctx, change(key), o)
		if err == nil {
			r.Object.Key = key
		}
		return r, err
	}
	b.put = func(
		ctx context.Context, key string, body io.ReadSeeker, size int64, o *storage.PutOptions,
	) (*storage.Object, error) {
		r, err := b.inner.Put(ctx, change(key), body, size, o)
		if err == nil {
			r.Key = key
		}
		return r, err
	}
	b.stat = func(
		ctx context.Context, key string, o *storage.StatOptions,
	) (*storage.Object, error) {
		r, err := b.inner.Stat(ctx, change(key), o)
		if err == nil {
			r.Key = key
		}
		return r, err
	}
	b.del = func(ctx context.Context, key string, o *storage.DeleteOptions) error {
		return b.inner.Delete(ctx, change(key), o)
	}
}

func brokenKeys() []defect {
	return []defect{
		{"key/portable", "takes + for a space", func(b *bench) {
			b.rename(func(key string) string { return strings.ReplaceAll(key, "+", " ") })
		}},
		{"key/long", "has room for 255 bytes", func(b *bench) {
			b.put = func(
				ctx context.Context, key string, body io.ReadSeeker, size int64,
				o *storage.PutOptions,
			) (*storage.Object, error) {
				if len(key) > 255 {
					return nil, &storage.Error{
						Kind: storage.ErrInvalidKey,
						Err:  errors.New("file name too long"),
					}
				}
				return b.inner.Put(ctx, key, body, size, o)
			}
		}},
		{"key/odd", "cleans paths", func(b *bench) { b.rename(path.Clean) }},
		{"key/coexist", "loses what lies below an object", func(b *bench) {
			b.list = func(ctx context.Context, o *storage.ListOptions) (*storage.Page, error) {
				page, err := b.inner.ListPage(ctx, o)
				if err == nil {
					page.Objects = slices.DeleteFunc(page.Objects, func(x *storage.Object) bool {
						_, err := b.inner.Stat(ctx, path.Dir(x.Key), &storage.StatOptions{})
						return err == nil
					})
				}
				return page, err
			}
		}},
		{"key/case", "folds case", func(b *bench) { b.rename(strings.ToLower) }},
		{"key/normal-forms", "normalises keys", func(b *bench) {
			b.rename(func(key string) string { return strings.ReplaceAll(key, "e\u0301", "é") })
		}},
	}
}
