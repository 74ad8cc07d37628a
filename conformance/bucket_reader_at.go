package conformance

import (
	"context"
	"strings"
	"time"

	"github.com/polystore/storage"
)

var readerAtChecks = []check{
	{
		name: "bucket/reader-at-options", feature: Buckets,
		rule: "rule 12: NewReaderAt honours every condition of ReaderAtOptions",
		covers: []string{
			"ReaderAtOptions.IfMatch", "ReaderAtOptions.IfNoneMatch",
			"ReaderAtOptions.IfModifiedSince",
		},
		run: changed(func(ctx context.Context, e *env, key, old, now string) {
			o, err := e.stat(ctx, key, nil)
			if !e.got("Stat", err, nil) {
				return
			}
			b := e.bucket(nil)
			plain := strings.Trim(now, `"`) // without its quotes an ETag means the same
			for _, tc := range []struct {
				what string
				opts storage.ReaderAtOptions
				want error
			}{
				{"nothing", storage.ReaderAtOptions{}, nil},
				{"IfMatch", storage.ReaderAtOptions{IfMatch: now}, nil},
				{"IfMatch without quotes", storage.ReaderAtOptions{IfMatch: plain}, nil},
				{"an old IfMatch", storage.ReaderAtOptions{IfMatch: old}, storage.ErrPrecondition},
				{"ETagNone", storage.ReaderAtOptions{IfMatch: storage.ETagNone},
					storage.ErrPrecondition},
				{"IfMatch *", storage.ReaderAtOptions{IfMatch: "*"}, storage.ErrInvalid},
				{"IfNoneMatch", storage.ReaderAtOptions{IfNoneMatch: now}, storage.ErrNotModified},
				{
					"IfNoneMatch without quotes",
					storage.ReaderAtOptions{IfNoneMatch: plain}, storage.ErrNotModified,
				},
				{"an old IfNoneMatch", storage.ReaderAtOptions{IfNoneMatch: old}, nil},
				{
					"IfModifiedSince the write",
					storage.ReaderAtOptions{IfModifiedSince: o.ModTime}, storage.ErrNotModified,
				},
				{
					"IfModifiedSince an hour before",
					storage.ReaderAtOptions{IfModifiedSince: o.ModTime.Add(-time.Hour)}, nil,
				},
			} {
				r, err := b.NewReaderAt(ctx, "k", &tc.opts)
				if !e.got("NewReaderAt with "+tc.what, err, tc.want) || err != nil {
					continue
				}
				p := make([]byte, 6)
				_, err = r.ReadAt(p, 0)
				if e.got("ReadAt", err, nil) {
					e.same("ReadAt", p, []byte("second"))
				}
				e.got("Close", r.Close(), nil)
			}
		}),
	},
	{
		name: "version/reader-at", feature: Versions,
		rule:   "rule 13: a ReaderAt with a VersionID reads that version, overwritten or deleted",
		covers: []string{"ReaderAtOptions.VersionID"},
		run: versioned(func(
			ctx context.Context, e *env, key string, first, second *storage.Object,
		) {
			b := e.bucket(nil)
			for i, o := range []*storage.Object{first, second} {
				opts := &storage.ReaderAtOptions{VersionID: o.VersionID}
				r, err := b.NewReaderAt(ctx, e.short(key), opts)
				if !e.got("NewReaderAt with a VersionID", err, nil) {
					continue
				}
				if r.Object().VersionID != o.VersionID || r.Object().ETag != o.ETag {
					e.errorf("NewReaderAt of version %d pins %+v", i+1, r.Object())
				}
				p := make([]byte, 50)
				_, err = r.ReadAt(p, 10)
				if e.got("ReadAt of a version", err, nil) {
					e.same("ReadAt of a version", p, pattern(100, uint64(i+1))[10:60])
				}
				e.got("Close", r.Close(), nil)
			}
		}),
	},
	{
		name: "bucket/read-at-context", feature: Buckets,
		rule: "rule 25: the context of ReadAtContext ends that read alone, " +
			"and the one of NewReaderAt ends them all",
		covers: []string{"ReaderAt.ReadAtContext"},
		run: onObject(1000, func(ctx context.Context, e *env, _ string, data []byte) {
			life, end := context.WithCancel(ctx)
			defer end()
			uncached := &storage.ReaderAtOptions{CacheSize: -1}
			r, err := e.bucket(nil).NewReaderAt(life, "object", uncached)
			if !e.got("NewReaderAt", err, nil) {
				return
			}
			defer r.Close()
			held := e.hold("Get")

			// Two reads are under way, and the context of one ends.
			own, cancel := context.WithCancel(ctx)
			defer cancel()
			one := readAt(own, r, 0)
			held.await(ctx, e)
			other := readAt(ctx, r, 500)
			held.await(ctx, e)
			cancel()
			e.got("ReadAtContext whose context ended", (<-one).err, context.Canceled)
			held.let <- struct{}{}
			if got := <-other; e.got("ReadAtContext beside it", got.err, nil) {
				e.same("ReadAtContext beside it", got.data, data[500:510])
			}
			before := e.tracked.requests.Load()
			e.got("ReadAtContext behind its end", (<-readAt(own, r, 0)).err, context.Canceled)
			if n := e.tracked.requests.Load() - before; n > 0 {
				e.errorf("%d requests were made under a context that had ended", n)
			}

			// The ReaderAt's own context ends.
			one = readAt(ctx, r, 0)
			held.await(ctx, e)
			end()
			e.got("ReadAtContext of a ReaderAt whose context ended", (<-one).err, context.Canceled)
			e.got("the next one", (<-readAt(ctx, r, 0)).err, context.Canceled)
		}),
	},
}

type readResult struct {
	data []byte
	err  error
}

// readAt reads ten bytes.
func readAt(ctx context.Context, r *storage.ReaderAt, off int64) <-chan readResult {
	done := make(chan readResult, 1)
	go func() {
		p := make([]byte, 10)
		n, err := r.ReadAtContext(ctx, p, off)
		done <- readResult{p[:n], err}
	}()
	return done
}

// holding holds requests back until they are let go or their context ends.
type holding struct{ came, let chan struct{} }

// hold holds the requests of a method back from now on.
func (e *env) hold(op string) *holding {
	h := &holding{make(chan struct{}, 10), make(chan struct{})}
	e.tracked.before = func(ctx context.Context, of, _ string) error {
		if of != op {
			return nil
		}
		h.came <- struct{}{}
		select {
		case <-h.let:
			return nil
		case <-ctx.Done():
			return &storage.Error{Err: ctx.Err()}
		}
	}
	return h
}

// await waits for a request.
func (h *holding) await(ctx context.Context, e *env) {
	select {
	case <-h.came:
	case <-ctx.Done():
		e.errorf("no request came: %w", context.Cause(ctx))
	}
}
