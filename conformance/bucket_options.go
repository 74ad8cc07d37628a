package conformance

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/polystore/storage"
)

// fast retries at once.
var fast = storage.RetryOptions{MinDelay: time.Millisecond, MaxDelay: 20 * time.Millisecond}

var bucketOptionChecks = []check{
	{
		name: "bucket/close", feature: Buckets,
		rule: "rule 25: after Close every call of a Bucket is ErrClosed, and its Store is " +
			"closed, once",
		covers: []string{"Bucket.Close"},
		run: func(ctx context.Context, e *env) error {
			s, err := e.opts.Open(ctx)
			if err != nil {
				return err
			}
			t := newTracker(storage.Full(s))
			b := storage.New(t, nil)
			v := b.Prefix(e.prefix)
			if _, err := v.Stat(ctx, "missing", nil); !e.got("Stat before Close", err,
				storage.ErrNotExist) {
				return nil
			}
			w := v.NewWriter(ctx, "k", nil)
			e.got("Close", b.Close(), nil)
			e.got("Close again", b.Close(), nil)
			if n := t.closed.Load(); n != 1 {
				e.errorf("the Store was closed %d times", n)
			}
			before := t.requests.Load()
			for name, call := range map[string]func() error{
				"Get": func() error { _, err := v.Get(ctx, "k", nil); return err },
				"Put": func() error {
					_, err := v.Put(ctx, "k",
						strings.NewReader("x"), nil)
					return err
				},
				"Stat":   func() error { _, err := v.Stat(ctx, "k", nil); return err },
				"Delete": func() error { return v.Delete(ctx, "k", nil) },
				"Copy":   func() error { _, err := v.Copy(ctx, "k", "l", nil); return err },
				"Commit": func() error { _, err := w.Commit(); return err },
				"ListPage": func() error {
					_, err := v.ListPage(ctx, nil)
					return err
				},
				"List": func() error {
					for _, err := range v.List(ctx, nil) {
						return err
					}
					return nil
				},
				"DeleteMany": func() error {
					_, err := v.DeleteMany(ctx, slices.Values([]string{"k"}), nil)
					return err
				},
			} {
				e.got(name+" after Close", call(), storage.ErrClosed)
			}
			if n := t.requests.Load() - before; n > 0 {
				e.errorf("%d requests were made after Close", n)
			}
			e.got("Close of the Store", t.inner.Close(), nil)
			return nil
		},
	},
	{
		name: "bucket/portable-keys", feature: Buckets,
		rule: "rule 22: with PortableKeys, writes of keys that are not portable are " +
			"ErrInvalidKey, before any request",
		covers: []string{"Options.PortableKeys"},
		run: func(ctx context.Context, e *env) error {
			b := e.bucket(&storage.Options{PortableKeys: true})
			for _, key := range []string{"a", "a b/c+d", "日本語"} {
				if _, err := b.Put(ctx, key,
					strings.NewReader("x"), nil); e.got("Put of a portable key", err, nil) {
					e.holds(ctx, e.key(key), []byte("x"))
				}
			}
			before := e.tracked.requests.Load()
			for _, key := range []string{"a//b", "a/", "a.", "..", "a/../b", `a\b`, "a\tb"} {
				what := fmt.Sprintf(" of the key %q", key)
				_, err := b.Put(ctx, key, strings.NewReader("x"), nil)
				e.got("Put"+what, err, storage.ErrInvalidKey)
				_, err = b.Copy(ctx, key, "a", nil)
				e.got("Copy to"+what, err, storage.ErrInvalidKey)
				_, err = b.NewWriter(ctx, key, nil).Commit()
				e.got("Commit"+what, err, storage.ErrInvalidKey)
			}
			if n := e.tracked.requests.Load() - before; n > 0 {
				e.errorf("%d requests were made", n)
			}
			return nil
		},
	},
	{
		name: "bucket/capabilities", feature: Buckets,
		rule: "rule 26: Capabilities tells at no request what the Store can, and claims no " +
			"part of what is absent",
		covers: []string{"Bucket.Capabilities", "Capabilities"},
		run: func(_ context.Context, e *env) error {
			b := e.bucket(nil)
			caps := b.Capabilities()
			for part := range partOf {
				for _, whole := range wholes(part) {
					if holds(&caps, part) && !holds(&caps, whole) {
						e.errorf("Capabilities.%s is true and .%s false", capabilities[part],
							capabilities[whole])
					}
				}
			}
			for _, name := range caps.Checksums {
				if !slices.ContainsFunc(algorithms,
					func(a algorithm) bool { return a.name == name }) {
					e.errorf("Capabilities.Checksums has %q, which is no field of Checksums", name)
				}
			}
			if n := e.store.PartLimits(&storage.PutOptions{}).Count; (n > 0) != caps.Multipart {
				e.errorf("PartLimits.Count is %d, Capabilities.Multipart %v", n, caps.Multipart)
			}
			if n := e.store.MaxBatch(); (n > 0) != caps.DeleteBatch {
				e.errorf("MaxBatch is %d, Capabilities.DeleteBatch %v", n, caps.DeleteBatch)
			}
			clear(caps.Checksums) // the value is the caller's
			if diff := cmp.Diff(e.can.caps, b.Capabilities()); diff != "" {
				e.errorf("Capabilities of the Bucket (-of the Store +got):\n%s", diff)
			}
			if n := e.tracked.requests.Load(); n > 0 {
				e.errorf("%d requests were made", n)
			}
			return nil
		},
	},
	{
		name: "bucket/tracer", feature: Buckets,
		rule: "rule 26: a Tracer is told of every call and every request, once, with its " +
			"names, number and error",
		covers: []string{"Options.Tracer"},
		run: func(ctx context.Context, e *env) error {
			seen := &witness{e: e}
			b := e.bucket(&storage.Options{Retry: fast, Tracer: seen})
			var failures atomic.Int64
			e.tracked.before = func(_ context.Context, op, _ string) error {
				if op == "Stat" && failures.Add(1) == 1 {
					return &storage.Error{Kind: storage.ErrUnavailable}
				}
				return nil
			}
			if _, err := b.Put(ctx, "k", strings.NewReader("x"), nil); err != nil {
				return err
			}
			if _, err := b.Stat(ctx, "k", nil); err != nil {
				return err
			}
			if _, err := b.ReadAll(ctx, "k", nil); err != nil {
				return err
			}
			want := []string{
				"Put k 1 failed=false", "call Put k: 1 failed=false",
				"Stat k 1 failed=true", "Stat k 2 failed=false", "call Stat k: 2 failed=false",
				"Get k 1 failed=false", "call ReadAll k: 1 failed=false",
			}
			if diff := cmp.Diff(want, seen.events); diff != "" {
				e.errorf("(-want +got):\n%s", diff)
			}
			return nil
		},
	},
	{
		name: "bucket/retry", feature: Buckets,
		rule: "rule 26: there are as many attempts as Retry says, with pauses below MinDelay " +
			"and MaxDelay between them",
		covers: []string{"Options.Retry", "RetryOptions.Attempts", "RetryOptions.MinDelay",
			"RetryOptions.MaxDelay"},
		run: onObject(10, func(ctx context.Context, e *env, _ string, _ []byte) {
			const attempts, delay = 20, 30 * time.Millisecond
			var failures int
			e.tracked.before = func(context.Context, string, string) error {
				if failures++; failures < attempts {
					return &storage.Error{Kind: storage.ErrUnavailable}
				}
				return nil
			}
			for _, tc := range []struct {
				attempts int
				want     error
			}{{attempts, nil}, {attempts - 1, storage.ErrUnavailable}} {
				failures = 0
				b := e.bucket(&storage.Options{Retry: storage.RetryOptions{
					Attempts: tc.attempts,
					MinDelay: delay,
					MaxDelay: delay,
					Budget:   -1,
				}})
				start, calm := time.Now(), e.calm.Now()
				_, err := b.Stat(ctx, "object", nil)
				e.got(fmt.Sprintf("Stat that works at attempt %d of %d", attempts, tc.attempts),
					err, tc.want)
				if failures != tc.attempts {
					e.errorf("%d attempts were made, want %d", failures, tc.attempts)
				}
				// 18 pauses of 15 ms on average; all of them short is less likely than a broken
				// disk.
				if took := time.Since(start); took < 3*delay {
					e.errorf("%d attempts with pauses of at most %v took only %v", tc.attempts,
						delay, took)
				}
				if took := e.calm.Now() - calm; took > attempts*delay+5*time.Second {
					e.errorf("%d attempts with pauses of at most %v took %v", tc.attempts,
						delay, took)
				}
			}
		}),
	},
	{
		name: "bucket/bandwidth", feature: Transfers,
		rule:   "rule 5: Bandwidth caps the bytes per second of all transfers together",
		covers: []string{"Options.Bandwidth"},
		run: func(ctx context.Context, e *env) error {
			const size, rate = 200_000, 1_000_000
			b := e.bucket(&storage.Options{Bandwidth: rate})
			for _, tc := range []struct {
				what     string
				transfer func() error
			}{
				{"Put", func() error {
					_, err := b.Put(ctx, "k",
						bytes.NewReader(pattern(size, 1)), nil)
					return err
				}},
				{"Get", func() error { _, err := b.ReadAll(ctx, "k", nil); return err }},
			} {
				start := time.Now()
				for range 3 {
					if err := tc.transfer(); err != nil {
						return err
					}
				}
				// 0.6 s at this rate; what goes out first is paid for by what follows.
				if took := time.Since(start); took < 300*time.Millisecond {
					e.errorf("3 x %s of %d bytes at %d a second took %v", tc.what, size, rate, took)
				}
			}
			e.holds(ctx, e.key("k"), pattern(size, 1))
			return nil
		},
	},
	{
		name: "bucket/memory", feature: Transfers,
		rule:   "rule 5: any number of transfers get on with any amount of Memory",
		covers: []string{"Options.Memory"},
		run: func(ctx context.Context, e *env) error {
			part := e.part()
			b := e.bucket(&storage.Options{PartSize: part, Memory: part})
			parallel(e.many(8, 3), func(i int) {
				key, data := fmt.Sprint(i), pattern(int(part)+1000, uint64(i))
				if _, err := b.Put(ctx, key,
					struct{ io.Reader }{bytes.NewReader(data)}, nil); e.got("Put", err, nil) {
					e.holds(ctx, e.key(key), data)
				}
			})
			return nil
		},
	},
	{
		name: "bucket/concurrency", feature: Transfers, needs: []Feature{Multipart},
		rule:   "rule 5: Concurrency bounds the requests that one transfer makes at once",
		covers: []string{"Options.Concurrency", "PutOptions.Concurrency"},
		run: func(ctx context.Context, e *env) error {
			part := e.part()
			data := pattern(2*int(part)+1000, 1)
			var now, most atomic.Int64
			e.tracked.aroundPart = func() func() {
				n := now.Add(1)
				for m := most.Load(); n > m && !most.CompareAndSwap(m, n); m = most.Load() {
				}
				return func() { now.Add(-1) }
			}
			for _, tc := range []struct {
				bucket int
				put    int
			}{{1, 0}, {4, 1}} {
				most.Store(0)
				b := e.bucket(&storage.Options{PartSize: part, Concurrency: tc.bucket})
				if _, err := b.PutReaderAt(ctx, "k", bytes.NewReader(data), int64(len(data)),
					&storage.PutOptions{Concurrency: tc.put}); err != nil {
					return err
				}
				e.holds(ctx, e.key("k"), data)
				if n := most.Load(); n != 1 {
					e.errorf("%d parts were sent at once with Options.Concurrency %d and "+
						"PutOptions.Concurrency %d", n, tc.bucket, tc.put)
				}
			}
			return nil
		},
	},
}
