package conformance

import (
	"bytes"
	"context"
	"fmt"
	"strings"

	"github.com/polystore/storage"
)

// bucketETagChecks hold every path of a Bucket that takes an ETag to both of its spellings.
var bucketETagChecks = []check{
	{
		name: "bucket/etag-read", feature: Buckets,
		rule: "rule 7: reads take an ETag without its quotes, too, and mean the same",
		run: bare(func(ctx context.Context, e *env, old, now string) error {
			for name, read := range conditionalReads(e.bucket(nil)) {
				for _, tc := range []struct {
					what string
					opts storage.GetOptions
					want error
				}{
					{"bare IfMatch", storage.GetOptions{IfMatch: now}, nil},
					{"old bare IfMatch", storage.GetOptions{IfMatch: old}, storage.ErrPrecondition},
					{"bare IfNoneMatch", storage.GetOptions{IfNoneMatch: now},
						storage.ErrNotModified},
					{"old bare IfNoneMatch", storage.GetOptions{IfNoneMatch: old}, nil},
				} {
					e.got(name+" with the "+tc.what, read(ctx, tc.opts), tc.want)
				}
			}
			return nil
		}),
	},
	{
		name: "bucket/etag-write", feature: Buckets, needs: []Feature{IfMatch},
		rule: "rule 7: writes take an ETag without its quotes, too, and mean the same",
		run: bare(func(ctx context.Context, e *env, old, now string) error {
			return e.bareWrites(ctx, e.bucket(nil), 100, old, now)
		}),
	},
	{
		name: "bucket/etag-parts", feature: Buckets, needs: []Feature{IfMatch, MultipartConditions},
		rule: "rule 7: writes in parts take an ETag without its quotes, too, and mean the same",
		run: bare(func(ctx context.Context, e *env, old, now string) error {
			part := e.part()
			return e.bareWrites(ctx, e.bucket(&storage.Options{PartSize: part}), int(part)+100,
				old, now)
		}),
	},
	{
		name: "bucket/etag-copy", feature: Buckets, needs: []Feature{IfMatch},
		rule: "rule 7: Copy takes both of its ETags without their quotes, too, and means the same",
		run: bare(func(ctx context.Context, e *env, old, now string) error {
			b := e.bucket(nil)
			dst, err := b.Put(ctx, "dst", strings.NewReader("dst"), nil)
			if err != nil {
				return err
			}
			for _, opts := range []storage.CopyOptions{{SourceIfMatch: old}, {IfMatch: old}} {
				_, err := b.Copy(ctx, "dst", "k", &opts)
				what := fmt.Sprintf("Copy with SourceIfMatch %s, IfMatch %s", opts.SourceIfMatch,
					opts.IfMatch)
				e.got(what, err, storage.ErrPrecondition)
			}
			e.holds(ctx, e.key("dst"), []byte("dst"))
			opts := &storage.CopyOptions{SourceIfMatch: now, IfMatch: unquoted(dst.ETag)}
			_, err = b.Copy(ctx, "dst", "k", opts)
			if e.got("Copy with bare ETags", err, nil) {
				e.holds(ctx, e.key("dst"), []byte("second"))
			}
			return nil
		}),
	},
	{
		name: "bucket/etag-delete", feature: Buckets, needs: []Feature{DeleteIfMatch},
		rule: "rule 7: Delete takes an ETag without its quotes, too, and means the same",
		run: bare(func(ctx context.Context, e *env, old, now string) error {
			b := e.bucket(nil)
			err := b.Delete(ctx, "k", &storage.DeleteOptions{IfMatch: old})
			e.got("Delete with an old bare IfMatch", err, storage.ErrPrecondition)
			e.holds(ctx, e.key("k"), []byte("second"))
			err = b.Delete(ctx, "k", &storage.DeleteOptions{IfMatch: now})
			e.got("Delete with a bare IfMatch", err, nil)
			e.missing(ctx, e.key("k"))
			return nil
		}),
	},
	{
		name: "bucket/etag-star", feature: Buckets,
		rule: "rule 7: what can be no ETag, * before all, is ErrInvalid in any condition, at no " +
			"request",
		run: changed(func(ctx context.Context, e *env, key, _, _ string) {
			b := e.bucket(nil)
			before := e.tracked.requests.Load()
			for _, tag := range []string{"*", `"*"`, `"open`, `"`, `""`, "a\nb"} {
				invalid := func(what string, err error) {
					e.got(fmt.Sprintf("%s %q", what, tag), err, storage.ErrInvalid)
				}
				for name, read := range conditionalReads(b) {
					invalid(name+" with IfMatch", read(ctx, storage.GetOptions{IfMatch: tag}))
					invalid(name+" with IfNoneMatch",
						read(ctx, storage.GetOptions{IfNoneMatch: tag}))
				}
				for name, write := range conditionalWrites(b) {
					_, err := write(ctx, []byte("x"), tag)
					invalid(name+" with IfMatch", err)
				}
				_, err := b.Copy(ctx, "dst", "k", &storage.CopyOptions{IfMatch: tag})
				invalid("Copy with IfMatch", err)
				_, err = b.Copy(ctx, "dst", "k", &storage.CopyOptions{SourceIfMatch: tag})
				invalid("Copy with SourceIfMatch", err)
				invalid("Delete with IfMatch",
					b.Delete(ctx, "k", &storage.DeleteOptions{IfMatch: tag}))
			}
			if n := e.tracked.requests.Load() - before; n > 0 {
				e.errorf("%d requests were made", n)
			}
			e.holds(ctx, key, []byte("second"))
		}),
	},
}

type (
	conditionalRead  func(ctx context.Context, o storage.GetOptions) error
	conditionalWrite func(ctx context.Context, data []byte, ifMatch string) (*storage.Object, error)
)

// unquoted is an ETag without its quotes.
func unquoted(etag string) string { return strings.Trim(etag, `"`) }

// bare is a check on an object that was written twice, with both of its ETags without their quotes.
func bare(
	fn func(ctx context.Context, e *env, old, now string) error,
) func(context.Context, *env) error {
	return func(ctx context.Context, e *env) (err error) {
		made := changed(func(ctx context.Context, e *env, _, old, now string) {
			if strings.HasPrefix(now, "W/") {
				err = notRun("the ETags of the service are weak, and have no other spelling")
				return
			}
			err = fn(ctx, e, unquoted(old), unquoted(now))
		})(ctx, e)
		if made != nil {
			return made
		}
		return err
	}
}

// bareWrites notes a write of size bytes onto k that does not take a bare ETag for what it is.
func (e *env) bareWrites(ctx context.Context, b *storage.Bucket, size int, old, now string) error {
	for name, write := range conditionalWrites(b) {
		_, err := write(ctx, pattern(size, 1), old)
		e.got(name+" with an old bare IfMatch", err, storage.ErrPrecondition)
		_, err = write(ctx, pattern(size, 2), now)
		if !e.got(name+" with a bare IfMatch", err, nil) {
			return nil
		}
		e.holds(ctx, e.key("k"), pattern(size, 2))
		old = now
		// The next one meets other bytes: equal ones have one ETag on some services.
		o, err := b.Put(ctx, "k", strings.NewReader(name), nil)
		if err != nil {
			return err
		}
		now = unquoted(o.ETag)
	}
	return nil
}

// conditionalReads are the ways of a Bucket to read k under a condition.
func conditionalReads(b *storage.Bucket) map[string]conditionalRead {
	return map[string]conditionalRead{
		"Get": func(ctx context.Context, o storage.GetOptions) error {
			r, err := b.Get(ctx, "k", &o)
			if err == nil {
				err = r.Close()
			}
			return err
		},
		"ReadAll": func(ctx context.Context, o storage.GetOptions) error {
			_, err := b.ReadAll(ctx, "k", &o)
			return err
		},
		"Stat": func(ctx context.Context, o storage.GetOptions) error {
			_, err := b.Stat(ctx, "k", &storage.StatOptions{
				IfMatch: o.IfMatch, IfNoneMatch: o.IfNoneMatch, IfModifiedSince: o.IfModifiedSince,
			})
			return err
		},
		"NewReaderAt": func(ctx context.Context, o storage.GetOptions) error {
			r, err := b.NewReaderAt(ctx, "k", &storage.ReaderAtOptions{
				IfMatch: o.IfMatch, IfNoneMatch: o.IfNoneMatch, IfModifiedSince: o.IfModifiedSince,
			})
			if err == nil {
				err = r.Close()
			}
			return err
		},
		"Download": func(ctx context.Context, o storage.GetOptions) error {
			_, err := b.Download(ctx, "k", new(writerAt), &o)
			return err
		},
	}
}

// conditionalWrites are the ways of a Bucket to write k under a condition.
func conditionalWrites(b *storage.Bucket) map[string]conditionalWrite {
	return map[string]conditionalWrite{
		"Put": func(ctx context.Context, data []byte, ifMatch string) (*storage.Object, error) {
			return b.Put(ctx, "k", bytes.NewReader(data), &storage.PutOptions{IfMatch: ifMatch})
		},
		"PutReaderAt": func(
			ctx context.Context, data []byte, ifMatch string,
		) (*storage.Object, error) {
			opts := &storage.PutOptions{IfMatch: ifMatch}
			return b.PutReaderAt(ctx, "k", bytes.NewReader(data), int64(len(data)), opts)
		},
		"Writer": func(ctx context.Context, data []byte, ifMatch string) (*storage.Object, error) {
			w := b.NewWriter(ctx, "k", &storage.PutOptions{IfMatch: ifMatch})
			defer w.Close()
			if _, err := w.Write(data); err != nil {
				return nil, err
			}
			return w.Commit()
		},
	}
}
