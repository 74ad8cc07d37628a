package conformance

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/polystore/storage"
)

// beyondDocuments is the size of an object that is longer than any other answer may be. Drivers
// that are made with package httpdriver read 16 MiB of a list or of an error.
const beyondDocuments = 17 << 20

var readChecks = []check{
	{
		name: "read/whole", feature: Reads,
		rule:   "rule 14: a whole read gives every byte as it was written, and tells how many",
		covers: []string{"GetOptions", "Object.Size"},
		run: func(ctx context.Context, e *env) error {
			for i, size := range []int{1, 1000, 64<<10 + 1, e.many(9<<20+1, 1<<20+3)} {
				key, data := e.key(fmt.Sprint(size)), pattern(size, uint64(i))
				if _, err := e.put(ctx, key, data, nil); err != nil {
					return err
				}
				e.ranged(ctx, key, data, storage.GetOptions{}, 0, size)
			}
			return nil
		},
	},
	{
		name: "read/large", feature: Reads,
		rule: "rule 14: an object is read to its end, however large it is: a bound for the other " +
			"answers of the service is none for its bytes",
		run: onObject(beyondDocuments, func(ctx context.Context, e *env, key string, data []byte) {
			e.ranged(ctx, key, data, storage.GetOptions{}, 0, len(data))
		}),
	},
	{
		name: "read/range", feature: Reads,
		rule:   "rule 15: a range gives exactly its bytes",
		covers: []string{"GetOptions.Length"},
		run: onObject(1000, func(ctx context.Context, e *env, key string, data []byte) {
			for _, r := range [][2]int{{0, 1}, {0, 1000}, {1, 1}, {10, 500}, {998, 1}, {999, 1}} {
				e.ranged(ctx, key, data,
					storage.GetOptions{Offset: int64(r[0]), Length: int64(r[1])}, r[0], r[1])
			}
		}),
	},
	{
		name: "read/from-offset", feature: Reads,
		rule:   "rule 15: an offset without a length reads to the end",
		covers: []string{"GetOptions.Offset"},
		run: onObject(1000, func(ctx context.Context, e *env, key string, data []byte) {
			for _, off := range []int{1, 500, 999} {
				e.ranged(ctx, key, data, storage.GetOptions{Offset: int64(off)}, off, 1000-off)
			}
		}),
	},
	{
		name: "read/range-cut", feature: Reads,
		rule: "rule 15: a range that ends behind the object gives what there is",
		run: onObject(1000, func(ctx context.Context, e *env, key string, data []byte) {
			e.ranged(ctx, key, data, storage.GetOptions{Offset: 990, Length: 100}, 990, 10)
			e.ranged(ctx, key, data, storage.GetOptions{Offset: 0, Length: 1 << 40}, 0, 1000)
		}),
	},
	{
		name: "read/range-behind", feature: Reads,
		rule: "rule 15: an offset at or behind the end is ErrRange",
		run: onObject(1000, func(ctx context.Context, e *env, key string, _ []byte) {
			for _, o := range []storage.GetOptions{{Offset: 1000}, {Offset: 1000, Length: 1},
				{Offset: 5000}, {Offset: 5000, Length: 10}} {
				_, _, err := e.get(ctx, key, &o)
				e.got("Get of 1000 bytes "+describeRange(&o), err, storage.ErrRange)
			}
		}),
	},
	{
		name: "read/suffix", feature: SuffixRange,
		rule: "rule 15: a negative offset reads that many bytes from the end",
		run: onObject(1000, func(ctx context.Context, e *env, key string, data []byte) {
			for _, n := range []int{1, 10, 999, 1000} {
				e.ranged(ctx, key, data, storage.GetOptions{Offset: int64(-n)}, 1000-n, n)
			}
		}),
	},
	{
		name: "read/suffix-too-long", feature: SuffixRange,
		rule: "rule 15: a suffix longer than the object is the whole object",
		run: onObject(10, func(ctx context.Context, e *env, key string, data []byte) {
			e.ranged(ctx, key, data, storage.GetOptions{Offset: -100}, 0, 10)
		}),
	},
	{
		name: "read/empty", feature: Reads,
		rule: "rule 15: the whole of an empty object is no error",
		run: onObject(0, func(ctx context.Context, e *env, key string, data []byte) {
			e.ranged(ctx, key, data, storage.GetOptions{}, 0, 0)
		}),
	},
	{
		name: "read/describes-whole", feature: Reads,
		rule:   "rule 15: the Object of a ranged Get describes the whole object",
		covers: []string{"GetResult.Object"},
		run: func(ctx context.Context, e *env) error {
			key := e.key("k")
			opts := &storage.PutOptions{
				ContentType:  "text/plain",
				CacheControl: "no-cache",
				Metadata:     map[string]string{"a": "b"},
			}
			if _, err := e.put(ctx, key, pattern(100, 1), opts); err != nil {
				return err
			}
			want, err := e.stat(ctx, key, nil)
			if err != nil {
				return err
			}
			_, r, err := e.get(ctx, key, &storage.GetOptions{Offset: 10, Length: 20})
			if err != nil {
				return err
			}
			e.sameObject("Object of a ranged Get", r.Object, want, noChecksums)
			return nil
		},
	},
	{
		name: "read/get-is-stat", feature: Reads,
		rule:   "rule 7: Get describes the object exactly as Stat does",
		covers: []string{"Object.Key", "StatOptions"},
		run: func(ctx context.Context, e *env) error {
			key := e.key("k")
			opts := &storage.PutOptions{
				ContentType: "text/plain; charset=utf-8", ContentEncoding: "zstd",
				ContentLanguage: "de", CacheControl: "max-age=60",
				ContentDisposition: `attachment; filename="x.txt"`,
				Metadata:           map[string]string{"one": "1", "two": "2"},
			}
			if _, err := e.put(ctx, key, pattern(100, 1), opts); err != nil {
				return err
			}
			want, err := e.stat(ctx, key, nil)
			if err != nil {
				return err
			}
			_, r, err := e.get(ctx, key, nil)
			if err != nil {
				return err
			}
			e.sameObject("Object of Get", r.Object, want)
			if want.Key != key {
				e.errorf("Stat(%q).Key = %q", key, want.Key)
			}
			return nil
		},
	},
	{
		name: "read/stored-bytes", feature: Reads,
		rule: "rule 15: stored bytes come back as stored, whatever Content-Encoding says, in " +
			"ranges too",
		run: func(ctx context.Context, e *env) error {
			var zipped bytes.Buffer // what a transport that knows better would unpack
			w := gzip.NewWriter(&zipped)
			io.WriteString(w, strings.Repeat("hello, ", 100)) // a bytes.Buffer does not fail
			w.Close()
			data := zipped.Bytes()
			key := e.key("k.gz")
			if _, err := e.put(ctx, key, data,
				&storage.PutOptions{ContentEncoding: "gzip",
					ContentType: "text/plain"}); err != nil {
				return err
			}
			e.ranged(ctx, key, data, storage.GetOptions{}, 0, len(data))
			e.ranged(ctx, key, data, storage.GetOptions{Offset: 3, Length: 10}, 3, 10)
			return nil
		},
	},
	{
		name: "read/get-missing", feature: Reads,
		rule:   "rule 24: Get of a missing key is ErrNotExist",
		covers: []string{"Error.Kind"},
		run: func(ctx context.Context, e *env) error {
			for _, o := range []storage.GetOptions{{}, {Offset: 5, Length: 1}, {IfMatch: `"x"`},
				{IfNoneMatch: `"x"`}} {
				_, _, err := e.get(ctx, e.key("missing"), &o)
				e.got("Get of a missing key", err, storage.ErrNotExist)
			}
			return nil
		},
	},
	{
		name: "read/stat-missing", feature: Reads,
		rule: "rule 24: Stat of a missing key is ErrNotExist",
		run: func(ctx context.Context, e *env) error {
			for _, o := range []storage.StatOptions{{}, {IfMatch: `"x"`}, {IfNoneMatch: `"x"`}} {
				_, err := e.stat(ctx, e.key("missing"), &o)
				e.got("Stat of a missing key", err, storage.ErrNotExist)
			}
			return nil
		},
	},
	{
		name: "read/mod-time", feature: Reads,
		rule:   "rule 4: ModTime says when the object was written, and never goes back",
		covers: []string{"Object.ModTime"},
		run: func(ctx context.Context, e *env) error {
			var last time.Time
			for i := range 3 {
				if _, err := e.put(ctx, e.key("k"), pattern(10, uint64(i)), nil); err != nil {
					return err
				}
				o, err := e.stat(ctx, e.key("k"), nil)
				if err != nil {
					return err
				}
				// A day allows for clocks that differ and for zones that nobody should mix up.
				if off := time.Since(o.ModTime).Abs(); off > 24*time.Hour {
					e.errorf("ModTime = %v, which is %v from now", o.ModTime, off)
				}
				if o.ModTime.Before(last) {
					e.errorf("ModTime went from %v to %v", last, o.ModTime)
				}
				last = o.ModTime
			}
			return nil
		},
	},
	{
		name: "read/close-early", feature: Reads,
		rule: "rule 25: a Body may be closed at any time, also during a Read, and does not read on",
		run: onObject(1<<20, func(ctx context.Context, e *env, key string, _ []byte) {
			for _, during := range []bool{false, true} {
				r, err := e.store.Get(ctx, key, &storage.GetOptions{})
				if err != nil {
					e.errorf("Get: %w", err)
					return
				}
				if _, err := io.CopyN(io.Discard, r.Body, 1000); err != nil {
					e.errorf("reading 1000 bytes: %w", err)
				}
				done := make(chan struct{})
				if during {
					go func() {
						defer close(done)
						io.Copy(io.Discard,
							r.Body) // with whatever error: it may come to the end before the Close
					}()
				} else {
					close(done)
				}
				if err := r.Body.Close(); err != nil {
					e.errorf("Close after 1000 bytes: %w", err)
				}
				<-done
				if n, err := r.Body.Read(make([]byte, 10)); n > 0 || err == nil ||
					!during && err == io.EOF {
					e.errorf("Read after Close = %d, %v; want an error", n, err)
				}
			}
		}),
	},
	{
		name: "read/parallel", feature: Reads,
		rule: "rule 25: all methods may be called at the same time",
		run: onObject(100_000, func(ctx context.Context, e *env, key string, data []byte) {
			parallel(16, func(i int) {
				e.ranged(ctx, key, data, storage.GetOptions{Offset: int64(i * 5000), Length: 5000},
					i*5000, 5000)
			})
		}),
	},
	{
		name: "version/get", feature: Versions,
		rule: "rule 13: Get with a VersionID reads that version, after it was overwritten and " +
			"deleted, too",
		covers: []string{"GetOptions.VersionID", "Object.VersionID"},
		run: versioned(func(
			ctx context.Context, e *env, key string, first, second *storage.Object,
		) {
			for i, id := range []string{first.VersionID, second.VersionID} {
				got, _, err := e.get(ctx, key, &storage.GetOptions{VersionID: id})
				if e.got(fmt.Sprintf("Get of version %d", i+1), err, nil) {
					e.same(fmt.Sprintf("Get of version %d", i+1), got, pattern(100, uint64(i+1)))
				}
			}
		}),
	},
	{
		name: "version/stat", feature: Versions,
		rule:   "rule 13: Stat with a VersionID describes that version",
		covers: []string{"StatOptions.VersionID"},
		run: versioned(func(
			ctx context.Context, e *env, key string, first, second *storage.Object,
		) {
			for _, want := range []*storage.Object{first, second} {
				o, err := e.stat(ctx, key, &storage.StatOptions{VersionID: want.VersionID})
				if e.got("Stat of a version", err, nil) &&
					(o.ETag != want.ETag || o.VersionID != want.VersionID) {
					e.errorf("Stat of version %s = version %s, ETag %s; want ETag %s",
						want.VersionID, o.VersionID, o.ETag, want.ETag)
				}
			}
		}),
	},
	{
		name: "version/copy", feature: Versions, needs: []Feature{Copy},
		rule:   "rule 21: Copy with a SourceVersionID copies that version",
		covers: []string{"CopyOptions.SourceVersionID"},
		run: versioned(func(ctx context.Context, e *env, key string, first, _ *storage.Object) {
			_, err := e.copy(ctx, e.key("copy"), key,
				&storage.CopyOptions{SourceVersionID: first.VersionID})
			if e.got("Copy of a version", err, nil) {
				e.holds(ctx, e.key("copy"), pattern(100, 1))
			}
		}),
	},
}

// onObject is a check on one object of size bytes.
func onObject(
	size int, fn func(ctx context.Context, e *env, key string, data []byte),
) func(context.Context, *env) error {
	return func(ctx context.Context, e *env) error {
		key, data := e.key("object"), pattern(size, uint64(size))
		if _, err := e.put(ctx, key, data, nil); err != nil {
			return err
		}
		fn(ctx, e, key, data)
		return nil
	}
}

// versioned is a check on an object with two versions and, on top, a deletion.
func versioned(
	fn func(ctx context.Context, e *env, key string, first, second *storage.Object),
) func(context.Context, *env) error {
	return func(ctx context.Context, e *env) error {
		key := e.key("object")
		var versions [2]*storage.Object
		for i := range versions {
			if _, err := e.put(ctx, key, pattern(100, uint64(i+1)), nil); err != nil {
				return err
			}
			o, err := e.stat(ctx, key, nil)
			if err != nil {
				return err
			}
			if o.VersionID == "" && e.can.lacks(Versions) != "" {
				made := &storage.Object{Key: key, VersionID: "1"}
				fn(ctx, e, key, made, made) // a VersionID is refused, and not ignored
				return nil
			}
			if o.VersionID == "" {
				return notRun("the bucket keeps no versions")
			}
			versions[i] = o
		}
		// Some services number every write, also where nothing is kept.
		if _, err := e.stat(ctx, key,
			&storage.StatOptions{VersionID: versions[0].VersionID}); errors.Is(err,
			storage.ErrNotExist) {
			return notRun("the bucket keeps no versions: the one that was replaced is gone")
		}
		if err := e.store.Delete(ctx, key, &storage.DeleteOptions{}); err != nil {
			return err
		}
		fn(ctx, e, key, versions[0], versions[1])
		return nil
	}
}

// ranged notes whether a Get gives data[offset:offset+length] and says so.
func (e *env) ranged(
	ctx context.Context, key string, data []byte, opts storage.GetOptions, offset, length int,
) {
	what := fmt.Sprintf("Get of %d bytes %s", len(data), describeRange(&opts))
	got, r, err := e.get(ctx, key, &opts)
	if err != nil {
		e.errorf("%s: %w", what, err)
		return
	}
	if r.Offset != int64(offset) || r.Length != int64(length) {
		e.errorf("%s: Offset %d, Length %d; want %d, %d", what, r.Offset, r.Length, offset, length)
	}
	if r.Object.Size != int64(len(data)) {
		e.errorf("%s: Object.Size = %d", what, r.Object.Size)
	}
	e.same(what, got, data[offset:offset+length])
}

var noChecksums = cmpopts.IgnoreFields(storage.Object{}, "Checksums")

// sameObject notes a difference between two descriptions of an object.
func (e *env) sameObject(what string, got, want *storage.Object, opts ...cmp.Option) {
	if got.TagCount == -1 || want.TagCount == -1 { // one of the answers does not say
		opts = append(opts, cmpopts.IgnoreFields(storage.Object{}, "TagCount"))
	}
	if diff := cmp.Diff(want, got, opts...); diff != "" {
		e.errorf("%s (-want +got):\n%s", what, diff)
	}
}
