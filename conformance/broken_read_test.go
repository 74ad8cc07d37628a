package conformance

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"sync"
	"time"

	"github.com/polystore/storage"
)

func brokenReads() []defect {
	return []defect{
		{"read/whole", "flips a bit far into a body", func(b *bench) {
			b.body(func(r *storage.GetResult) io.ReadCloser {
				data, _ := io.ReadAll(r.Body)
				if len(data) > 1<<20 {
					data[1<<20] ^= 1
				}
				return io.NopCloser(bytes.NewReader(data))
			})
		}},
		{"read/large", "takes the bytes of an object for a document", func(b *bench) {
			b.body(func(r *storage.GetResult) io.ReadCloser {
				return struct {
					io.Reader
					io.Closer
				}{io.LimitReader(r.Body, 16<<20), r.Body}
			})
		}},
		{"read/range", "reads one byte too many", func(b *bench) {
			b.getWith(func(o *storage.GetOptions) {
				if o.Length > 0 {
					o.Length++
				}
			})
		}},
		{"read/from-offset", "ignores an offset without a length", func(b *bench) {
			b.getWith(func(o *storage.GetOptions) {
				if o.Length == 0 {
					o.Offset = 0
				}
			})
		}},
		{"read/range-cut", "refuses a range that ends behind the object", func(b *bench) {
			b.get = func(
				ctx context.Context, key string, o *storage.GetOptions,
			) (*storage.GetResult, error) {
				r, err := b.inner.Get(ctx, key, o)
				if err == nil && o.Length > r.Length {
					return nil, &storage.Error{Kind: storage.ErrRange}
				}
				return r, err
			}
		}},
		{"read/range-behind", "gives nothing for a range behind the object", func(b *bench) {
			b.get = func(
				ctx context.Context, key string, o *storage.GetOptions,
			) (*storage.GetResult, error) {
				r, err := b.inner.Get(ctx, key, o)
				if errors.Is(err, storage.ErrRange) {
					whole, err := b.inner.Get(ctx, key, &storage.GetOptions{})
					if err != nil {
						return nil, err
					}
					whole.Body, whole.Length = io.NopCloser(bytes.NewReader(nil)), 0
					return whole, nil
				}
				return r, err
			}
		}},
		{"read/suffix", "takes a suffix for an offset", func(b *bench) {
			b.getWith(func(o *storage.GetOptions) { o.Offset = max(o.Offset, -o.Offset-1) })
		}},
		{"read/suffix-too-long", "refuses a suffix longer than the object", func(b *bench) {
			b.get = func(
				ctx context.Context, key string, o *storage.GetOptions,
			) (*storage.GetResult, error) {
				r, err := b.inner.Get(ctx, key, o)
				if err == nil && -o.Offset > r.Object.Size {
					return nil, &storage.Error{Kind: storage.ErrRange}
				}
				return r, err
			}
		}},
		{"read/empty", "asks for a range of an empty object", func(b *bench) {
			b.getWith(func(o *storage.GetOptions) {
				if o.Offset == 0 && o.Length == 0 {
					o.Length = math.MaxInt64
				}
			})
		}},
		{"read/describes-whole", "takes the length of a range for the size of the object",
			func(b *bench) {
				b.get = func(
					ctx context.Context, key string, o *storage.GetOptions,
				) (*storage.GetResult, error) {
					r, err := b.inner.Get(ctx, key, o)
					if err == nil {
						r.Object.Size = r.Length
					}
					return r, err
				}
			}},
		{"read/get-is-stat", "leaves out a header in Stat", func(b *bench) {
			b.statSeen(func(o *storage.Object) { o.ContentLanguage = "" })
		}},
		{"read/stored-bytes", "unpacks gzip", func(b *bench) {
			b.body(func(r *storage.GetResult) io.ReadCloser {
				if r.Object.ContentEncoding == "gzip" && r.Offset == 0 {
					if z, err := gzip.NewReader(r.Body); err == nil {
						return z
					}
				}
				return r.Body
			})
		}},
		{"read/get-missing", "answers for a missing object with an empty one", func(b *bench) {
			b.get = func(
				ctx context.Context, key string, o *storage.GetOptions,
			) (*storage.GetResult, error) {
				r, err := b.inner.Get(ctx, key, o)
				if errors.Is(err, storage.ErrNotExist) {
					return &storage.GetResult{
						Object: &storage.Object{Key: key, ETag: `"x"`},
						Body:   io.NopCloser(bytes.NewReader(nil)),
					}, nil
				}
				return r, err
			}
		}},
		{"read/stat-missing", "takes a missing object for a failed condition", func(b *bench) {
			b.stat = func(
				ctx context.Context, key string, o *storage.StatOptions,
			) (*storage.Object, error) {
				r, err := b.inner.Stat(ctx, key, o)
				if errors.Is(err, storage.ErrNotExist) && o.IfMatch != "" {
					return nil, &storage.Error{Kind: storage.ErrPrecondition}
				}
				return r, err
			}
		}},
		{"read/mod-time", "takes seconds for milliseconds", func(b *bench) {
			b.seen(func(o *storage.Object) { o.ModTime = time.UnixMilli(o.ModTime.Unix()) })
		}},
		{"read/close-early", "goes on reading after Close", func(b *bench) {
			b.body(func(r *storage.GetResult) io.ReadCloser { return unclosed{r.Body} })
		}},
		{"read/parallel", "shares one offset among all readers of an object", func(b *bench) {
			var mu sync.Mutex
			var last int64
			b.getWith(func(o *storage.GetOptions) {
				mu.Lock()
				defer mu.Unlock()
				o.Offset, last = last, o.Offset
			})
		}},
		{"checksum/reported", "reports a checksum of other bytes", func(b *bench) {
			b.seen(func(o *storage.Object) { o.Checksums.CRC32C = sums([]byte(o.Key)).CRC32C })
		}},
		{"version/get", "ignores VersionID in Get", func(b *bench) {
			b.getWith(func(o *storage.GetOptions) { o.VersionID = "" })
		}},
		{"version/stat", "ignores VersionID in Stat", func(b *bench) {
			b.statWith(func(o *storage.StatOptions) { o.VersionID = "" })
		}},
		{"version/copy", "ignores SourceVersionID in Copy", func(b *bench) {
			b.copyWith(func(o *storage.CopyOptions) { o.SourceVersionID = "" })
		}},
		{"request/get", "makes a HEAD before every GET", func(b *bench) {
			b.get = func(
				ctx context.Context, key string, o *storage.GetOptions,
			) (*storage.GetResult, error) {
				if _, err := b.inner.Stat(ctx, key, &storage.StatOptions{}); err != nil {
					return nil, err
				}
				return b.inner.Get(ctx, key, o)
			}
		}},
		{"request/stat", "asks twice where nothing is found", func(b *bench) {
			b.stat = func(
				ctx context.Context, key string, o *storage.StatOptions,
			) (*storage.Object, error) {
				r, err := b.inner.Stat(ctx, key, o)
				if err != nil {
					return b.inner.Stat(ctx, key, o)
				}
				return r, err
			}
		}},
		{"request/put", "looks before it creates", func(b *bench) {
			b.put = func(
				ctx context.Context, key string, body io.ReadSeeker, size int64,
				o *storage.PutOptions,
			) (*storage.Object, error) {
				if o.IfAbsent {
					b.inner.Stat(ctx, key, &storage.StatOptions{})
				}
				return b.inner.Put(ctx, key, body, size, o)
			}
		}},
		{"request/delete", "looks before it deletes", func(b *bench) {
			b.del = func(ctx context.Context, key string, o *storage.DeleteOptions) error {
				if _, err := b.inner.Stat(ctx, key, &storage.StatOptions{}); err != nil {
					return nil
				}
				return b.inner.Delete(ctx, key, o)
			}
		}},
		{"request/list", "looks whether there is another page", func(b *bench) {
			b.listed(func(page *storage.Page, opts *storage.ListOptions) {
				next := *opts
				next.PageToken = page.NextToken
				b.inner.ListPage(context.Background(), &next)
			})
		}},
	}
}

// unclosed is a Body whose Close does nothing.
type unclosed struct{ io.Reader }

func (unclosed) Close() error { return nil }

func brokenSigning() []defect {
	lax := func(check, what, lax string) defect {
		return defect{check, what, func(b *bench) { b.signer.lax = lax }}
	}
	return []defect{
		lax("sign/get", "answers a signed GET with nothing", "body"),
		lax("sign/head", "describes objects wrongly", "length"),
		lax("sign/put", "stores nothing of a signed PUT", "put"),
		lax("sign/delete", "deletes nothing on a signed DELETE", "delete"),
		lax("sign/other-method", "does not look at the method of a signed URL", "method"),
		lax("sign/tampered", "does not look at the signature", "signature"),
		lax("sign/other-key", "does not look at the key of a signed URL", "key"),
		lax("sign/expires", "does not look at the time", "expires"),
		lax("sign/content-type", "takes any Content-Type", "content-type"),
		lax("sign/content-length", "takes any Content-Length", "content-length"),
		lax("sign/metadata", "drops signed metadata", "metadata"),
		lax("sign/if-absent", "overwrites by a URL with IfAbsent", "if-absent"),
		lax("sign/response-content-type", "ignores ResponseContentType", "response-content-type"),
		lax("sign/response-disposition", "ignores ResponseDisposition", "response-disposition"),
		lax("sign/version", "signs for the current version", "version"),
	}
}

func brokenContexts() []defect {
	// deaf makes a method go on under a context that has ended.
	deaf := func(method string, plant func(b *bench)) defect {
		return defect{"context/cancelled-" + method,
			fmt.Sprintf("does not look at the context in %s", method), plant}
	}
	return []defect{
		deaf("get", func(b *bench) {
			b.get = func(
				ctx context.Context, key string, o *storage.GetOptions,
			) (*storage.GetResult, error) {
				return b.inner.Get(context.WithoutCancel(ctx), key, o)
			}
		}),
		deaf("put", func(b *bench) {
			b.put = func(
				ctx context.Context, key string, body io.ReadSeeker, size int64,
				o *storage.PutOptions,
			) (*storage.Object, error) {
				return b.inner.Put(context.WithoutCancel(ctx), key, body, size, o)
			}
		}),
		deaf("stat", func(b *bench) {
			b.stat = func(
				ctx context.Context, key string, o *storage.StatOptions,
			) (*storage.Object, error) {
				return b.inner.Stat(context.WithoutCancel(ctx), key, o)
			}
		}),
		deaf("delete", func(b *bench) {
			b.del = func(ctx context.Context, key string, o *storage.DeleteOptions) error {
				return b.inner.Delete(context.WithoutCancel(ctx), key, o)
			}
		}),
		deaf("list", func(b *bench) {
			b.list = func(ctx context.Context, o *storage.ListOptions) (*storage.Page, error) {
				return b.inner.ListPage(context.WithoutCancel(ctx), o)
			}
		}),
		deaf("copy", func(b *bench) {
			b.copy = func(
				ctx context.Context, dst, src string, o *storage.CopyOptions,
			) (*storage.CopyResult, error) {
				return b.inner.Copy(context.WithoutCancel(ctx), dst, src, o)
			}
		}),
		deaf("tags", func(b *bench) {
			b.tags = func(
				ctx context.Context, key string, o *storage.TagsOptions,
			) (map[string]string, error) {
				return b.inner.Tags(context.WithoutCancel(ctx), key, o)
			}
		}),
		deaf("delete-batch", func(b *bench) {
			b.batch = func(
				ctx context.Context, keys []string, o *storage.DeleteBatchOptions,
			) ([]error, error) {
				return b.inner.DeleteBatch(context.WithoutCancel(ctx), keys, o)
			}
		}),
		deaf("create-upload", func(b *bench) {
			b.create = func(
				ctx context.Context, key string, o *storage.PutOptions,
			) (string, error) {
				return b.inner.CreateUpload(context.WithoutCancel(ctx), key, o)
			}
		}),
		deaf("complete-upload", func(b *bench) {
			b.complete = func(
				ctx context.Context, key, id string, parts []*storage.Part, o *storage.PutOptions,
			) (*storage.Object, error) {
				return b.inner.CompleteUpload(context.WithoutCancel(ctx), key, id, parts, o)
			}
		}),
		{"context/body", "reads on under a context that has ended", func(b *bench) {
			b.get = func(
				ctx context.Context, key string, o *storage.GetOptions,
			) (*storage.GetResult, error) {
				return b.inner.Get(context.WithoutCancel(ctx), key, o)
			}
		}},
		{"context/put-blocked", "takes a cancelled source for its end", func(b *bench) {
			b.put = func(
				ctx context.Context, key string, body io.ReadSeeker, size int64,
				o *storage.PutOptions,
			) (*storage.Object, error) {
				data, _ := io.ReadAll(body)
				return b.inner.Put(context.WithoutCancel(ctx), key, bytes.NewReader(data),
					int64(len(data)), o)
			}
		}},
		{"context/put-blocked", "reads its source under a context without an end", func(b *bench) {
			b.put = func(
				ctx context.Context, key string, body io.ReadSeeker, size int64,
				o *storage.PutOptions,
			) (*storage.Object, error) {
				if err := ctx.Err(); err != nil {
					return nil, &storage.Error{Err: err}
				}
				return b.inner.Put(context.WithoutCancel(ctx), key, body, size, o)
			}
		}},
		{"context/put-blocked", "looks at its context behind its source only", func(b *bench) {
			b.put = func(
				ctx context.Context, key string, body io.ReadSeeker, size int64,
				o *storage.PutOptions,
			) (*storage.Object, error) {
				data, err := io.ReadAll(body)
				if err != nil {
					return nil, err
				}
				return b.inner.Put(ctx, key, bytes.NewReader(data), size, o)
			}
		}},
		{"context/deadline", "takes a deadline for a cancellation", func(b *bench) {
			b.stat = func(
				ctx context.Context, key string, o *storage.StatOptions,
			) (*storage.Object, error) {
				r, err := b.inner.Stat(ctx, key, o)
				if errors.Is(err, context.DeadlineExceeded) {
					err = &storage.Error{Err: context.Canceled}
				}
				return r, err
			}
		}},
		{"error/type", "returns bare errors", func(b *bench) {
			b.stat = func(
				ctx context.Context, key string, o *storage.StatOptions,
			) (*storage.Object, error) {
				r, err := b.inner.Stat(ctx, key, o)
				if errors.Is(err, storage.ErrNotExist) {
					err = storage.ErrNotExist
				}
				return r, err
			}
		}},
		{"error/no-doubt", "is in doubt about a clear refusal", func(b *bench) {
			b.put = func(
				ctx context.Context, key string, body io.ReadSeeker, size int64,
				o *storage.PutOptions,
			) (*storage.Object, error) {
				r, err := b.inner.Put(ctx, key, body, size, o)
				var se *storage.Error
				if errors.As(err, &se) && o.IfAbsent {
					se.InDoubt = true
				}
				return r, err
			}
		}},
	}
}
