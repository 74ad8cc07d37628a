package conformance

import (
	"context"
	"io"
	"maps"
	"path"
	"strings"

	"github.com/polystore/storage"
)

// brokenForeign is what a driver can do to objects that it would not have written.
func brokenForeign() []defect {
	refuse := func(key string) error {
		if storage.PortableKey(key) != nil {
			return &storage.Error{Kind: storage.ErrInvalidKey}
		}
		return nil
	}
	return []defect{
		{"foreign/listed", "describes only what it would write", func(b *bench) {
			b.stat = func(
				ctx context.Context, key string, o *storage.StatOptions,
			) (*storage.Object, error) {
				if err := refuse(key); err != nil {
					return nil, err
				}
				return b.inner.Stat(ctx, key, o)
			}
		}},
		{"foreign/listed", "reads only what it would write", func(b *bench) {
			b.get = func(
				ctx context.Context, key string, o *storage.GetOptions,
			) (*storage.GetResult, error) {
				if err := refuse(key); err != nil {
					return nil, err
				}
				return b.inner.Get(ctx, key, o)
			}
		}},
		{"foreign/listed", "copies only what it would write", func(b *bench) {
			b.copy = func(
				ctx context.Context, dst, src string, o *storage.CopyOptions,
			) (*storage.CopyResult, error) {
				if err := refuse(src); err != nil {
					return nil, err
				}
				return b.inner.Copy(ctx, dst, src, o)
			}
		}},
		{"foreign/listed", "deletes only what it would write", func(b *bench) {
			b.del = func(ctx context.Context, key string, o *storage.DeleteOptions) error {
				if err := refuse(key); err != nil {
					return err
				}
				return b.inner.Delete(ctx, key, o)
			}
		}},
		{"foreign/listed", "leaves markers in a batch", func(b *bench) {
			b.batch = func(
				ctx context.Context, keys []string, o *storage.DeleteBatchOptions,
			) ([]error, error) {
				var some []string
				for _, key := range keys {
					if !strings.HasSuffix(key, "/") {
						some = append(some, key)
					}
				}
				if _, err := b.inner.DeleteBatch(ctx, some, o); err != nil {
					return nil, err
				}
				return make([]error, len(keys)), nil
			}
		}},
		{"foreign/apart", "cleans paths before it deletes", func(b *bench) {
			b.del = func(ctx context.Context, key string, o *storage.DeleteOptions) error {
				return b.inner.Delete(ctx, path.Clean(key), o)
			}
		}},
		{"foreign/apart", "cleans paths before it reads", func(b *bench) {
			b.stat = func(
				ctx context.Context, key string, o *storage.StatOptions,
			) (*storage.Object, error) {
				return b.inner.Stat(ctx, path.Clean(key), o)
			}
		}},
		{"foreign/view", "says that markers are gone", func(b *bench) {
			b.del = func(ctx context.Context, key string, o *storage.DeleteOptions) error {
				if strings.HasSuffix(key, "/") {
					return nil
				}
				return b.inner.Delete(ctx, key, o)
			}
			b.noBatch = true
		}},
		{"foreign/headers", "drops what is not ASCII", func(b *bench) {
			b.putWith(func(o *storage.PutOptions) {
				o.ContentDisposition = strings.Map(func(r rune) rune {
					if r > 0x7e {
						return -1
					}
					return r
				}, o.ContentDisposition)
			})
		}},
		{"foreign/headers", "drops metadata with odd names", func(b *bench) {
			b.putWith(func(o *storage.PutOptions) { o.Metadata = withoutOdd(o.Metadata) })
		}},
		{"foreign/update", "refuses in a conditional write what it has", func(b *bench) {
			b.put = func(
				ctx context.Context, key string, body io.ReadSeeker, size int64,
				o *storage.PutOptions,
			) (*storage.Object, error) {
				if o.IfMatch != "" && o.Metadata["_owner"] != "" {
					return nil, &storage.Error{Kind: storage.ErrInvalid}
				}
				return b.inner.Put(ctx, key, body, size, o)
			}
		}},
		{"foreign/copy", "drops metadata with odd names in a copy with Replace", func(b *bench) {
			b.copy = func(
				ctx context.Context, dst, src string, o *storage.CopyOptions,
			) (*storage.CopyResult, error) {
				changed := *o
				changed.Metadata = withoutOdd(o.Metadata)
				return b.inner.Copy(ctx, dst, src, &changed)
			}
		}},
	}
}

// withoutOdd returns m without the entries whose names a Bucket would not write.
func withoutOdd(m map[string]string) map[string]string {
	m = maps.Clone(m)
	maps.DeleteFunc(m, func(name, _ string) bool { return strings.ContainsAny(name, "_! ") })
	return m
}
