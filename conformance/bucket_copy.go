package conformance

import (
	"bytes"
	"context"
	"errors"
	"maps"
	"slices"
	"strings"

	"github.com/google/go-cmp/cmp"

	"github.com/polystore/storage"
)

var bucketCopyChecks = []check{
	{
		name: "bucket/copy", feature: Buckets,
		rule:   "rule 21: Copy keeps or replaces headers and metadata as asked, on every service",
		covers: []string{"Bucket.Copy"},
		run: copied(func(ctx context.Context, e *env, src, dst string) error {
			b := e.bucket(nil)
			o, err := b.Copy(ctx, e.short(dst), e.short(src), nil)
			if err != nil {
				return err
			}
			e.holds(ctx, dst, pattern(5000, 1))
			e.sameCopy(ctx, src, dst, o)
			_, err = b.Copy(ctx, e.short(dst), e.short(src), &storage.CopyOptions{
				Replace: true, ContentType: "text/css", Metadata: map[string]string{"New": "ü"},
			})
			if err != nil {
				return err
			}
			s, err := b.Stat(ctx, e.short(dst), nil)
			if err != nil {
				return err
			}
			if diff := cmp.Diff(map[string]string{"new": "ü"}, s.Metadata); diff != "" ||
				s.ContentType != "text/css" || s.CacheControl != "" {
				e.errorf("after Copy with Replace: ContentType %q, CacheControl %q, metadata "+
					"(-want +got):\n%s", s.ContentType, s.CacheControl, diff)
			}
			e.holds(ctx, dst, pattern(5000, 1))
			_, err = b.Copy(ctx, e.short(dst), "missing", nil)
			e.got("Copy of a missing source", err, storage.ErrNotExist)
			return nil
		}),
	},
	{
		name: "bucket/copy-conditions", feature: Buckets, needs: []Feature{IfAbsent, IfMatch},
		rule: "rule 10: IfAbsent, IfMatch and SourceIfMatch hold for Copy on every service, with " +
			"a fallback where the service has none",
		run: copied(func(ctx context.Context, e *env, src, dst string) error {
			b := e.bucket(nil)
			to, from := e.short(dst), e.short(src)
			_, err := b.Copy(ctx, to, from, &storage.CopyOptions{IfMatch: `"x"`})
			e.got("Copy with IfMatch onto nothing", err, storage.ErrPrecondition)
			e.missing(ctx, dst)
			first, err := b.Copy(ctx, to, from, &storage.CopyOptions{IfAbsent: true})
			if err != nil {
				return err
			}
			e.sameCopy(ctx, src, dst, first)
			_, err = b.Copy(ctx, to, from, &storage.CopyOptions{IfAbsent: true})
			e.got("Copy with IfAbsent onto an object", err, storage.ErrExist)
			second, err := e.put(ctx, dst, []byte("second"), nil)
			if err != nil {
				return err
			}
			_, err = b.Copy(ctx, to, from, &storage.CopyOptions{IfMatch: first.ETag})
			e.got("Copy with IfMatch onto a changed object", err, storage.ErrPrecondition)
			_, err = b.Copy(ctx, to, from, &storage.CopyOptions{SourceIfMatch: second.ETag})
			e.got("Copy with another's ETag as SourceIfMatch", err, storage.ErrPrecondition)
			e.holds(ctx, dst, []byte("second"))
			_, err = b.Copy(ctx, to, from, &storage.CopyOptions{IfMatch: second.ETag})
			if e.got("Copy with IfMatch", err, nil) {
				e.holds(ctx, dst, pattern(5000, 1))
			}
			return nil
		}),
	},
	{
		name: "bucket/copy-fallback", feature: Transfers,
		rule: "rule 21: Copy takes any size, also where one request of the service does " +
			"not do it",
		covers: []string{"CopyOptions.PartSize", "CopyOptions.Concurrency", "CopyOptions.Progress"},
		run: func(ctx context.Context, e *env) error {
			part := e.part()
			size := part + part/2
			opts := &storage.PutOptions{
				ContentType: "text/x-copied",
				Metadata:    map[string]string{"a": "ü"},
			}
			if _, err := e.bucket(&storage.Options{PartSize: part}).Put(ctx, "src",
				bytes.NewReader(pattern(int(size), 1)), opts); err != nil {
				return err
			}
			refused := map[string]bool{"Copy": true}
			e.tracked.before = func(_ context.Context, op, _ string) error {
				if refused[op] {
					return &storage.Error{Kind: errors.ErrUnsupported}
				}
				return nil
			}
			// First with the parts of the service, then through this process.
			for _, op := range []string{"CopyPart", ""} {
				b := e.bucket(&storage.Options{PartSize: part})
				var p progress
				o, err := b.Copy(ctx, "dst", "src", &storage.CopyOptions{
					PartSize:    part,
					Concurrency: 2,
					Progress:    p.note,
				})
				if err != nil {
					return err
				}
				e.holds(ctx, e.key("dst"), pattern(int(size), 1))
				e.sameCopy(ctx, e.key("src"), e.key("dst"), o)
				p.check(e, "Copy in parts", size)
				refused[op] = true
			}
			return nil
		},
	},
	{
		name: "bucket/copy-object", feature: Transfers,
		rule: "rule 21: CopyObject copies bytes, headers and metadata between Buckets of " +
			"different Stores",
		covers: []string{"CopyObject"},
		run: copied(func(ctx context.Context, e *env, src, dst string) error {
			// Another tracker is another Store, as far as a Bucket can see.
			other := newTracker(e.tracked.inner)
			b := e.bucket(nil)
			from := storage.New(other, nil).Prefix(e.prefix)
			o, err := storage.CopyObject(ctx, b, e.short(dst), from, e.short(src), nil)
			if err != nil {
				return err
			}
			e.holds(ctx, dst, pattern(5000, 1))
			e.sameCopy(ctx, src, dst, o)
			if e.has(IfAbsent) {
				_, err = storage.CopyObject(ctx, b, e.short(dst), from, e.short(src),
					&storage.CopyOptions{IfAbsent: true})
				e.got("CopyObject with IfAbsent onto an object", err, storage.ErrExist)
			}
			_, err = storage.CopyObject(ctx, b, e.short(dst), from, "missing", nil)
			e.got("CopyObject of a missing source", err, storage.ErrNotExist)
			o, err = storage.CopyObject(ctx, b, "same", b, e.short(src), nil)
			if e.got("CopyObject within a Bucket", err, nil) {
				e.sameCopy(ctx, src, e.key("same"), o)
			}
			return nil
		}),
	},
	{
		name: "bucket/random", feature: Buckets,
		rule: "rule 2: after any sequence of operations a Bucket holds what a map would hold",
		run:  randomOperations,
	},
}

// sameCopy notes a copy that has other headers or metadata than its source, or another ETag than
// was told.
func (e *env) sameCopy(ctx context.Context, src, dst string, told *storage.Object) {
	want, err := e.stat(ctx, src, nil)
	if !e.got("Stat of the source", err, nil) {
		return
	}
	got, err := e.stat(ctx, dst, nil)
	if !e.got("Stat of the copy", err, nil) {
		return
	}
	if told == nil || told.ETag != got.ETag || told.Key != e.short(dst) {
		e.errorf("Copy returned %+v; Stat says ETag %s", told, got.ETag)
	}
	for _, h := range headers {
		if h.get(got) != h.get(want) {
			e.errorf("%s of the copy = %q, of the source %q", h.name, h.get(got), h.get(want))
		}
	}
	// A conditional copy carries a write ID.
	for _, o := range []*storage.Object{want, got} {
		maps.DeleteFunc(o.Metadata, func(name, _ string) bool { return name == writeID })
	}
	if diff := cmp.Diff(want.Metadata, got.Metadata); diff != "" {
		e.errorf("metadata of the copy (-want +got):\n%s", diff)
	}
}

// randomOperations does the same to a Bucket and to a map.
func randomOperations(ctx context.Context, e *env) error {
	type object struct{ data, meta, etag string }
	model := make(map[string]object)
	b := e.bucket(nil)
	r := e.rand()
	keys := []string{"a", "b", "dir/a", "dir/b", "dir/sub/c"}
	for i := range e.many(500, 80) {
		key := keys[r.IntN(len(keys))]
		now, there := model[key]
		data, meta := string(pattern(r.IntN(3000), uint64(i))), strings.Repeat("ü", 1+r.IntN(3))
		write := func(opts *storage.PutOptions, refusal error) {
			opts.Metadata = map[string]string{"m": meta}
			o, err := b.Put(ctx, key, strings.NewReader(data), opts)
			if e.got("Put", err, refusal) && refusal == nil {
				model[key] = object{data, meta, o.ETag}
			}
		}
		op := r.IntN(7)
		if op == 1 && !e.has(IfAbsent) || (op == 2 || op == 3) && !e.has(IfMatch) {
			op = 0
		}
		switch op {
		case 0:
			write(&storage.PutOptions{}, nil)
		case 1:
			var refusal error
			if there {
				refusal = storage.ErrExist
			}
			write(&storage.PutOptions{IfAbsent: true}, refusal)
		case 2:
			if there {
				write(&storage.PutOptions{IfMatch: now.etag}, nil)
			}
		case 3:
			write(&storage.PutOptions{IfMatch: storage.ETagNone}, storage.ErrPrecondition)
		case 4:
			if e.got("Delete", b.Delete(ctx, key, nil), nil) {
				delete(model, key)
			}
		case 5:
			dst := keys[r.IntN(len(keys))]
			if dst == key {
				continue // services differ about a copy onto itself
			}
			o, err := b.Copy(ctx, dst, key, nil)
			if !there {
				e.got("Copy of nothing", err, storage.ErrNotExist)
			} else if e.got("Copy", err, nil) {
				model[dst] = object{now.data, now.meta, o.ETag}
			}
		case 6:
			rd, err := b.Get(ctx, key, nil)
			if !there {
				e.got("Get of nothing", err, storage.ErrNotExist)
				continue
			}
			if !e.got("Get", err, nil) {
				continue
			}
			var got bytes.Buffer
			_, err = rd.WriteTo(&got)
			e.got("WriteTo", errors.Join(err, rd.Close()), nil)
			if o := rd.Object(); got.String() != now.data || o.ETag != now.etag ||
				o.Metadata["m"] != now.meta {
				e.errorf("operation %d: Get(%q) = %d bytes, ETag %s, metadata %q; want %d, %s, %q",
					i, key, got.Len(), o.ETag, o.Metadata, len(now.data), now.etag, now.meta)
			}
		}
	}
	e.listed(ctx, "", slices.Collect(maps.Keys(model))...)
	for key, o := range model {
		e.holds(ctx, e.key(key), []byte(o.data))
	}
	return nil
}
