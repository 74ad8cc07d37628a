package conformance

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"io"
	"maps"
	"strings"
	"sync"
	"time"

	"github.com/polystore/storage"
)

func brokenUploads() []defect {
	return []defect{
		{"multipart/complete", "shows an upload before it is complete", func(b *bench) {
			b.putPart = func(
				ctx context.Context, key, id string, n int, body io.ReadSeeker, size int64,
				o *storage.PartOptions,
			) (*storage.Part, error) {
				p, err := b.inner.PutPart(ctx, key, id, n, body, size, o)
				if err == nil {
					b.inner.Put(ctx, key, bytes.NewReader(nil), 0, &storage.PutOptions{})
				}
				return p, err
			}
		}},
		{"multipart/result", "makes up the ETag that CompleteUpload returns", func(b *bench) {
			b.completed(func(o *storage.Object) { o.ETag = `"made up-2"` })
		}},
		{"multipart/any-order", "mixes up two parts", func(b *bench) {
			b.putPart = func(
				ctx context.Context, key, id string, n int, body io.ReadSeeker, size int64,
				o *storage.PartOptions,
			) (*storage.Part, error) {
				if n <= 2 {
					n = 3 - n
				}
				p, err := b.inner.PutPart(ctx, key, id, n, body, size, o)
				if err == nil && n <= 2 {
					p.Number = 3 - n
				}
				return p, err
			}
		}},
		{"multipart/same-part", "promises too much of the ETag of a part", promisesETags},
		{"multipart/part-at-once", "counts a part twice", countsPartsTwice},
		{"multipart/if-absent-at-once", "counts a part twice", countsPartsTwice},
		{"multipart/same-number", "keeps the first part of a number", func(b *bench) {
			var first *storage.Part
			b.putPart = func(
				ctx context.Context, key, id string, n int, body io.ReadSeeker, size int64,
				o *storage.PartOptions,
			) (*storage.Part, error) {
				if first != nil {
					again := *first
					again.Size = size
					return &again, nil
				}
				p, err := b.inner.PutPart(ctx, key, id, n, body, size, o)
				first = p
				return p, err
			}
		}},
		{"multipart/headers", "forgets the metadata of an upload", func(b *bench) {
			b.createWith(func(o *storage.PutOptions) { o.Metadata = nil })
		}},
		{"multipart/storageclass", "ignores the StorageClass of an upload", func(b *bench) {
			b.createWith(func(o *storage.PutOptions) { o.StorageClass = "" })
			b.completeWith(func(o *storage.PutOptions) { o.StorageClass = "" })
		}},
		{"multipart/tags", "stores the tags of an upload as metadata", func(b *bench) {
			b.createWith(func(o *storage.PutOptions) {
				o.Metadata = maps.Clone(o.Metadata)
				maps.Copy(o.Metadata, o.Tags)
			})
		}},
		{"multipart/part-sums", "believes the sums of a part", func(b *bench) {
			b.putPart = func(
				ctx context.Context, key, id string, n int, body io.ReadSeeker, size int64,
				o *storage.PartOptions,
			) (*storage.Part, error) {
				p, err := b.inner.PutPart(ctx, key, id, n, body, size, new(storage.PartOptions))
				if err == nil && !o.Checksums.IsZero() {
					p.Checksums = o.Checksums
				}
				return p, err
			}
		}},
		{"multipart/summed-ahead", "makes sums of nothing ahead", func(b *bench) {
			b.sumPart = func(context.Context, io.ReadSeeker, int64) (storage.Checksums, error) {
				return sums(nil), nil
			}
		}},
		{"multipart/summed-ahead", "reads a part ahead and makes no sum", func(b *bench) {
			b.sumPart = func(
				_ context.Context, body io.ReadSeeker, _ int64,
			) (storage.Checksums, error) {
				_, err := io.ReadAll(body)
				return storage.Checksums{}, err
			}
		}},
		{"multipart/long-part", "cuts a long part", func(b *bench) {
			b.putPart = func(
				ctx context.Context, key, id string, number int, body io.ReadSeeker, size int64,
				o *storage.PartOptions,
			) (*storage.Part, error) {
				data, err := io.ReadAll(io.LimitReader(body, size))
				if err != nil || int64(len(data)) < size {
					return nil, &storage.Error{Err: cmp.Or(err, io.ErrUnexpectedEOF)}
				}
				return b.inner.PutPart(ctx, key, id, number, bytes.NewReader(data), size, o)
			}
		}},
		{"multipart/short-part", "takes a short part", func(b *bench) {
			b.putPart = func(
				ctx context.Context, key, id string, n int, body io.ReadSeeker, _ int64,
				o *storage.PartOptions,
			) (*storage.Part, error) {
				data, err := io.ReadAll(body)
				if err != nil {
					return nil, err
				}
				return b.inner.PutPart(ctx, key, id, n, bytes.NewReader(data), int64(len(data)), o)
			}
		}},
		{"multipart/failing-part", "takes an error of a part's source for its end", func(b *bench) {
			b.putPart = func(
				ctx context.Context, key, id string, n int, body io.ReadSeeker, _ int64,
				o *storage.PartOptions,
			) (*storage.Part, error) {
				data, _ := io.ReadAll(body)
				return b.inner.PutPart(ctx, key, id, n, bytes.NewReader(data), int64(len(data)), o)
			}
		}},
		{"multipart/wrong-part", "completes with the parts that are there", func(b *bench) {
			b.complete = func(
				ctx context.Context, key, id string, parts []*storage.Part, o *storage.PutOptions,
			) (*storage.Object, error) {
				r, err := b.inner.CompleteUpload(ctx, key, id, parts, o)
				if errors.Is(err, storage.ErrInvalid) {
					return b.inner.CompleteUpload(ctx, key, id, parts[:1], o)
				}
				return r, err
			}
		}},
		{"multipart/other-key", "looks for uploads by their IDs alone", func(b *bench) {
			var keys sync.Map
			b.create = func(
				ctx context.Context, key string, o *storage.PutOptions,
			) (string, error) {
				id, err := b.inner.CreateUpload(ctx, key, o)
				keys.Store(id, key)
				return id, err
			}
			b.putPart = func(
				ctx context.Context, _, id string, n int, body io.ReadSeeker, size int64,
				o *storage.PartOptions,
			) (*storage.Part, error) {
				key, _ := keys.Load(id)
				return b.inner.PutPart(ctx, key.(string), id, n, body, size, o)
			}
		}},
		{"multipart/part-etag", "completes with the parts of these numbers", func(b *bench) {
			b.complete = func(
				ctx context.Context, key, id string, parts []*storage.Part, o *storage.PutOptions,
			) (*storage.Object, error) {
				page, err := b.inner.ListPartsPage(ctx, key, id, &storage.ListPartsOptions{})
				if err != nil {
					return nil, err
				}
				return b.inner.CompleteUpload(ctx, key, id, page.Parts[:len(parts)], o)
			}
		}},
		{"multipart/limits", "has room for 1,000 parts of 1 MiB", func(b *bench) {
			b.limits = func(*storage.PutOptions) storage.PartLimits {
				return storage.PartLimits{Min: 1, Max: 1 << 20, Count: 1000, Parallel: true}
			}
		}},
		{"multipart/if-absent", "ignores IfAbsent at CompleteUpload", func(b *bench) {
			b.completeWith(func(o *storage.PutOptions) { o.IfAbsent = false })
		}},
		{"multipart/if-match", "ignores IfMatch at CompleteUpload", func(b *bench) {
			b.completeWith(func(o *storage.PutOptions) { o.IfMatch = "" })
		}},
		{"multipart/if-match-missing", "takes a missing object for a missing upload",
			func(b *bench) {
				b.complete = func(
					ctx context.Context, key, id string, parts []*storage.Part,
					o *storage.PutOptions,
				) (*storage.Object, error) {
					r, err := b.inner.CompleteUpload(ctx, key, id, parts, o)
					if errors.Is(err, storage.ErrPrecondition) {
						return nil, &storage.Error{Kind: storage.ErrNotExist}
					}
					return r, err
				}
			}},
		{"multipart/race", "looks, and then completes", func(b *bench) {
			pair := newPair()
			b.complete = func(
				ctx context.Context, key, id string, parts []*storage.Part, o *storage.PutOptions,
			) (*storage.Object, error) {
				if _, err := b.inner.Stat(ctx, key, &storage.StatOptions{}); err == nil &&
					o.IfAbsent {
					return nil, &storage.Error{Kind: storage.ErrExist}
				}
				pair.wait(ctx)
				return b.inner.CompleteUpload(ctx, key, id, parts, &storage.PutOptions{})
			}
		}},
		{"multipart/refused-stays", "drops a refused upload", func(b *bench) {
			b.complete = func(
				ctx context.Context, key, id string, parts []*storage.Part, o *storage.PutOptions,
			) (*storage.Object, error) {
				r, err := b.inner.CompleteUpload(ctx, key, id, parts, o)
				if errors.Is(err, storage.ErrExist) {
					b.inner.AbortUpload(ctx, key, id)
				}
				return r, err
			}
		}},
		{"multipart/checksums", "does not verify checksums at CompleteUpload", func(b *bench) {
			b.completeWith(func(o *storage.PutOptions) { o.Checksums = storage.Checksums{} })
		}},
		{"upload/abort", "aborts nothing", func(b *bench) {
			b.abort = func(context.Context, string, string) error { return nil }
		}},
		{"upload/abort-missing", "misses what it is to abort", func(b *bench) {
			b.abort = func(ctx context.Context, key, id string) error {
				if _, err := b.inner.ListPartsPage(ctx, key, id,
					&storage.ListPartsOptions{}); err != nil {
					return err
				}
				return b.inner.AbortUpload(ctx, key, id)
			}
		}},
		{"upload/complete-gone", "says yes to a second CompleteUpload", func(b *bench) {
			b.complete = func(
				ctx context.Context, key, id string, parts []*storage.Part, o *storage.PutOptions,
			) (*storage.Object, error) {
				r, err := b.inner.CompleteUpload(ctx, key, id, parts, o)
				if errors.Is(err, storage.ErrNotExist) {
					return b.inner.Stat(ctx, key, &storage.StatOptions{})
				}
				return r, err
			}
		}},
		{"upload/parts", "lists one page of parts", func(b *bench) {
			b.parts = func(
				ctx context.Context, key, id string, o *storage.ListPartsOptions,
			) (*storage.PartPage, error) {
				page, err := b.inner.ListPartsPage(ctx, key, id, o)
				if err == nil {
					page.NextToken = ""
				}
				return page, err
			}
		}},
		{"upload/parts-missing", "lists no parts of no upload", func(b *bench) {
			b.parts = func(
				ctx context.Context, key, id string, o *storage.ListPartsOptions,
			) (*storage.PartPage, error) {
				page, err := b.inner.ListPartsPage(ctx, key, id, o)
				if errors.Is(err, storage.ErrNotExist) {
					return new(storage.PartPage), nil
				}
				return page, err
			}
		}},
		{"upload/list", "lists one upload of a key", func(b *bench) {
			b.uploads = func(
				ctx context.Context, o *storage.ListOptions,
			) (*storage.UploadPage, error) {
				page, err := b.inner.ListUploadsPage(ctx, o)
				if err == nil && len(page.Uploads) > 1 &&
					page.Uploads[0].Key == page.Uploads[1].Key {
					page.Uploads = page.Uploads[:1]
				}
				return page, err
			}
		}},
		{"upload/list-prefix", "lists uploads by whole keys", func(b *bench) {
			b.uploads = func(
				ctx context.Context, o *storage.ListOptions,
			) (*storage.UploadPage, error) {
				if strings.HasSuffix(o.Prefix, "/") {
					return new(storage.UploadPage), nil
				}
				return b.inner.ListUploadsPage(ctx, o)
			}
		}},
		{"upload/list-options", "lists uploads from the first one on, whatever StartAfter says",
			func(b *bench) {
				b.uploadsWith(func(o *storage.ListOptions) { o.StartAfter = "" })
			}},
		{"upload/copy-part", "copies the whole object to a part", func(b *bench) {
			b.copyPartWith(func(o *storage.CopyPartOptions) { o.SourceOffset = 0 })
		}},
		{"upload/copy-part-if-match", "ignores SourceIfMatch in CopyPart", func(b *bench) {
			b.copyPartWith(func(o *storage.CopyPartOptions) { o.SourceIfMatch = "" })
		}},
		{"upload/copy-part-version", "ignores SourceVersionID in CopyPart", func(b *bench) {
			b.copyPartWith(func(o *storage.CopyPartOptions) { o.SourceVersionID = "" })
		}},
	}
}

// completed changes what CompleteUpload returns.
func (b *bench) completed(change func(o *storage.Object)) {
	b.complete = func(
		ctx context.Context, key, id string, parts []*storage.Part, opts *storage.PutOptions,
	) (*storage.Object, error) {
		o, err := b.inner.CompleteUpload(ctx, key, id, parts, opts)
		if err == nil {
			change(o)
		}
		return o, err
	}
}

// uploadsWith changes the options of ListUploadsPage.
func (b *bench) uploadsWith(change func(o *storage.ListOptions)) {
	b.uploads = func(ctx context.Context, o *storage.ListOptions) (*storage.UploadPage, error) {
		changed := *o
		change(&changed)
		return b.inner.ListUploadsPage(ctx, &changed)
	}
}

// createWith changes the options of CreateUpload.
func (b *bench) createWith(change func(o *storage.PutOptions)) {
	b.create = func(ctx context.Context, key string, o *storage.PutOptions) (string, error) {
		changed := *o
		change(&changed)
		return b.inner.CreateUpload(ctx, key, &changed)
	}
}

// copyPartWith changes the options of CopyPart.
func (b *bench) copyPartWith(change func(o *storage.CopyPartOptions)) {
	b.copyPart = func(
		ctx context.Context, key, id string, n int, src string, o *storage.CopyPartOptions,
	) (*storage.Part, error) {
		changed := *o
		change(&changed)
		return b.inner.CopyPart(ctx, key, id, n, src, &changed)
	}
}

// countsPartsTwice notes a part that it does not find, and then has more parts than it completes
// where two calls have looked before either noted. One call by itself waits a second for another.
func countsPartsTwice(b *bench) {
	pair := newPair()
	var mu sync.Mutex
	noted := make(map[int]int)
	b.putPart = func(
		ctx context.Context, key, id string, n int, body io.ReadSeeker, size int64,
		o *storage.PartOptions,
	) (*storage.Part, error) {
		mu.Lock()
		found := noted[n] > 0
		mu.Unlock()
		p, err := b.inner.PutPart(ctx, key, id, n, body, size, o)
		if found {
			return p, err
		}
		if n == 1 {
			brief, cancel := context.WithTimeout(ctx, time.Second)
			pair.wait(brief)
			cancel()
		}
		mu.Lock()
		noted[n]++
		mu.Unlock()
		return p, err
	}
	b.complete = func(
		ctx context.Context, key, id string, parts []*storage.Part, o *storage.PutOptions,
	) (*storage.Object, error) {
		for _, p := range parts {
			if noted[p.Number] > 1 {
				return nil, &storage.Error{Kind: storage.ErrInvalid, Key: key}
			}
		}
		return b.inner.CompleteUpload(ctx, key, id, parts, o)
	}
}
