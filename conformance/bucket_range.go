package conformance

import (
	"context"
	"io"
	"sync"

	"github.com/polystore/storage"
)

var rangeChecks = []check{
	{
		name: "bucket/reader-range", feature: Buckets,
		rule: "rule 15: Offset and Len of a Reader say where its range lies, whatever was " +
			"read of it",
		covers: []string{"Reader.Offset", "Reader.Len"},
		run: onObject(1000, func(ctx context.Context, e *env, _ string, data []byte) {
			if _, err := e.put(ctx, e.key("empty"), nil, nil); !e.got("Put", err, nil) {
				return
			}
			b := e.bucket(&storage.Options{PartSize: 300})
			for _, tc := range []struct {
				key            string
				opts           storage.GetOptions
				offset, length int64
			}{
				{"object", storage.GetOptions{}, 0, 1000},
				{"object", storage.GetOptions{Concurrency: 3}, 0, 1000},
				{"object", storage.GetOptions{Offset: 10, Length: 20}, 10, 20},
				{"object", storage.GetOptions{Offset: 10, Length: 900, Concurrency: 3}, 10, 900},
				{"object", storage.GetOptions{Offset: 990}, 990, 10},
				{"object", storage.GetOptions{Offset: 990, Length: 1000}, 990, 10},
				{"object", storage.GetOptions{Offset: -10}, 990, 10},
				{"object", storage.GetOptions{Offset: -2000}, 0, 1000},
				{"empty", storage.GetOptions{}, 0, 0},
				{"empty", storage.GetOptions{Offset: -10}, 0, 0},
			} {
				what := describeRange(&tc.opts) + " of " + tc.key
				r, err := b.Get(ctx, tc.key, &tc.opts)
				if !e.got("Get "+what, err, nil) {
					continue
				}
				is := func(when string) {
					if r.Offset() != tc.offset || r.Len() != tc.length {
						e.errorf("%s, %s: Offset %d, Len %d, want %d, %d",
							what, when, r.Offset(), r.Len(), tc.offset, tc.length)
					}
				}
				is("before it was read")
				got, err := io.ReadAll(r)
				if e.got("reading "+what, err, nil) {
					e.same(what, got, data[tc.offset:tc.offset+tc.length])
				}
				is("after it was read")
				e.got("Close", r.Close(), nil)
				is("after Close")
			}
		}),
	},
	{
		name: "bucket/read-progress", feature: Transfers,
		rule: "rule 14: Progress of Get and ReadAll never goes back, ends at the size, " +
			"and counts no byte twice when a read is taken up",
		run: onObject(1<<20, func(ctx context.Context, e *env, _ string, data []byte) {
			if _, err := e.put(ctx, e.key("empty"), nil, nil); !e.got("Put", err, nil) {
				return
			}
			b := e.bucket(&storage.Options{PartSize: 256 << 10, Retry: fast})
			for _, broken := range []bool{false, true} {
				for _, o := range []storage.GetOptions{
					{}, {Offset: 1000, Length: 5000}, {Offset: -100}, {Concurrency: 4},
				} {
					want := data
					switch {
					case o.Length > 0:
						want = data[o.Offset : o.Offset+o.Length]
					case o.Offset < 0:
						want = data[int64(len(data))+o.Offset:]
					}
					for name, read := range readings(b) {
						var once sync.Once
						e.tracked.onGet = func(r *storage.GetResult) {
							if broken {
								once.Do(func() {
									r.Body = &failingDownload{
										ReadCloser: r.Body,
										left:       r.Length / 2,
									}
								})
							}
						}
						e.progressOf(ctx, name, read, "object", o, want)
					}
				}
			}
			e.tracked.onGet = nil
			for name, read := range readings(b) {
				e.progressOf(ctx, name, read, "empty", storage.GetOptions{}, nil)
			}
		}),
	},
}

type readWay func(ctx context.Context, key string, o *storage.GetOptions) ([]byte, error)

// readings are the ways to read that tell of their progress; that of Download has its own check.
func readings(b *storage.Bucket) map[string]readWay {
	return map[string]readWay{
		"ReadAll": b.ReadAll,
		"Get": func(ctx context.Context, key string, o *storage.GetOptions) ([]byte, error) {
			r, err := b.Get(ctx, key, o)
			if err != nil {
				return nil, err
			}
			defer r.Close()
			return io.ReadAll(r)
		},
	}
}

func (e *env) progressOf(
	ctx context.Context, name string, read readWay, key string, o storage.GetOptions, want []byte,
) {
	what := name + " " + describeRange(&o) + " of " + key
	p := new(progress)
	o.Progress = p.note
	got, err := read(ctx, key, &o)
	if !e.got(what, err, nil) {
		return
	}
	e.same(what, got, want)
	p.check(e, what, int64(len(want)))
	if len(p.all) == 0 {
		e.errorf("%s: Progress was never called", what)
	}
}
