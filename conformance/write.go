package conformance

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"strconv"

	"github.com/google/go-cmp/cmp"

	"github.com/polystore/storage"
)

var writeChecks = []check{
	{
		name: "write/read-back", feature: Writes,
		rule: "rule 2: a Get that starts after Put returned sees the write",
		run: eachWrite(func(
			ctx context.Context, e *env, key string, data []byte, _ *storage.Object,
		) {
			e.holds(ctx, key, data)
		}),
	},
	{
		name: "write/stat-after", feature: Writes,
		rule: "rule 2: a Stat that starts after Put returned sees the write",
		run: eachWrite(func(
			ctx context.Context, e *env, key string, data []byte, _ *storage.Object,
		) {
			if o, err := e.stat(ctx, key, nil); e.got("Stat", err, nil) &&
				o.Size != int64(len(data)) {
				e.errorf("Stat: Size %d, just wrote %d bytes", o.Size, len(data))
			}
		}),
	},
	{
		name: "write/list-after", feature: Writes,
		rule: "rule 2: a List that starts after Put returned sees the write",
		run: eachWrite(func(
			ctx context.Context, e *env, key string, data []byte, _ *storage.Object,
		) {
			all, err := e.list(ctx, &storage.ListOptions{Prefix: e.prefix})
			if e.got("List", err, nil) &&
				(len(all) != 1 || all[0].Key != key || all[0].Size != int64(len(data))) {
				e.errorf("List after a write of %d bytes = %s", len(data), e.names(all))
			}
		}),
	},
	{
		name: "write/result", feature: Writes,
		rule:   "rule 4: Put returns the ETag, and the Size where told, of the Stat that follows",
		covers: []string{"Object.ETag"},
		run: eachWrite(func(
			ctx context.Context, e *env, key string, data []byte, o *storage.Object,
		) {
			if s, err := e.stat(ctx, key, nil); e.got("Stat", err, nil) {
				e.sameResult("Put", o, s)
			}
		}),
	},
	{
		name: "write/new-etag", feature: Writes,
		rule: "rule 7: other bytes have another ETag",
		run: func(ctx context.Context, e *env) error {
			seen := make(map[string]int)
			for i := range 5 {
				o, err := e.put(ctx, e.key("k"), pattern(10, uint64(i)), nil)
				if err != nil {
					return err
				}
				if j, ok := seen[o.ETag]; ok {
					e.errorf("write %d has the ETag %s of write %d", i, o.ETag, j)
				}
				seen[o.ETag] = i
			}
			return nil
		},
	},
	{
		name: "write/empty", feature: Writes,
		rule: "rule 5: an empty object is an object",
		run: func(ctx context.Context, e *env) error {
			key := e.key("empty")
			if _, err := e.put(ctx, key, nil, nil); err != nil {
				return err
			}
			o, err := e.stat(ctx, key, nil)
			if err != nil {
				return err
			}
			if o.Size != 0 {
				e.errorf("Size of an empty object = %d", o.Size)
			}
			e.holds(ctx, key, nil)
			return nil
		},
	},
	{
		name: "write/overwrite", feature: Writes,
		rule: "rule 6: overwriting replaces everything: no header or metadata of the old object " +
			"survives",
		run: func(ctx context.Context, e *env) error {
			key := e.key("k")
			old := &storage.PutOptions{
				ContentType: "text/css", ContentEncoding: "br", ContentDisposition: "inline",
				ContentLanguage: "fr",
				CacheControl:    "no-store", Metadata: map[string]string{"old": "1", "both": "old"},
			}
			if _, err := e.put(ctx, key, pattern(500, 1), old); err != nil {
				return err
			}
			if _, err := e.put(ctx, key, pattern(20, 2),
				&storage.PutOptions{Metadata: map[string]string{"new": "2",
					"both": "new"}}); err != nil {
				return err
			}
			e.holds(ctx, key, pattern(20, 2))
			o, err := e.stat(ctx, key, nil)
			if err != nil {
				return err
			}
			if diff := cmp.Diff(map[string]string{"new": "2", "both": "new"},
				o.Metadata); diff != "" {
				e.errorf("metadata (-want +got):\n%s", diff)
			}
			if o.ContentType == "text/css" ||
				o.ContentEncoding+o.ContentDisposition+o.ContentLanguage+o.CacheControl != "" {
				e.errorf("headers of the old object: %q %q %q %q %q", o.ContentType,
					o.ContentEncoding, o.ContentDisposition, o.ContentLanguage, o.CacheControl)
			}
			return nil
		},
	},
	{
		name: "write/atomic", feature: Writes,
		rule: "rule 1: a reader sees the old object or the new one, bytes and metadata together",
		run:  readersDuringWrites,
	},
	{
		name: "write/short-body", feature: Writes,
		rule: "rule 3: a body shorter than its size is io.ErrUnexpectedEOF, and what was " +
			"there stays",
		run: refusedBody(io.ErrUnexpectedEOF, func(data []byte) (io.ReadSeeker, int64) {
			return bytes.NewReader(data), int64(len(data)) + 10
		}),
	},
	{
		name: "write/long-body", feature: Writes,
		rule: "rule 3: a body longer than its size is ErrInvalid, and what was there stays",
		run: refusedBody(storage.ErrInvalid, func(data []byte) (io.ReadSeeker, int64) {
			return bytes.NewReader(data), int64(len(data)) - 10
		}),
	},
	{
		name: "write/failing-body", feature: Writes,
		rule: "rule 3: an error of the source leaves what was there, and is the error of the call",
		run: refusedBody(errSource, func(data []byte) (io.ReadSeeker, int64) {
			return &failingBody{Reader: bytes.NewReader(data), at: int64(len(data)) - 10},
				int64(len(data))
		}),
	},
	{
		name: "write/options-untouched", feature: Writes,
		rule: "rule 25: a Store neither changes the options it is given nor keeps them",
		run: func(ctx context.Context, e *env) error {
			key := e.key("k")
			opts := &storage.PutOptions{
				ContentType: "text/plain",
				Metadata:    map[string]string{"a": "1", "b": "ü"},
			}
			given := *opts
			given.Metadata = maps.Clone(opts.Metadata)
			if _, err := e.put(ctx, key, pattern(10, 1), opts); err != nil {
				return err
			}
			if diff := cmp.Diff(given.Metadata, opts.Metadata); diff != "" ||
				opts.ContentType != given.ContentType {
				e.errorf("Put changed its options:\n%s", diff)
			}
			opts.Metadata["a"] = "changed by the caller afterwards"
			o, err := e.stat(ctx, key, nil)
			if err == nil && o.Metadata["a"] != "1" {
				e.errorf("a change of the options after Put is in the object: %q", o.Metadata)
			}
			return err
		},
	},
	{
		name: "write/result-is-own", feature: Writes,
		rule: "rule 25: what a Store returns belongs to the caller",
		run: func(ctx context.Context, e *env) error {
			key := e.key("k")
			if _, err := e.put(ctx, key, pattern(10, 1),
				&storage.PutOptions{Metadata: map[string]string{"a": "1"}}); err != nil {
				return err
			}
			for range 2 {
				o, err := e.stat(ctx, key, nil)
				if err != nil {
					return err
				}
				if o.Metadata["a"] != "1" || o.Key != key {
					e.errorf("a change of what Stat returned is in the object: %q %q", o.Key,
						o.Metadata)
					return nil
				}
				o.Metadata["a"], o.Key = "changed by the caller", "another"
			}
			return nil
		},
	},
	{
		name: "write/parallel-keys", feature: Writes,
		rule: "rule 25: writes of different keys at the same time do not touch each other",
		run: func(ctx context.Context, e *env) error {
			n := e.many(64, 16)
			parallel(n, func(i int) {
				if _, err := e.put(ctx, e.key(strconv.Itoa(i)),
					pattern(1000+i, uint64(i)), nil); err != nil {
					e.errorf("%w", err)
				}
			})
			parallel(n, func(i int) {
				e.holds(ctx, e.key(strconv.Itoa(i)), pattern(1000+i, uint64(i)))
			})
			return nil
		},
	},
}

// eachWrite is a check after each of a few writes over each other.
func eachWrite(
	fn func(ctx context.Context, e *env, key string, data []byte, o *storage.Object),
) func(context.Context, *env) error {
	return func(ctx context.Context, e *env) error {
		for i, size := range []int{10, 70_000, 11} {
			data := pattern(size, uint64(i))
			o, err := e.put(ctx, e.key("k"), data, nil)
			if err != nil {
				return err
			}
			fn(ctx, e, e.key("k"), data, o)
		}
		return nil
	}
}

// sameResult holds what a write returned against the Stat that followed.
func (e *env) sameResult(op string, o, stat *storage.Object) {
	if o.Key != stat.Key {
		e.errorf("%s returned the key %q, Stat %q", op, o.Key, stat.Key)
	}
	if o.ETag != stat.ETag {
		e.errorf("%s returned the ETag %q, Stat %q", op, o.ETag, stat.ETag)
	}
	if o.Size != -1 && o.Size != stat.Size {
		e.errorf("%s returned the size %d, Stat %d", op, o.Size, stat.Size)
	}
	if !o.ModTime.IsZero() && !o.ModTime.Equal(stat.ModTime) {
		e.errorf("%s returned the time %v, Stat %v", op, o.ModTime, stat.ModTime)
	}
	if o.VersionID != "" && o.VersionID != stat.VersionID {
		e.errorf("%s returned the version %q, Stat %q", op, o.VersionID, stat.VersionID)
	}
}

// readersDuringWrites overwrites one object with objects whose bytes and metadata name the same
// round.
func readersDuringWrites(ctx context.Context, e *env) error {
	key, rounds := e.key("k"), e.many(100, 10)
	etags := make(map[string]string) // the round of each, as the writes say it
	write := func(round int) error {
		// Each round has its own length and one byte value, so that any mixture shows.
		data := bytes.Repeat([]byte{byte(round)}, 20_000+round)
		name := strconv.Itoa(round)
		o, err := e.put(ctx, key, data,
			&storage.PutOptions{Metadata: map[string]string{"round": name}})
		if err == nil && o.ETag != storage.ETagNone {
			etags[o.ETag] = name
		}
		return err
	}
	if err := write(0); err != nil {
		return err
	}
	done := make(chan struct{})
	var writeErr error
	go func() {
		defer close(done)
		for i := 1; i <= rounds && writeErr == nil; i++ {
			writeErr = write(i)
		}
	}()
	var described []*storage.Object // by one of the readers
	describe := func() {
		o, err := e.stat(ctx, key, nil)
		if err != nil {
			e.errorf("%w", err)
			return
		}
		described = append(described, o)
	}
	parallel(5, func(reader int) {
		for range 5 * rounds { // where writes take longer than that, the last of them go unread
			if reader == 0 {
				describe()
			} else {
				e.readWhole(ctx, key)
			}
			select {
			case <-done:
				return
			default:
			}
			if ctx.Err() != nil {
				return
			}
		}
	})
	<-done
	describe()
	for _, o := range described {
		name := o.Metadata["round"]
		round, _ := strconv.Atoi(name)
		if etag, ok := etags[o.ETag]; ok && etag != name || o.Size != int64(20_000+round) {
			e.errorf("Stat has metadata of round %d with the ETag of round %q and Size %d", round,
				etag, o.Size)
		}
	}
	return writeErr
}

// readWhole holds what Get gives of an object of readersDuringWrites against itself.
func (e *env) readWhole(ctx context.Context, key string) {
	data, r, err := e.get(ctx, key, nil)
	switch round, _ := strconv.Atoi(metadataOf(r)["round"]); {
	case err != nil:
		e.errorf("%w", err)
	case len(data) != 20_000+round || r.Object.Size != int64(len(data)):
		e.errorf("metadata of round %d with %d bytes and Size %d", round, len(data),
			r.Object.Size)
	case bytes.Count(data, []byte{byte(round)}) != len(data):
		e.errorf("round %d: %d of %d bytes are of another", round,
			len(data)-bytes.Count(data, []byte{byte(round)}), len(data))
	}
}

func metadataOf(r *storage.GetResult) map[string]string {
	if r == nil || r.Object == nil {
		return nil
	}
	return r.Object.Metadata
}

var errSource = errors.New("the source failed")

// failingBody fails with errSource at a byte, however often it is sought.
type failingBody struct {
	*bytes.Reader
	at int64
}

func (f *failingBody) Read(p []byte) (int, error) {
	left := f.at - (f.Size() - int64(f.Len()))
	if left <= 0 {
		return 0, errSource
	}
	return f.Reader.Read(p[:min(int64(len(p)), left)])
}

// WriteTo hides the one of bytes.Reader, which knows nothing of the failure.
func (f *failingBody) WriteTo(w io.Writer) (int64, error) {
	return io.Copy(w, struct{ io.Reader }{f})
}

// refusedBody is a check on a body that Put must refuse: where there was nothing, and where there
// was an object.
func refusedBody(
	want error, body func(data []byte) (io.ReadSeeker, int64),
) func(context.Context, *env) error {
	return func(ctx context.Context, e *env) error {
		if _, err := e.put(ctx, e.key("old"), []byte("old"), nil); err != nil {
			return err
		}
		for _, size := range []int{11, 100_000} {
			for _, name := range []string{"new", "old"} {
				r, n := body(pattern(size, 3))
				_, err := e.store.Put(ctx, e.key(name), r, n, &storage.PutOptions{})
				e.got(fmt.Sprintf("Put of %d bytes", size), err, want)
			}
		}
		e.missing(ctx, e.key("new"))
		e.holds(ctx, e.key("old"), []byte("old"))
		return nil
	}
}
