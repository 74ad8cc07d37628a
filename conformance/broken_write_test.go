package conformance

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"strings"
	"sync"
	"time"

	"github.com/polystore/storage"
)

func brokenWrites() []defect {
	defects := []defect{
		{"write/read-back", "reads what was there before", func(b *bench) {
			b.delayed(func(d *delay) { b.get = d.get })
		}},
		{"write/stat-after", "describes what was there before", func(b *bench) {
			b.delayed(func(d *delay) { b.stat = d.stat })
		}},
		{"write/list-after", "lists later", func(b *bench) {
			b.listed(func(page *storage.Page, _ *storage.ListOptions) { page.Objects = nil })
		}},
		{"write/result", "makes up the ETag that Put returns", func(b *bench) {
			b.putResult(func(o *storage.Object) { o.ETag = `"made up"` })
		}},
		{"write/new-etag", "has one ETag for every version", func(b *bench) {
			b.putResult(func(o *storage.Object) { o.ETag = `"` + o.Key + `"` })
		}},
		{"write/empty", "does not store empty objects", func(b *bench) {
			b.put = func(
				ctx context.Context, key string, body io.ReadSeeker, size int64,
				o *storage.PutOptions,
			) (*storage.Object, error) {
				if size == 0 {
					return &storage.Object{Key: key, ETag: `"empty"`}, nil
				}
				return b.inner.Put(ctx, key, body, size, o)
			}
		}},
		{"write/overwrite", "merges metadata", func(b *bench) {
			b.put = func(
				ctx context.Context, key string, body io.ReadSeeker, size int64,
				o *storage.PutOptions,
			) (*storage.Object, error) {
				merged := *o
				if old, err := b.inner.Stat(ctx, key, &storage.StatOptions{}); err == nil &&
					old.Metadata != nil {
					merged.Metadata = old.Metadata
					maps.Copy(merged.Metadata, o.Metadata)
				}
				return b.inner.Put(ctx, key, body, size, &merged)
			}
		}},
		{"write/atomic", "writes the bytes first and the metadata then", func(b *bench) {
			read := make(chan struct{})
			b.get = func(
				ctx context.Context, key string, o *storage.GetOptions,
			) (*storage.GetResult, error) {
				r, err := b.inner.Get(ctx, key, o)
				select {
				case read <- struct{}{}:
				default:
				}
				return r, err
			}
			b.put = func(
				ctx context.Context, key string, body io.ReadSeeker, size int64,
				o *storage.PutOptions,
			) (*storage.Object, error) {
				if old, err := b.inner.Stat(ctx, key, &storage.StatOptions{}); err == nil {
					between := *o
					between.Metadata = old.Metadata
					if _, err := b.inner.Put(ctx, key, body, size, &between); err != nil {
						return nil, err
					}
					for range 5 { // four readers: one of these began after the Put
						select {
						case <-read:
						case <-ctx.Done():
						}
					}
					if _, err := body.Seek(0, io.SeekStart); err != nil {
						return nil, err
					}
				}
				return b.inner.Put(ctx, key, body, size, o)
			}
		}},
		{"write/atomic", "describes one version with the metadata of the one before", func(b *bench) {
			var before sync.Map // metadata by key
			b.put = func(
				ctx context.Context, key string, body io.ReadSeeker, size int64,
				o *storage.PutOptions,
			) (*storage.Object, error) {
				if old, err := b.inner.Stat(ctx, key, &storage.StatOptions{}); err == nil {
					before.Store(key, old.Metadata)
				}
				return b.inner.Put(ctx, key, body, size, o)
			}
			b.stat = func(
				ctx context.Context, key string, o *storage.StatOptions,
			) (*storage.Object, error) {
				object, err := b.inner.Stat(ctx, key, o)
				if m, ok := before.Load(key); ok && err == nil {
					object.Metadata = maps.Clone(m.(map[string]string))
				}
				return object, err
			}
		}},
		{"write/short-body", "commits what there is of a short body", func(b *bench) {
			b.commits(io.ErrUnexpectedEOF)
		}},
		{"write/long-body", "cuts a long body", func(b *bench) {
			b.put = func(
				ctx context.Context, key string, body io.ReadSeeker, size int64,
				o *storage.PutOptions,
			) (*storage.Object, error) {
				data, err := io.ReadAll(io.LimitReader(body, size))
				if err != nil || int64(len(data)) < size {
					return nil, &storage.Error{Err: cmp.Or(err, io.ErrUnexpectedEOF)}
				}
				return b.inner.Put(ctx, key, bytes.NewReader(data), size, o)
			}
		}},
		{"write/failing-body", "takes an error of the source for its end", func(b *bench) {
			b.commits(errSource)
		}},
		{"write/options-untouched", "adds to the caller's metadata", func(b *bench) {
			b.putWith(func(o *storage.PutOptions) {
				if o.Metadata != nil {
					o.Metadata["driver"] = "was here"
				}
			})
		}},
		{"write/result-is-own", "gives everyone the same Object", func(b *bench) {
			var mu sync.Mutex
			cache := make(map[string]*storage.Object)
			b.stat = func(
				ctx context.Context, key string, o *storage.StatOptions,
			) (*storage.Object, error) {
				mu.Lock()
				defer mu.Unlock()
				if cache[key] == nil {
					o, err := b.inner.Stat(ctx, key, o)
					if err != nil {
						return nil, err
					}
					cache[key] = o
				}
				return cache[key], nil
			}
		}},
		{"write/parallel-keys", "has one buffer for all writers", func(b *bench) {
			var mu sync.Mutex
			var last []byte
			b.put = func(
				ctx context.Context, key string, body io.ReadSeeker, size int64,
				o *storage.PutOptions,
			) (*storage.Object, error) {
				data, err := io.ReadAll(body)
				if err != nil {
					return nil, err
				}
				mu.Lock()
				data, last = last, data
				mu.Unlock()
				return b.inner.Put(ctx, key, bytes.NewReader(data), int64(len(data)), o)
			}
		}},
		{"field/put-storageclass", "ignores StorageClass", func(b *bench) {
			b.putWith(func(o *storage.PutOptions) { o.StorageClass = "" })
		}},
		{"field/put-tags", "stores tags as metadata", func(b *bench) {
			b.putWith(func(o *storage.PutOptions) {
				o.Metadata = maps.Clone(o.Metadata)
				maps.Copy(o.Metadata, o.Tags)
			})
		}},
		{"metadata/names", "drops names with an underscore", func(b *bench) {
			b.seen(func(o *storage.Object) { delete(o.Metadata, "a_b") })
		}},
		{"metadata/text", "stores metadata as Latin-1", func(b *bench) {
			b.seenValues(func(v string) string {
				return strings.Map(func(r rune) rune {
					if r > 0xff {
						return '?'
					}
					return r
				}, v)
			})
		}},
		{"metadata/spaces", "trims metadata", func(b *bench) { b.seenValues(strings.TrimSpace) }},
		{"metadata/limit", "counts what metadata takes on the wire", func(b *bench) {
			b.put = func(
				ctx context.Context, key string, body io.ReadSeeker, size int64,
				o *storage.PutOptions,
			) (*storage.Object, error) {
				n := 0
				for k, v := range o.Metadata {
					n += len("x-amz-meta-") + len(k) + len(storage.EncodeMetadataValue(v))
				}
				if n > 1500 {
					return nil, &storage.Error{
						Kind: storage.ErrInvalid,
						Err:  errors.New("too much metadata"),
					}
				}
				return b.inner.Put(ctx, key, body, size, o)
			}
		}},
		{"metadata/none", "returns an empty map", func(b *bench) {
			b.seen(func(o *storage.Object) {
				if o.Metadata == nil {
					o.Metadata = make(map[string]string)
				}
			})
		}},
		{"metadata/random", "folds double spaces and loses the rest of the line", func(b *bench) {
			b.seenValues(func(v string) string { v, _, _ = strings.Cut(v, ","); return v })
		}},
		{"metadata/write-id", "hides the write ID", func(b *bench) {
			b.statSeen(func(o *storage.Object) { delete(o.Metadata, writeID) })
		}},
	}
	for _, h := range headers {
		defects = append(defects,
			defect{"field/put-" + strings.ToLower(h.name), "drops " + h.name, func(b *bench) {
				b.putWith(func(o *storage.PutOptions) { h.put(o, "") })
			}})
	}
	for _, a := range algorithms {
		defects = append(defects,
			defect{"checksum/" + strings.ToLower(a.name), "does not verify " + a.name,
				func(b *bench) {
					b.putWith(func(o *storage.PutOptions) { *a.field(&o.Checksums) = nil })
				}})
	}
	return defects
}

// delay answers with what was there before the last write.
type delay struct {
	b        *bench
	mu       sync.Mutex
	now, old map[string][]byte
}

// delayed lets reads, as plant chooses, lag one write behind.
func (b *bench) delayed(plant func(d *delay)) {
	d := &delay{b: b, now: make(map[string][]byte), old: make(map[string][]byte)}
	b.put = func(
		ctx context.Context, key string, body io.ReadSeeker, size int64, o *storage.PutOptions,
	) (*storage.Object, error) {
		data, err := io.ReadAll(body)
		if err != nil {
			return nil, err
		}
		d.mu.Lock()
		d.old[key], d.now[key] = d.now[key], data
		d.mu.Unlock()
		return b.inner.Put(ctx, key, bytes.NewReader(data), size, o)
	}
	plant(d)
}

func (d *delay) get(
	ctx context.Context, key string, o *storage.GetOptions,
) (*storage.GetResult, error) {
	r, err := d.b.inner.Get(ctx, key, o)
	d.mu.Lock()
	defer d.mu.Unlock()
	if err == nil {
		r.Body, r.Length = io.NopCloser(bytes.NewReader(d.old[key])), int64(len(d.old[key]))
	}
	return r, err
}

func (d *delay) stat(
	ctx context.Context, key string, o *storage.StatOptions,
) (*storage.Object, error) {
	r, err := d.b.inner.Stat(ctx, key, o)
	d.mu.Lock()
	defer d.mu.Unlock()
	if err == nil {
		r.Size = int64(len(d.old[key]))
	}
	return r, err
}

// commits makes Put store what came before an error of the source, and say nothing.
func (b *bench) commits(when error) {
	b.put = func(
		ctx context.Context, key string, body io.ReadSeeker, size int64, o *storage.PutOptions,
	) (*storage.Object, error) {
		data := make([]byte, size)
		n, err := io.ReadFull(body, data)
		if err != nil && !errors.Is(err, when) {
			return nil, &storage.Error{Err: err}
		}
		return b.inner.Put(ctx, key, bytes.NewReader(data[:n]), int64(n), o)
	}
}

// seenValues changes the metadata values that Get and Stat show.
func (b *bench) seenValues(change func(string) string) {
	b.seen(func(o *storage.Object) {
		for k, v := range o.Metadata {
			o.Metadata[k] = change(v)
		}
	})
}

func brokenConditions() []defect {
	// looksFirst makes Put check a condition, and write without it.
	looksFirst := func(b *bench, ok func(now *storage.Object, o *storage.PutOptions) error) {
		pair := newPair()
		b.put = func(
			ctx context.Context, key string, body io.ReadSeeker, size int64, o *storage.PutOptions,
		) (*storage.Object, error) {
			now, _ := b.inner.Stat(ctx, key, &storage.StatOptions{})
			if err := ok(now, o); err != nil {
				return nil, err
			}
			if o.IfAbsent || o.IfMatch != "" {
				pair.wait(ctx)
			}
			bare := *o
			bare.IfAbsent, bare.IfMatch = false, ""
			return b.inner.Put(ctx, key, body, size, &bare)
		}
	}
	return []defect{
		{"condition/if-absent", "overwrites with IfAbsent", func(b *bench) {
			b.putWith(func(o *storage.PutOptions) { o.IfAbsent = false })
		}},
		{"condition/if-absent-race", "looks, and then creates", func(b *bench) {
			looksFirst(b, func(now *storage.Object, o *storage.PutOptions) error {
				if o.IfAbsent && now != nil {
					return &storage.Error{Kind: storage.ErrExist}
				}
				return nil
			})
		}},
		{"condition/if-match", "ignores IfMatch", func(b *bench) {
			b.putWith(func(o *storage.PutOptions) { o.IfMatch = "" })
		}},
		{"condition/if-match-missing", "creates with IfMatch", func(b *bench) {
			b.put = func(
				ctx context.Context, key string, body io.ReadSeeker, size int64,
				o *storage.PutOptions,
			) (*storage.Object, error) {
				bare := *o
				if _, err := b.inner.Stat(ctx, key, &storage.StatOptions{}); err != nil {
					bare.IfMatch = ""
				}
				return b.inner.Put(ctx, key, body, size, &bare)
			}
		}},
		{"condition/if-match-malformed", "sends IfMatch * as it is", func(b *bench) {
			b.putWith(func(o *storage.PutOptions) {
				if o.IfMatch == "*" {
					o.IfMatch = ""
				}
			})
		}},
		// Nothing helps this one to lose an update: the check itself must make it happen.
		{"condition/cas-counter", "looks, and then swaps at once", func(b *bench) {
			b.put = func(
				ctx context.Context, key string, body io.ReadSeeker, size int64,
				o *storage.PutOptions,
			) (*storage.Object, error) {
				if o.IfMatch == "" {
					return b.inner.Put(ctx, key, body, size, o)
				}
				now, err := b.inner.Stat(ctx, key, &storage.StatOptions{})
				if err != nil || now.ETag != o.IfMatch {
					return nil, &storage.Error{Kind: storage.ErrPrecondition}
				}
				bare := *o
				bare.IfMatch = ""
				return b.inner.Put(ctx, key, body, size, &bare)
			}
		}},
		{"condition/cas-counter", "looks, and then swaps", func(b *bench) {
			looksFirst(b, func(now *storage.Object, o *storage.PutOptions) error {
				if o.IfMatch != "" && (now == nil || now.ETag != o.IfMatch) {
					return &storage.Error{Kind: storage.ErrPrecondition}
				}
				return nil
			})
		}},
		{"condition/etag-everywhere", "lists ETags without quotes", func(b *bench) {
			b.listed(func(page *storage.Page, _ *storage.ListOptions) {
				for _, o := range page.Objects {
					o.ETag = strings.Trim(o.ETag, `"`)
				}
			})
		}},
		{"condition/get-if-match", "ignores IfMatch in a ranged Get", func(b *bench) {
			b.getWith(func(o *storage.GetOptions) {
				if o.Length > 0 {
					o.IfMatch = ""
				}
			})
		}},
		{"condition/stat-if-match", "ignores IfMatch in Stat", func(b *bench) {
			b.statWith(func(o *storage.StatOptions) { o.IfMatch = "" })
		}},
		{"condition/get-if-none-match", "ignores IfNoneMatch in Get", func(b *bench) {
			b.getWith(func(o *storage.GetOptions) { o.IfNoneMatch = "" })
		}},
		{"condition/stat-if-none-match", "ignores IfNoneMatch in Stat", func(b *bench) {
			b.statWith(func(o *storage.StatOptions) { o.IfNoneMatch = "" })
		}},
		{"condition/if-none-match-malformed", "takes IfNoneMatch * for any object", func(b *bench) {
			b.get = func(
				ctx context.Context, key string, o *storage.GetOptions,
			) (*storage.GetResult, error) {
				if o.IfNoneMatch == "*" {
					return nil, &storage.Error{Kind: storage.ErrNotModified}
				}
				return b.inner.Get(ctx, key, o)
			}
		}},
		{"condition/get-if-modified-since", "ignores IfModifiedSince in Get", func(b *bench) {
			b.getWith(func(o *storage.GetOptions) {
				*o = storage.GetOptions{Offset: o.Offset, Length: o.Length}
			})
		}},
		{"condition/stat-if-modified-since", "ignores IfModifiedSince in Stat", func(b *bench) {
			b.statWith(func(o *storage.StatOptions) { *o = storage.StatOptions{} })
		}},
		{"etag/put", "answers a Put with the bare ETag", func(b *bench) {
			b.putResult(bareETag)
		}},
		{"etag/get", "answers a Get with an open quote", func(b *bench) {
			b.get = func(
				ctx context.Context, key string, o *storage.GetOptions,
			) (*storage.GetResult, error) {
				r, err := b.inner.Get(ctx, key, o)
				if err == nil {
					r.Object.ETag = strings.TrimSuffix(r.Object.ETag, `"`)
				}
				return r, err
			}
		}},
		{"etag/stat", "answers a Stat with the bare ETag", func(b *bench) { b.statSeen(bareETag) }},
		{"etag/list", "lists bare ETags", func(b *bench) {
			b.listed(func(page *storage.Page, _ *storage.ListOptions) {
				for _, o := range page.Objects {
					bareETag(o)
				}
			})
		}},
		{"etag/copy", "answers a Copy with quotes in quotes", func(b *bench) {
			b.copy = func(
				ctx context.Context, dst, src string, o *storage.CopyOptions,
			) (*storage.CopyResult, error) {
				r, err := b.inner.Copy(ctx, dst, src, o)
				if err == nil {
					r.Object.ETag = `"` + r.Object.ETag + `"`
				}
				return r, err
			}
		}},
		{"etag/complete-upload", "answers a CompleteUpload with the bare ETag", func(b *bench) {
			b.completed(bareETag)
		}},
		{"delete/gone", "deletes nothing", func(b *bench) {
			b.del = func(context.Context, string, *storage.DeleteOptions) error { return nil }
		}},
		{"delete/missing", "misses what it is to delete", func(b *bench) {
			b.del = func(ctx context.Context, key string, o *storage.DeleteOptions) error {
				if _, err := b.inner.Stat(ctx, key, &storage.StatOptions{}); err != nil {
					return err
				}
				return b.inner.Delete(ctx, key, o)
			}
		}},
		{"delete/if-match", "ignores IfMatch in Delete", func(b *bench) {
			b.del = func(ctx context.Context, key string, _ *storage.DeleteOptions) error {
				return b.inner.Delete(ctx, key, &storage.DeleteOptions{})
			}
		}},
		{"delete/if-match-missing", "says yes to a conditional Delete of nothing", func(b *bench) {
			b.del = func(ctx context.Context, key string, o *storage.DeleteOptions) error {
				if _, err := b.inner.Stat(ctx, key, &storage.StatOptions{}); errors.Is(err,
					storage.ErrNotExist) {
					return nil
				}
				return b.inner.Delete(ctx, key, o)
			}
		}},
		{"delete/batch", "forgets the last key of a batch", func(b *bench) {
			b.batch = func(
				ctx context.Context, keys []string, o *storage.DeleteBatchOptions,
			) ([]error, error) {
				failed, err := b.inner.DeleteBatch(ctx, keys[:len(keys)-1], o)
				return append(failed, nil), err
			}
		}},
	}
}

// bareETag takes the quotes off an ETag.
func bareETag(o *storage.Object) { o.ETag = strings.Trim(o.ETag, `"`) }

func brokenCopies() []defect {
	defects := []defect{
		{"copy/keeps", "loses metadata in Copy", func(b *bench) {
			b.copy = func(
				ctx context.Context, dst, src string, o *storage.CopyOptions,
			) (*storage.CopyResult, error) {
				s, err := b.inner.Stat(ctx, src, &storage.StatOptions{})
				if err != nil {
					return nil, err
				}
				r := &storage.CopyOptions{
					Replace:      true,
					ContentType:  s.ContentType,
					CacheControl: s.CacheControl,
				}
				return b.inner.Copy(ctx, dst, src, r)
			}
		}},
		{"copy/replace", "keeps the source's metadata in spite of Replace", func(b *bench) {
			b.copyWith(func(o *storage.CopyOptions) { *o = storage.CopyOptions{} })
		}},
		{"copy/overwrite", "does not copy over an object", func(b *bench) {
			b.copy = func(
				ctx context.Context, dst, src string, o *storage.CopyOptions,
			) (*storage.CopyResult, error) {
				if old, err := b.inner.Stat(ctx, dst, &storage.StatOptions{}); err == nil {
					return &storage.CopyResult{Object: old}, nil
				}
				return b.inner.Copy(ctx, dst, src, o)
			}
		}},
		{"copy/independent", "makes links", func(b *bench) {
			links := make(map[string]string)
			b.copy = func(
				ctx context.Context, dst, src string, o *storage.CopyOptions,
			) (*storage.CopyResult, error) {
				links[dst] = src
				return b.inner.Copy(ctx, dst, src, o)
			}
			b.get = func(
				ctx context.Context, key string, o *storage.GetOptions,
			) (*storage.GetResult, error) {
				if src := links[key]; src != "" {
					key = src
				}
				return b.inner.Get(ctx, key, o)
			}
		}},
		{"copy/missing", "copies nothing to an empty object", func(b *bench) {
			b.copy = func(
				ctx context.Context, dst, src string, o *storage.CopyOptions,
			) (*storage.CopyResult, error) {
				r, err := b.inner.Copy(ctx, dst, src, o)
				if errors.Is(err, storage.ErrNotExist) {
					o, err := b.inner.Put(ctx, dst, bytes.NewReader(nil), 0, &storage.PutOptions{})
					return &storage.CopyResult{Object: o}, err
				}
				return r, err
			}
		}},
		{"copy/mod-time", "copies the time, too", func(b *bench) {
			var mu sync.Mutex
			times := make(map[string]time.Time) // by the ETag of the copy
			b.copy = func(
				ctx context.Context, dst, src string, o *storage.CopyOptions,
			) (*storage.CopyResult, error) {
				s, err := b.inner.Stat(ctx, src, &storage.StatOptions{})
				if err != nil {
					return nil, err
				}
				r, err := b.inner.Copy(ctx, dst, src, o)
				if err == nil {
					mu.Lock()
					defer mu.Unlock()
					times[r.Object.ETag] = s.ModTime
				}
				return r, err
			}
			b.seen(func(o *storage.Object) {
				mu.Lock()
				defer mu.Unlock()
				if at, ok := times[o.ETag]; ok {
					o.ModTime = at
				}
			})
		}},
		{"copy/result", "returns the source's ETag", func(b *bench) {
			b.copy = func(
				ctx context.Context, dst, src string, o *storage.CopyOptions,
			) (*storage.CopyResult, error) {
				s, err := b.inner.Stat(ctx, src, &storage.StatOptions{})
				if err != nil {
					return nil, err
				}
				r, err := b.inner.Copy(ctx, dst, src, o)
				if err == nil {
					r.Object.ETag = s.ETag
				}
				return r, err
			}
		}},
		{"copy/source-if-match", "ignores SourceIfMatch", func(b *bench) {
			b.copyWith(func(o *storage.CopyOptions) { o.SourceIfMatch = "" })
		}},
		{"copy/if-absent", "ignores IfAbsent in Copy", func(b *bench) {
			b.copyWith(func(o *storage.CopyOptions) { o.IfAbsent = false })
		}},
		{"copy/if-match", "ignores IfMatch in Copy", func(b *bench) {
			b.copyWith(func(o *storage.CopyOptions) { o.IfMatch = "" })
		}},
		{"copy/storageclass", "ignores StorageClass in Copy", func(b *bench) {
			b.copyWith(func(o *storage.CopyOptions) { o.StorageClass = "" })
		}},
		{"copy/tags", "stores tags as metadata in Copy", func(b *bench) {
			b.copyWith(func(o *storage.CopyOptions) {
				o.Metadata = maps.Clone(o.Metadata)
				maps.Copy(o.Metadata, o.Tags)
			})
		}},
	}
	for _, h := range headers {
		defects = append(defects,
			defect{"copy/replace-" + strings.ToLower(h.name),
				fmt.Sprintf("drops %s in Copy", h.name), func(b *bench) {
					b.copyWith(func(o *storage.CopyOptions) { h.copy(o, "") })
				}})
	}
	return defects
}
