package conformance

import (
	"bytes"
	"context"
	"errors"
	"io"
	"path"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/polystore/storage"
)

// brokenBuckets is what a driver can do so that a method or an option of the Bucket around it does
// not do what it says.
func brokenBuckets() []defect {
	return []defect{
		{"bucket/put", "loses the last part of an upload", losesPart},
		{"bucket/put-sources", "loses the first byte of an object", func(b *bench) {
			b.stores(func(data []byte) []byte { return data[min(1, len(data)):] })
		}},
		{"bucket/put-reader-at", "loses the last part of an upload", losesPart},
		{"bucket/put-conditions", "ignores conditions at CompleteUpload", func(b *bench) {
			b.completeWith(func(o *storage.PutOptions) { o.IfAbsent, o.IfMatch = false, "" })
		}},
		{"bucket/writer", "loses the last part of an upload", losesPart},
		{"bucket/writer-aborts", "aborts nothing", func(b *bench) {
			b.abort = func(context.Context, string, string) error { return nil }
		}},
		{"bucket/commit-on-close", "shows nothing of what it was given", func(b *bench) {
			b.stores(func([]byte) []byte { return nil })
		}},
		{"bucket/update", "looks, and then swaps", func(b *bench) {
			pair := newPair()
			b.put = func(
				ctx context.Context, key string, body io.ReadSeeker, size int64,
				o *storage.PutOptions,
			) (*storage.Object, error) {
				now, err := b.inner.Stat(ctx, key, &storage.StatOptions{})
				if err == nil && o.IfMatch != "" {
					if now.ETag != o.IfMatch {
						return nil, &storage.Error{Kind: storage.ErrPrecondition}
					}
					pair.wait(ctx)
					bare := *o
					bare.IfMatch = ""
					return b.inner.Put(ctx, key, body, size, &bare)
				}
				return b.inner.Put(ctx, key, body, size, o)
			}
		}},
		{"bucket/suspend", "loses the last part of an upload", losesPart},
		{"bucket/suspend-gone", "has parts of every upload", func(b *bench) {
			b.parts = func(
				context.Context, string, string, *storage.ListPartsOptions,
			) (*storage.PartPage, error) {
				return &storage.PartPage{Parts: []*storage.Part{{Number: 1, Size: 1}}}, nil
			}
		}},
		{"bucket/state-file", "loses the last part of an upload", losesPart},
		{"bucket/upload-file", "loses the last part of an upload", losesPart},
		{"bucket/progress", "calls a part sent that was not", func(b *bench) {
			b.putPart = func(
				ctx context.Context, key, id string, n int, body io.ReadSeeker, size int64,
				o *storage.PartOptions,
			) (*storage.Part, error) {
				if n == 2 {
					return &storage.Part{Number: n, Size: size, ETag: `"sent"`}, nil
				}
				return b.inner.PutPart(ctx, key, id, n, body, size, o)
			}
		}},
		{"bucket/metadata", "stores metadata as ASCII", func(b *bench) {
			b.seenValues(func(v string) string {
				return strings.Map(func(r rune) rune {
					if r > '~' {
						return '?'
					}
					return r
				}, v)
			})
		}},
		{"bucket/invalid", "takes an odd key for a missing permission", func(b *bench) {
			b.stat = func(
				ctx context.Context, key string, o *storage.StatOptions,
			) (*storage.Object, error) {
				if path.Clean(key) != key {
					return nil, &storage.Error{Kind: storage.ErrPermission}
				}
				return b.inner.Stat(ctx, key, o)
			}
		}},
		{"bucket/get", "flips a byte", flipsByte},
		{"bucket/read-all", "begins a range a byte early", beginsEarly},
		{"bucket/reader-at", "has one ETag for every version", oneETag},
		{"readerat/blocks", "begins a range a byte early", beginsEarly},
		{"readerat/read-ahead", "flips a byte", flipsByte},
		{"readerat/tail", "begins a range a byte early", beginsEarly},
		{"readerat/replaced", "has one ETag for every version", oneETag},
		{"readerat/shared", "flips a byte", flipsByte},
		{"readerat/ranges", "flips a byte", flipsByte},
		{"bucket/get-concurrency", "ignores the offset of a range", func(b *bench) {
			b.get = func(
				ctx context.Context, key string, o *storage.GetOptions,
			) (*storage.GetResult, error) {
				c := *o
				c.Offset = 0
				r, err := b.inner.Get(ctx, key, &c)
				if err == nil {
					r.Offset = o.Offset
				}
				return r, err
			}
		}},
		{"bucket/verify-hash", "reports the MD5 of the key", func(b *bench) {
			b.seen(func(o *storage.Object) {
				o.Checksums = storage.Checksums{MD5: sums([]byte(o.Key)).MD5}
			})
		}},
		{"bucket/conditional-reads", "ignores IfNoneMatch in Get", func(b *bench) {
			b.getWith(func(o *storage.GetOptions) { o.IfNoneMatch = "" })
		}},
		{"bucket/stat", "takes a missing object for a missing bucket", func(b *bench) {
			b.stat = func(
				ctx context.Context, key string, o *storage.StatOptions,
			) (*storage.Object, error) {
				r, err := b.inner.Stat(ctx, key, o)
				if errors.Is(err, storage.ErrNotExist) {
					err = &storage.Error{Kind: storage.ErrNoBucket}
				}
				return r, err
			}
		}},
		{"bucket/exists", "takes a missing object for a missing permission", func(b *bench) {
			b.stat = func(
				ctx context.Context, key string, o *storage.StatOptions,
			) (*storage.Object, error) {
				r, err := b.inner.Stat(ctx, key, o)
				if errors.Is(err, storage.ErrNotExist) {
					err = &storage.Error{Kind: storage.ErrPermission}
				}
				return r, err
			}
		}},
		{"bucket/download", "flips a byte", flipsByte},
		{"bucket/download-file", "flips a byte", flipsByte},
		{"bucket/signurl", "answers a signed GET with nothing", func(b *bench) {
			b.signer.lax = "body"
		}},
		{"bucket/error", "takes a missing object for a missing permission", func(b *bench) {
			b.get = func(
				ctx context.Context, key string, o *storage.GetOptions,
			) (*storage.GetResult, error) {
				r, err := b.inner.Get(ctx, key, o)
				if errors.Is(err, storage.ErrNotExist) {
					err = &storage.Error{Kind: storage.ErrPermission}
				}
				return r, err
			}
		}},
		{"bucket/list", "gives the last entry of a page again on the next", func(b *bench) {
			b.list = func(ctx context.Context, o *storage.ListOptions) (*storage.Page, error) {
				page, err := b.inner.ListPage(ctx, o)
				if err == nil && o.PageToken != "" && len(page.Objects) > 0 {
					page.Objects = append(page.Objects, page.Objects[len(page.Objects)-1])
				}
				return page, err
			}
		}},
		{"bucket/list-break", "lists backwards", func(b *bench) {
			b.listed(func(page *storage.Page, _ *storage.ListOptions) {
				slices.Reverse(page.Objects)
			})
		}},
		{"bucket/list-error", "ends every list after one page", func(b *bench) {
			b.listed(func(page *storage.Page, _ *storage.ListOptions) { page.NextToken = "" })
		}},
		{"bucket/list-page", "knows only the tokens of its last list", func(b *bench) {
			b.listWith(func(o *storage.ListOptions) { o.PageToken = "" })
		}},
		{"bucket/prefix", "lists by directory", func(b *bench) {
			b.listWith(func(o *storage.ListOptions) {
				o.Prefix = path.Dir(strings.TrimSuffix(o.Prefix, "/")) + "/"
			})
		}},
		{"bucket/delete", "deletes nothing", func(b *bench) {
			b.del = func(context.Context, string, *storage.DeleteOptions) error { return nil }
		}},
		{"bucket/delete-many", "forgets the last key of a batch", func(b *bench) {
			b.batch = func(
				ctx context.Context, keys []string, o *storage.DeleteBatchOptions,
			) ([]error, error) {
				failed, err := b.inner.DeleteBatch(ctx, keys[:len(keys)-1], o)
				return append(failed, nil), err
			}
			b.del = func(context.Context, string, *storage.DeleteOptions) error { return nil }
		}},
		{"bucket/delete-prefix", "lists by directory", func(b *bench) {
			b.listWith(func(o *storage.ListOptions) {
				o.Prefix = path.Dir(strings.TrimSuffix(o.Prefix, "/")) + "/"
			})
		}},
		{"bucket/clean-uploads", "aborts nothing", func(b *bench) {
			b.abort = func(context.Context, string, string) error { return nil }
		}},
		{"bucket/copy", "drops headers with Replace", func(b *bench) {
			b.copyWith(func(o *storage.CopyOptions) { o.ContentType = "" })
		}},
		{"bucket/copy-conditions", "ignores SourceIfMatch", func(b *bench) {
			b.copyWith(func(o *storage.CopyOptions) { o.SourceIfMatch = "" })
			b.getWith(func(o *storage.GetOptions) { o.IfMatch = "" })
			b.statWith(func(o *storage.StatOptions) { o.IfMatch = "" })
		}},
		{"bucket/copy-fallback", "copies one byte too few", func(b *bench) {
			b.copyPartWith(func(o *storage.CopyPartOptions) { o.SourceLength-- })
		}},
		{"bucket/copy-object", "drops metadata in Put", func(b *bench) {
			var first atomic.Bool // the source keeps it
			b.putWith(func(o *storage.PutOptions) {
				if first.Swap(true) {
					o.Metadata = nil
				}
			})
		}},
		{"bucket/random", "ignores conditions", func(b *bench) {
			b.putWith(func(o *storage.PutOptions) { o.IfAbsent, o.IfMatch = false, "" })
		}},
		{"bucket/close", "cannot be closed", func(b *bench) {
			b.close = func() error { return errSource }
		}},
		{"bucket/portable-keys", "takes + for a space", func(b *bench) {
			b.rename(func(key string) string { return strings.ReplaceAll(key, "+", " ") })
			b.put = func(
				ctx context.Context, key string, body io.ReadSeeker, size int64,
				o *storage.PutOptions,
			) (*storage.Object, error) {
				return b.inner.Put(ctx, key, body, size, o)
			}
		}},
		{"bucket/capabilities", "claims conditions of copies and no copies", func(b *bench) {
			b.says = func(c *storage.Capabilities) { c.Copy = false }
		}},
		{"bucket/etag-read", "ignores IfNoneMatch in Get", func(b *bench) {
			b.getWith(func(o *storage.GetOptions) { o.IfNoneMatch = "" })
		}},
		{"bucket/etag-write", "ignores IfMatch in Put", func(b *bench) {
			b.putWith(func(o *storage.PutOptions) { o.IfMatch = "" })
		}},
		{"bucket/etag-parts", "ignores IfMatch at CompleteUpload", func(b *bench) {
			b.completeWith(func(o *storage.PutOptions) { o.IfMatch = "" })
		}},
		{"bucket/etag-copy", "ignores SourceIfMatch", func(b *bench) {
			b.copyWith(func(o *storage.CopyOptions) { o.SourceIfMatch = "" })
			b.getWith(func(o *storage.GetOptions) { o.IfMatch = "" })
			b.statWith(func(o *storage.StatOptions) { o.IfMatch = "" })
		}},
		{"bucket/etag-delete", "deletes with any IfMatch", func(b *bench) {
			b.del = func(ctx context.Context, key string, _ *storage.DeleteOptions) error {
				return b.inner.Delete(ctx, key, &storage.DeleteOptions{})
			}
		}},
		{"bucket/etag-star", "loses the last byte of an object", losesByte},
		{"bucket/tracer", "fails once and then works", func(b *bench) {
			var once sync.Once
			b.put = func(
				ctx context.Context, key string, body io.ReadSeeker, size int64,
				o *storage.PutOptions,
			) (r *storage.Object, err error) {
				once.Do(func() { err = &storage.Error{Kind: storage.ErrUnavailable} })
				if err != nil {
					return nil, err
				}
				return b.inner.Put(ctx, key, body, size, o)
			}
		}},
		{"bucket/retry", "fails once and then works", func(b *bench) {
			var failed atomic.Bool
			b.stat = func(
				ctx context.Context, key string, o *storage.StatOptions,
			) (*storage.Object, error) {
				if !failed.Swap(true) {
					return nil, &storage.Error{Kind: storage.ErrUnavailable}
				}
				return b.inner.Stat(ctx, key, o)
			}
		}},
		{"bucket/bandwidth", "neither takes nor gives bytes", func(b *bench) {
			b.put = func(
				ctx context.Context, key string, _ io.ReadSeeker, _ int64, o *storage.PutOptions,
			) (*storage.Object, error) {
				return b.inner.Put(ctx, key, bytes.NewReader(nil), 0, o)
			}
		}},
		{"bucket/memory", "loses the last part of an upload", losesPart},
		{"bucket/concurrency", "loses the last part of an upload", losesPart},
	}
}

// stores changes what Put stores.
func (b *bench) stores(change func([]byte) []byte) {
	b.put = func(
		ctx context.Context, key string, body io.ReadSeeker, size int64, o *storage.PutOptions,
	) (*storage.Object, error) {
		data, err := io.ReadAll(body)
		if err != nil {
			return nil, err
		}
		data = change(data)
		return b.inner.Put(ctx, key, bytes.NewReader(data), int64(len(data)), o)
	}
}

// losesPart completes uploads without their last part.
func losesPart(b *bench) {
	b.complete = func(
		ctx context.Context, key, id string, parts []*storage.Part, o *storage.PutOptions,
	) (*storage.Object, error) {
		bare := *o
		bare.Checksums = storage.Checksums{}
		return b.inner.CompleteUpload(ctx, key, id, parts[:max(len(parts)-1, 1)], &bare)
	}
}

// flipsByte gives the first byte of every body another value.
func beginsEarly(b *bench) {
	b.get = func(
		ctx context.Context, key string, o *storage.GetOptions,
	) (*storage.GetResult, error) {
		if o.Offset <= 0 || o.Length <= 0 {
			return b.inner.Get(ctx, key, o)
		}
		early := *o
		early.Offset--
		r, err := b.inner.Get(ctx, key, &early)
		if err == nil {
			r.Offset = o.Offset
		}
		return r, err
	}
}

func oneETag(b *bench) {
	b.get = func(
		ctx context.Context, key string, o *storage.GetOptions,
	) (*storage.GetResult, error) {
		r, err := b.inner.Get(ctx, key, &storage.GetOptions{
			Offset: o.Offset,
			Length: o.Length,
		})
		if err == nil {
			r.Object.ETag = `"one for all"`
		}
		return r, err
	}
	b.statSeen(func(o *storage.Object) { o.ETag = `"one for all"` })
}

func flipsByte(b *bench) {
	b.body(func(r *storage.GetResult) io.ReadCloser {
		first, inner := true, r.Body
		return readCloser{readFunc(func(p []byte) (int, error) {
			n, err := inner.Read(p)
			if first && n > 0 {
				p[0] ^= 1
				first = false
			}
			return n, err
		}), inner}
	})
}

type readFunc func(p []byte) (int, error)

func (f readFunc) Read(p []byte) (int, error) { return f(p) }

type readCloser struct {
	io.Reader
	io.Closer
}
