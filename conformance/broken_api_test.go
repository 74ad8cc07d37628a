package conformance

import (
	"context"
	"errors"
	"io"
	"slices"
	"strings"

	"github.com/polystore/storage"
)

// brokenAPI is what a driver can do so that the checks of apiChecks fail.
func brokenAPI() []defect {
	return slices.Concat(brokenAPIWrites(), brokenAPIReads(), brokenRefusals(),
		brokenMoreContexts())
}

func brokenAPIWrites() []defect {
	return []defect{
		{"bucket/write-all", "loses the last part of an upload", losesPart},
		{"bucket/writer-close", "finds objects that are not there", findsAll},
		{"bucket/update-create", "drops CacheControl in Put", func(b *bench) {
			b.putWith(func(o *storage.PutOptions) { o.CacheControl = "" })
		}},
		{"bucket/delete-listed", "forgets the last key of a batch", func(b *bench) {
			b.batch = func(
				ctx context.Context, keys []string, o *storage.DeleteBatchOptions,
			) ([]error, error) {
				failed, err := b.inner.DeleteBatch(ctx, keys[:len(keys)-1], o)
				return append(failed, nil), err
			}
			deletesNothing(b)
		}},
		{"bucket/check-key", "refuses a space, and its CheckKey does not", func(b *bench) {
			b.refusesKeys(" ")
		}},
		{"key/check", "refuses a backslash, and its CheckKey does not", func(b *bench) {
			b.refusesKeys(`\`)
		}},
		{"bucket/store-key", "takes + for a space in Put", func(b *bench) {
			b.put = func(
				ctx context.Context, key string, body io.ReadSeeker, size int64,
				o *storage.PutOptions,
			) (*storage.Object, error) {
				return b.inner.Put(ctx, strings.ReplaceAll(key, "+", " "), body, size, o)
			}
		}},
	}
}

// refusesKeys refuses to write keys that have s in them, without a request.
func (b *bench) refusesKeys(s string) {
	b.put = func(
		ctx context.Context, key string, body io.ReadSeeker, size int64, o *storage.PutOptions,
	) (*storage.Object, error) {
		if strings.Contains(key, s) {
			return nil, &storage.Error{Kind: storage.ErrInvalidKey}
		}
		return b.inner.Put(ctx, key, body, size, o)
	}
}

func brokenAPIReads() []defect {
	return []defect{
		{"bucket/tracer-probe", "fails once and then works", func(b *bench) {
			var failed bool
			b.stat = func(
				ctx context.Context, key string, o *storage.StatOptions,
			) (*storage.Object, error) {
				if !failed {
					failed = true
					return nil, &storage.Error{Kind: storage.ErrUnavailable}
				}
				return b.inner.Stat(ctx, key, o)
			}
		}},
		{"bucket/list-ahead", "gives the last entry of a page again on the next", func(b *bench) {
			b.list = func(ctx context.Context, o *storage.ListOptions) (*storage.Page, error) {
				page, err := b.inner.ListPage(ctx, o)
				if err == nil && o.PageToken != "" && len(page.Objects) > 0 {
					page.Objects = append(page.Objects, page.Objects[len(page.Objects)-1])
				}
				return page, err
			}
		}},
		{"bucket/reader-range", "begins a range a byte early", func(b *bench) {
			b.get = func(
				ctx context.Context, key string, o *storage.GetOptions,
			) (*storage.GetResult, error) {
				early := *o
				early.Offset = max(o.Offset-1, min(o.Offset, 0))
				r, err := b.inner.Get(ctx, key, &early)
				if err == nil && o.Offset > 0 {
					r.Offset = o.Offset
				}
				return r, err
			}
		}},
		{"bucket/read-progress", "flips a byte", flipsByte},
		{"bucket/reader-at-options", "ignores IfNoneMatch in Stat", func(b *bench) {
			b.statWith(func(o *storage.StatOptions) { o.IfNoneMatch = "" })
		}},
		{"version/reader-at", "ignores VersionID in Get", func(b *bench) {
			b.getWith(func(o *storage.GetOptions) { o.VersionID = "" })
		}},
		{"bucket/read-at-context", "flips a byte", flipsByte},
		{"condition/before-range", "looks at the range first", func(b *bench) {
			b.get = func(
				ctx context.Context, key string, o *storage.GetOptions,
			) (*storage.GetResult, error) {
				r, err := b.inner.Get(ctx, key, &storage.GetOptions{
					Offset: o.Offset,
					Length: o.Length,
				})
				if err != nil {
					return nil, err
				}
				r.Body.Close()
				return b.inner.Get(ctx, key, o)
			}
		}},
		{"condition/none-match-first", "holds IfModifiedSince beside IfNoneMatch", func(b *bench) {
			b.stat = func(
				ctx context.Context, key string, o *storage.StatOptions,
			) (*storage.Object, error) {
				since := &storage.StatOptions{IfModifiedSince: o.IfModifiedSince}
				if _, err := b.inner.Stat(ctx, key, since); err != nil {
					return nil, err
				}
				return b.inner.Stat(ctx, key, o)
			}
		}},
	}
}

func brokenRefusals() []defect {
	return []defect{
		{"multipart/no-parts", "makes an empty object of no parts", func(b *bench) {
			b.complete = func(
				ctx context.Context, key, id string, parts []*storage.Part, o *storage.PutOptions,
			) (*storage.Object, error) {
				if len(parts) == 0 {
					return b.inner.Put(ctx, key, strings.NewReader(""), 0, o)
				}
				return b.inner.CompleteUpload(ctx, key, id, parts, o)
			}
		}},
		{"multipart/part-order", "sorts the parts", func(b *bench) {
			b.complete = func(
				ctx context.Context, key, id string, parts []*storage.Part, o *storage.PutOptions,
			) (*storage.Object, error) {
				parts = slices.Clone(parts)
				slices.SortFunc(parts, func(x, y *storage.Part) int { return x.Number - y.Number })
				return b.inner.CompleteUpload(ctx, key, id, parts, o)
			}
		}},
		{"delete/batch-limit", "deletes as many keys as it may and forgets the others",
			func(b *bench) {
				b.batch = func(
					ctx context.Context, keys []string, o *storage.DeleteBatchOptions,
				) ([]error, error) {
					failed, err := b.inner.DeleteBatch(ctx,
						keys[:min(len(keys), b.inner.MaxBatch())], o)
					return append(failed, make([]error, len(keys)-len(failed))...), err
				}
			}},
		{"list/foreign-token", "begins again at a token that it does not know", func(b *bench) {
			b.list = func(ctx context.Context, o *storage.ListOptions) (*storage.Page, error) {
				page, err := b.inner.ListPage(ctx, o)
				if errors.Is(err, storage.ErrInvalid) {
					return b.inner.ListPage(ctx, &storage.ListOptions{Prefix: o.Prefix})
				}
				return page, err
			}
		}},
		{"upload/parts-foreign-token", "begins again at a token that it does not know",
			func(b *bench) {
				b.parts = func(
					ctx context.Context, key, id string, _ *storage.ListPartsOptions,
				) (*storage.PartPage, error) {
					return b.inner.ListPartsPage(ctx, key, id, &storage.ListPartsOptions{})
				}
			}},
		{"upload/list-foreign-token", "begins again at a token that it does not know",
			func(b *bench) {
				b.uploads = func(
					ctx context.Context, o *storage.ListOptions,
				) (*storage.UploadPage, error) {
					return b.inner.ListUploadsPage(ctx, &storage.ListOptions{Prefix: o.Prefix})
				}
			}},
		{"copy/foreign-token", "ignores Token", func(b *bench) {
			b.copyWith(func(o *storage.CopyOptions) { o.Token = "" })
		}},
	}
}

// brokenMoreContexts forget to look at the context of one method each.
func brokenMoreContexts() []defect {
	return []defect{
		{"context/cancelled-signurl", "signs under any context", func(b *bench) {
			b.sign = func(
				ctx context.Context, key string, o *storage.SignOptions,
			) (*storage.SignedURL, error) {
				return b.signer.sign(context.WithoutCancel(ctx), key, o)
			}
		}},
		{"context/cancelled-put-part", "sends a part under any context", func(b *bench) {
			b.putPart = func(
				ctx context.Context, key, id string, n int, body io.ReadSeeker, size int64,
				o *storage.PartOptions,
			) (*storage.Part, error) {
				p, err := b.inner.PutPart(context.WithoutCancel(ctx), key, id, n, body, size, o)
				return p, errors.Join(err, ctx.Err())
			}
		}},
		{"context/cancelled-copy-part", "copies a part under any context", func(b *bench) {
			b.copyPart = func(
				ctx context.Context, key, id string, n int, src string, o *storage.CopyPartOptions,
			) (*storage.Part, error) {
				return b.inner.CopyPart(context.WithoutCancel(ctx), key, id, n, src, o)
			}
		}},
		{"context/cancelled-abort-upload", "aborts under any context", func(b *bench) {
			b.abort = func(ctx context.Context, key, id string) error {
				return errors.Join(b.inner.AbortUpload(context.WithoutCancel(ctx), key, id),
					ctx.Err())
			}
		}},
		{"context/cancelled-list-parts", "lists parts under any context", func(b *bench) {
			b.parts = func(
				ctx context.Context, key, id string, o *storage.ListPartsOptions,
			) (*storage.PartPage, error) {
				return b.inner.ListPartsPage(context.WithoutCancel(ctx), key, id, o)
			}
		}},
		{"context/cancelled-list-uploads", "lists uploads under any context", func(b *bench) {
			b.uploads = func(
				ctx context.Context, o *storage.ListOptions,
			) (*storage.UploadPage, error) {
				return b.inner.ListUploadsPage(context.WithoutCancel(ctx), o)
			}
		}},
	}
}
