package conformance

import (
	"bytes"
	"context"
	"errors"
	"io"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/polystore/storage"
)

// brokenEngine is what a driver can do so that the Bucket around it cannot keep its own promises.
func brokenEngine() []defect {
	return slices.Concat(brokenWriteIDs(), brokenResumes(), brokenFaults(), brokenCleanUps())
}

func brokenWriteIDs() []defect {
	return []defect{
		{"engine/lost-answer-put", "drops metadata that it does not know", dropsEntry},
		{"engine/lost-answer-stream", "drops metadata that it does not know", dropsEntry},
		{"engine/lost-answer-writer", "drops metadata that it does not know", dropsEntry},
		{"engine/lost-answer-file", "drops metadata that it does not know", dropsEntry},
		{"engine/lost-answer-copy", "drops metadata that it does not know", dropsEntry},
		{"engine/lost-answer-multipart", "drops metadata that it does not know", dropsEntry},
		{"engine/lost-answer-multipart-writer", "drops metadata that it does not know", dropsEntry},
		{"engine/lost-answer-multipart-file", "drops metadata that it does not know", dropsEntry},
		{"engine/refused-after-doubt", "drops metadata that it does not know", dropsEntry},
		{"engine/found-out", "drops metadata that it does not know", dropsEntry},
		{"engine/replaced-by-successor", "drops metadata that it does not know", dropsEntry},
		{"engine/update-in-doubt", "drops metadata that it does not know", dropsEntry},
		{"engine/write-id-hidden", "drops metadata that it does not know", dropsEntry},
		{"engine/unknown-outcome", "keeps the metadata of the first version for ever",
			firstMetadata},
		{"engine/many-successors", "loses the second ID of an entry", losesSecondID},
		{"engine/certain-refusal", "calls a refusal in doubt", func(b *bench) {
			b.put = func(
				ctx context.Context, key string, body io.ReadSeeker, size int64,
				opts *storage.PutOptions,
			) (*storage.Object, error) {
				o, err := b.inner.Put(ctx, key, body, size, opts)
				var e *storage.Error
				if errors.As(err, &e) {
					e.InDoubt = true
				}
				return o, err
			}
		}},
		{"engine/delivered-twice", "drops metadata that it does not know", dropsEntry},
		{"engine/cancelled-in-doubt", "refuses every write", refusesPuts},
		{"engine/hedged", "lets equal reads share a body that ends with the first", sharesFlights},
		{"engine/hedged-part", "promises too much of the ETag of a part", promisesETags},
		{"engine/write-id-small", "gives metadata back longer than it was", func(b *bench) {
			b.seen(func(o *storage.Object) {
				if v := o.Metadata[writeEntry]; v != "" {
					o.Metadata[writeEntry] = v + "                    "
				}
			})
		}},
		{"engine/write-id-reserved", "loses the last byte of an object", losesByte},
		{"engine/write-id-of-a-copy", "copies nothing and says that it did", copiesNothing},
	}
}

func brokenResumes() []defect {
	return []defect{
		{"engine/resume", "ignores the range of a conditional read", ignoresOffset},
		{"engine/resume-often", "ignores the range of a conditional read", ignoresOffset},
		{"engine/short-body", "ignores the range of a conditional read", ignoresOffset},
		{"engine/stalled-body", "ignores the range of a conditional read", ignoresOffset},
		{"engine/changed", "has one ETag for all versions", func(b *bench) {
			same := func(o *storage.Object) { o.ETag = `"same"` }
			b.statSeen(same)
			b.get = func(
				ctx context.Context, key string, opts *storage.GetOptions,
			) (*storage.GetResult, error) {
				changed := *opts
				changed.IfMatch = ""
				r, err := b.inner.Get(ctx, key, &changed)
				if err == nil {
					same(r.Object)
				}
				return r, err
			}
		}},
		{"engine/gone", "deletes nothing", deletesNothing},
		{"engine/corrupt-byte", "reports the checksum of other bytes", otherSums},
		{"engine/corrupt-resumed", "reports the checksum of other bytes", otherSums},
		{"engine/checksum-of-a-stream", "loses the last byte of an object", losesByte},
		{"engine/slow-consumer", "ends a body after 500 bytes", func(b *bench) {
			b.body(func(r *storage.GetResult) io.ReadCloser {
				return struct {
					io.Reader
					io.Closer
				}{io.LimitReader(r.Body, 500), r.Body}
			})
		}},
	}
}

func brokenFaults() []defect {
	return []defect{
		{"engine/stalled-request", "deletes nothing", deletesNothing},
		{"engine/stalled-sending", "loses the last byte of an object", losesByte},
		{"engine/stalled-for-good", "finds objects that are not there", findsAll},
		{"engine/slow-completion", "copies nothing and says that it did", copiesNothing},
		{"engine/retried", "loses the last byte of an object", losesByte},
		{"engine/not-retried", "loses the last byte of an object", losesByte},
		{"engine/attempts", "loses the last byte of an object", losesByte},
		{"engine/budget", "loses the last byte of an object", losesByte},
		{"engine/retry-after", "loses the last byte of an object", losesByte},
		{"engine/held", "loses the last byte of an object", losesByte},
		{"engine/list-again", "loses the last object of a page", func(b *bench) {
			b.listed(func(page *storage.Page, _ *storage.ListOptions) {
				if n := len(page.Objects); n > 0 && page.NextToken != "" {
					page.Objects = page.Objects[:n-1]
				}
			})
		}},
		{"engine/in-doubt", "finds objects that are not there", findsAll},
		{"engine/delete-in-doubt", "deletes nothing", deletesNothing},
		{"engine/part-again", "loses the last byte of a part", losesPartByte},
		{"engine/late-part", "calls a part that was replaced forbidden", func(b *bench) {
			b.complete = func(
				ctx context.Context, key, id string, parts []*storage.Part,
				opts *storage.PutOptions,
			) (*storage.Object, error) {
				o, err := b.inner.CompleteUpload(ctx, key, id, parts, opts)
				if errors.Is(err, storage.ErrInvalid) {
					err = &storage.Error{Kind: storage.ErrPermission}
				}
				return o, err
			}
		}},
	}
}

func brokenCleanUps() []defect {
	return []defect{
		{"engine/upload-gone", "calls an upload that is gone invalid", func(b *bench) {
			b.complete = func(
				ctx context.Context, key, id string, parts []*storage.Part,
				opts *storage.PutOptions,
			) (*storage.Object, error) {
				o, err := b.inner.CompleteUpload(ctx, key, id, parts, opts)
				if errors.Is(err, storage.ErrNotExist) {
					err = &storage.Error{Kind: storage.ErrInvalid}
				}
				return o, err
			}
		}},
		{"engine/upload-ended", "calls an upload that is gone invalid", func(b *bench) {
			b.putPart = func(
				ctx context.Context, key, id string, number int, body io.ReadSeeker, size int64,
				opts *storage.PartOptions,
			) (*storage.Part, error) {
				p, err := b.inner.PutPart(ctx, key, id, number, body, size, opts)
				if errors.Is(err, storage.ErrNotExist) {
					err = &storage.Error{Kind: storage.ErrInvalid}
				}
				return p, err
			}
		}},
		{"engine/blocked-source", "takes the failure of a body for its end, whatever its context",
			func(b *bench) {
				b.put = func(
					ctx context.Context, key string, body io.ReadSeeker, _ int64,
					opts *storage.PutOptions,
				) (*storage.Object, error) {
					data, _ := io.ReadAll(body)
					return b.inner.Put(context.WithoutCancel(ctx), key, bytes.NewReader(data),
						int64(len(data)), opts)
				}
			}},
		{"engine/refused-upload", "ignores IfAbsent when an upload is completed", func(b *bench) {
			b.completeWith(func(o *storage.PutOptions) { o.IfAbsent = false })
		}},
		{"engine/ending-source", "takes the failure of a body for its end", takesFailure},
		{"engine/shrinking-source", "takes the failure of a body for its end", takesFailure},
		{"engine/cancelled-upload", "refuses to abort", refusesAborts},
		{"engine/abort-storm", "refuses to abort", refusesAborts},
		{"engine/close-aborts", "refuses to abort", refusesAborts},
		{"engine/abort-timeout", "finds objects that are not there", findsAll},
		{"engine/close-during", "finds objects that are not there", findsAll},
		{"engine/close-reader", "finds objects that are not there", findsAll},
		{"engine/hang", "finds objects that are not there", findsAll},
	}
}

// without is m without the write ID.
func without(m map[string]string) map[string]string {
	m = maps.Clone(m)
	delete(m, writeEntry)
	return m
}

func dropsEntry(b *bench) {
	b.putWith(func(o *storage.PutOptions) { o.Metadata = without(o.Metadata) })
	b.copyWith(func(o *storage.CopyOptions) { o.Metadata = without(o.Metadata) })
	b.create = func(ctx context.Context, key string, opts *storage.PutOptions) (string, error) {
		changed := *opts
		changed.Metadata = without(opts.Metadata)
		return b.inner.CreateUpload(ctx, key, &changed)
	}
}

func firstMetadata(b *bench) {
	var first sync.Map // by key
	b.put = func(
		ctx context.Context, key string, body io.ReadSeeker, size int64, opts *storage.PutOptions,
	) (*storage.Object, error) {
		o, err := b.inner.Put(ctx, key, body, size, opts)
		if err == nil {
			first.LoadOrStore(key, maps.Clone(opts.Metadata))
		}
		return o, err
	}
	b.stat = func(
		ctx context.Context, key string, opts *storage.StatOptions,
	) (*storage.Object, error) {
		o, err := b.inner.Stat(ctx, key, opts)
		if m, ok := first.Load(key); err == nil && ok {
			o.Metadata = maps.Clone(m.(map[string]string))
		}
		return o, err
	}
}

// losesSecondID drops an ID from the middle of an entry, so that what came behind it seems to have
// come directly upon what was before it.
func losesSecondID(b *bench) {
	b.seen(func(o *storage.Object) {
		ids := strings.Split(o.Metadata[writeEntry], ".")
		if len(ids) > 2 {
			o.Metadata[writeEntry] = strings.Join(slices.Delete(ids, 1, 2), ".")
		}
	})
}

func refusesPuts(b *bench) {
	b.put = func(
		context.Context, string, io.ReadSeeker, int64, *storage.PutOptions,
	) (*storage.Object, error) {
		return nil, &storage.Error{Kind: storage.ErrPermission}
	}
}

// sharesFlights lets a Get that asks for what another one asks for at the time have the answer of
// that one. The bytes are gone when the request that brought them is cut.
func sharesFlights(b *bench) {
	type flight struct {
		key, match     string
		offset, length int64
	}
	var mu sync.Mutex
	flying := make(map[flight]context.Context)
	b.get = func(
		ctx context.Context, key string, opts *storage.GetOptions,
	) (*storage.GetResult, error) {
		f := flight{key, opts.IfMatch, opts.Offset, opts.Length}
		mu.Lock()
		first := flying[f]
		if first == nil {
			first = ctx
			flying[f] = ctx
		}
		mu.Unlock()
		r, err := b.inner.Get(ctx, key, opts)
		land := func() {
			mu.Lock()
			defer mu.Unlock()
			if flying[f] == ctx {
				delete(flying, f)
			}
		}
		if err != nil {
			land()
			return nil, err
		}
		r.Body = &sharedBody{r.Body, first, land}
		return r, nil
	}
}

// promisesETags says of each part that its ETag is that of its bytes.
func promisesETags(b *bench) {
	b.putPart = func(
		ctx context.Context, key, id string, number int, body io.ReadSeeker, size int64,
		opts *storage.PartOptions,
	) (*storage.Part, error) {
		p, err := b.inner.PutPart(ctx, key, id, number, body, size, opts)
		if err == nil {
			p.Repeatable = true
		}
		return p, err
	}
}

// sharedBody is a body whose bytes are gone when first has ended.
type sharedBody struct {
	io.ReadCloser
	first context.Context
	land  func()
}

func (s *sharedBody) Read(p []byte) (int, error) {
	n, err := s.ReadCloser.Read(p)
	if s.first.Err() != nil {
		clear(p[:n])
	}
	return n, err
}

func (s *sharedBody) Close() error {
	s.land()
	return s.ReadCloser.Close()
}

func refusesAborts(b *bench) {
	b.abort = func(context.Context, string, string) error {
		return &storage.Error{Kind: storage.ErrPermission}
	}
}

func losesByte(b *bench) {
	b.put = func(
		ctx context.Context, key string, body io.ReadSeeker, size int64, opts *storage.PutOptions,
	) (*storage.Object, error) {
		data, err := io.ReadAll(body)
		if err != nil {
			return nil, &storage.Error{Err: err}
		}
		data = data[:max(len(data)-1, 0)]
		changed := *opts
		changed.Checksums = storage.Checksums{}
		return b.inner.Put(ctx, key, bytes.NewReader(data), int64(len(data)), &changed)
	}
}

func losesPartByte(b *bench) {
	b.putPart = func(
		ctx context.Context, key, id string, number int, body io.ReadSeeker, size int64,
		opts *storage.PartOptions,
	) (*storage.Part, error) {
		data, err := io.ReadAll(body)
		if err != nil {
			return nil, &storage.Error{Err: err}
		}
		return b.inner.PutPart(ctx, key, id, number, bytes.NewReader(data[:size-1]), size-1, opts)
	}
}

func takesFailure(b *bench) {
	b.put = func(
		ctx context.Context, key string, body io.ReadSeeker, _ int64, opts *storage.PutOptions,
	) (*storage.Object, error) {
		data, _ := io.ReadAll(body)
		return b.inner.Put(ctx, key, bytes.NewReader(data), int64(len(data)), opts)
	}
}

func copiesNothing(b *bench) {
	b.copy = func(
		_ context.Context, dst, _ string, _ *storage.CopyOptions,
	) (*storage.CopyResult, error) {
		return &storage.CopyResult{Object: &storage.Object{Key: dst, Size: -1, ETag: `"none"`}}, nil
	}
}

func deletesNothing(b *bench) {
	b.del = func(context.Context, string, *storage.DeleteOptions) error { return nil }
}

func ignoresOffset(b *bench) {
	b.getWith(func(o *storage.GetOptions) {
		if o.IfMatch != "" {
			o.Offset, o.Length = 0, 0
		}
	})
}

func otherSums(b *bench) {
	b.seen(func(o *storage.Object) {
		o.Checksums = storage.Checksums{CRC32C: castagnoliOf([]byte("other"))}
	})
}

func findsAll(b *bench) {
	b.stat = func(
		ctx context.Context, key string, opts *storage.StatOptions,
	) (*storage.Object, error) {
		o, err := b.inner.Stat(ctx, key, opts)
		if errors.Is(err, storage.ErrNotExist) {
			return &storage.Object{Key: key, ETag: `"ghost"`}, nil
		}
		return o, err
	}
}
