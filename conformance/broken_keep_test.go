package conformance

import (
	"context"
	"io"

	"github.com/polystore/storage"
)

func brokenKeeping() []defect {
	untold := func(b *bench) { b.seen(func(o *storage.Object) { o.TagCount = 0 }) }
	return []defect{
		{"tags/read", "counts no tags", untold},
		{"tags/read", "keeps the tags of the object before", func(b *bench) {
			b.put = func(
				ctx context.Context, key string, body io.ReadSeeker, size int64,
				o *storage.PutOptions,
			) (*storage.Object, error) {
				merged := *o
				if old, err := b.inner.Tags(ctx, key, &storage.TagsOptions{}); err == nil &&
					merged.Tags == nil {
					merged.Tags = old
				}
				return b.inner.Put(ctx, key, body, size, &merged)
			}
		}},
		{"tags/read", "has no tags of what is missing", func(b *bench) {
			b.tags = func(
				ctx context.Context, key string, o *storage.TagsOptions,
			) (map[string]string, error) {
				tags, _ := b.inner.Tags(ctx, key, o)
				return tags, nil
			}
		}},
		{"tags/version", "returns the tags of the current version", func(b *bench) {
			b.tags = func(
				ctx context.Context, key string, _ *storage.TagsOptions,
			) (map[string]string, error) {
				return b.inner.Tags(ctx, key, &storage.TagsOptions{})
			}
		}},
		{"field/put-tags", "drops tags", func(b *bench) {
			b.putWith(func(o *storage.PutOptions) { o.Tags = nil })
		}},
		{"multipart/tags", "drops the tags of an upload", func(b *bench) {
			b.createWith(func(o *storage.PutOptions) { o.Tags = nil })
		}},
		{"copy/tags", "drops tags in Copy", func(b *bench) {
			b.copyWith(func(o *storage.CopyOptions) { o.Tags = nil })
		}},
		{"copy/keeps-tags", "copies an object without its tags", func(b *bench) {
			b.copy = func(
				ctx context.Context, dst, src string, o *storage.CopyOptions,
			) (*storage.CopyResult, error) {
				s, err := b.inner.Stat(ctx, src, &storage.StatOptions{})
				if err != nil || o.Replace {
					return b.inner.Copy(ctx, dst, src, o)
				}
				r := *o
				r.Replace, r.Metadata, r.ContentType = true, s.Metadata, s.ContentType
				return b.inner.Copy(ctx, dst, src, &r)
			}
		}},
		{"bucket/copy-keeps", "counts no tags", untold},
		{"bucket/copy-keeps-parts", "counts no tags", untold},
		{"bucket/replace-in-place", "counts no tags", untold},
		{"bucket/replace-in-place", "tells no class", func(b *bench) {
			b.statSeen(func(o *storage.Object) { o.StorageClass = "" })
		}},
		{"bucket/update-keeps", "counts no tags", untold},
		{"bucket/update-keeps", "tells no class with the bytes", func(b *bench) {
			b.get = func(
				ctx context.Context, key string, o *storage.GetOptions,
			) (*storage.GetResult, error) {
				r, err := b.inner.Get(ctx, key, o)
				if err == nil {
					r.Object.StorageClass = ""
				}
				return r, err
			}
		}},
		{"multipart/verified", "shows a wrong MD5 of an upload", func(b *bench) {
			b.completeWith(func(o *storage.PutOptions) { o.Verified.MD5 = nil })
			b.statSeen(func(o *storage.Object) { o.Checksums.MD5 = make([]byte, 16) })
		}},
		{"checksum/proven", "proves every sum", func(b *bench) {
			b.stat = func(
				ctx context.Context, key string, o *storage.StatOptions,
			) (*storage.Object, error) {
				r, err := b.inner.Stat(ctx, key, o)
				if err == nil && o.ProveChecksums {
					r.Checksums.CRC32C = make([]byte, 4)
				}
				return r, err
			}
		}},
		{"bucket/stale-sum", "proves every sum", func(b *bench) {
			b.stat = func(
				ctx context.Context, key string, o *storage.StatOptions,
			) (*storage.Object, error) {
				r, err := b.inner.Stat(ctx, key, o)
				if err == nil && o.ProveChecksums {
					r.Checksums.CRC32C = make([]byte, 4)
				}
				return r, err
			}
		}},
		{"bucket/allow-loss", "counts no tags", untold},
		{"bucket/allow-loss-class", "tells no class", func(b *bench) {
			b.seen(func(o *storage.Object) { o.StorageClass = "" })
		}},
	}
}
