package conformance

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing/iotest"
	"time"

	"github.com/polystore/storage"
)

var bucketReadChecks = []check{
	{
		name: "bucket/get", feature: Buckets,
		rule: "rule 17: a Reader passes iotest.TestReader, and knows its object",
		covers: []string{"Bucket.Get", "Reader.Read", "Reader.WriteTo", "Reader.Object",
			"Reader.Close"},
		run: onObject(5000, func(ctx context.Context, e *env, _ string, data []byte) {
			b := e.bucket(nil)
			for _, concurrency := range []int{0, 3} {
				r, err := b.Get(ctx, "object", &storage.GetOptions{Concurrency: concurrency})
				if !e.got("Get", err, nil) {
					return
				}
				if o := r.Object(); o.Key != "object" || o.Size != 5000 {
					e.errorf("Object of the Reader: key %q, %d bytes", o.Key, o.Size)
				}
				if err := iotest.TestReader(r, data); err != nil {
					e.errorf("TestReader: %w", err)
				}
				e.got("Close", r.Close(), nil)
				e.got("Close again", r.Close(), nil)
				_, err = r.Read(make([]byte, 1))
				e.got("Read after Close", err, storage.ErrClosed)
			}
			r, err := b.Get(ctx, "object", nil)
			if !e.got("Get", err, nil) {
				return
			}
			defer r.Close()
			var buf bytes.Buffer
			n, err := r.WriteTo(&buf)
			if e.got("WriteTo", err, nil) && n == 5000 {
				e.same("WriteTo", buf.Bytes(), data)
			}
		}),
	},
	{
		name: "bucket/read-all", feature: Buckets,
		rule:   "rule 15: ReadAll gives every range as asked, suffixes on every service, too",
		covers: []string{"Bucket.ReadAll"},
		run: onObject(1000, func(ctx context.Context, e *env, _ string, data []byte) {
			b := e.bucket(nil)
			if _, err := b.Put(ctx, "empty", bytes.NewReader(nil), nil); !e.got("Put", err, nil) {
				return
			}
			for _, tc := range []struct {
				key  string
				opts *storage.GetOptions
				want []byte
				err  error
			}{
				{"object", nil, data, nil},
				{"object", &storage.GetOptions{Offset: 10, Length: 20}, data[10:30], nil},
				{"object", &storage.GetOptions{Offset: 990}, data[990:], nil},
				{"object", &storage.GetOptions{Offset: 990, Length: 1000}, data[990:], nil},
				{"object", &storage.GetOptions{Offset: -10}, data[990:], nil},
				{"object", &storage.GetOptions{Offset: -1001}, data, nil},
				{"object", &storage.GetOptions{Offset: 1000}, nil, storage.ErrRange},
				{"empty", nil, nil, nil},
				{"empty", &storage.GetOptions{Offset: -10}, nil, nil},
				{"missing", nil, nil, storage.ErrNotExist},
				{"missing", &storage.GetOptions{Offset: -10}, nil, storage.ErrNotExist},
			} {
				opts := tc.opts
				if opts == nil {
					opts = new(storage.GetOptions)
				}
				what := fmt.Sprintf("ReadAll(%q, %s)", tc.key, describeRange(opts))
				got, err := b.ReadAll(ctx, tc.key, tc.opts)
				if e.got(what, err, tc.err) {
					e.same(what, got, tc.want)
				}
			}
		}),
	},
	{
		name: "bucket/reader-at", feature: Buckets,
		rule: "rule 13: a ReaderAt reads one version at any offset, and is ErrChanged when " +
			"that is gone",
		covers: []string{"Bucket.NewReaderAt", "ReaderAt.Read", "ReaderAt.ReadAt",
			"ReaderAt.ReadRanges", "ReaderAt.Seek", "ReaderAt.Size", "ReaderAt.WriteTo",
			"ReaderAt.Object", "ReaderAt.Close"},
		run: onObject(3000, func(ctx context.Context, e *env, key string, data []byte) {
			b := e.bucket(nil)
			uncached := &storage.ReaderAtOptions{CacheSize: -1}
			r, err := b.NewReaderAt(ctx, "object", uncached)
			if !e.got("NewReaderAt", err, nil) {
				return
			}
			defer r.Close()
			if r.Size() != 3000 || r.Object().Key != "object" {
				e.errorf("a ReaderAt of %d bytes of %q", r.Size(), r.Object().Key)
			}
			// TestReader asks for every byte by itself, and several times: a few will do.
			if _, err := e.put(ctx, e.key("small"), data[:10], nil); !e.got("Put", err, nil) {
				return
			}
			small, err := b.NewReaderAt(ctx, "small", nil)
			if !e.got("NewReaderAt", err, nil) {
				return
			}
			defer small.Close()
			if err := iotest.TestReader(small, data[:10]); err != nil {
				e.errorf("TestReader: %w", err)
			}
			for _, tc := range []struct {
				off  int64
				n    int
				want error
			}{{0, 10, nil}, {2990, 10, nil}, {2990, 20, io.EOF}, {3000, 1, io.EOF},
				{9000, 1, io.EOF}} {
				p := make([]byte, tc.n)
				n, err := r.ReadAt(p, tc.off)
				what := fmt.Sprintf("ReadAt(%d bytes, %d)", tc.n, tc.off)
				if err != nil || tc.want != nil {
					e.got(what, err, tc.want)
				}
				e.same(what, p[:n], data[min(tc.off, 3000):min(tc.off+int64(tc.n), 3000)])
			}
			got, err := r.ReadRanges([]storage.Range{{Offset: 100, Length: 10},
				{Offset: 0, Length: 5}, {Offset: 2000, Length: 0}, {Offset: 105, Length: 10}})
			if e.got("ReadRanges", err, nil) {
				for i, want := range [][]byte{data[100:110], data[:5], {}, data[105:115]} {
					e.same(fmt.Sprintf("ReadRanges, range %d", i), got[i], want)
				}
			}
			if _, err := r.Seek(10, io.SeekStart); err != nil {
				e.errorf("Seek: %w", err)
			}
			var buf bytes.Buffer
			if _, err := r.WriteTo(&buf); e.got("WriteTo", err, nil) {
				e.same("WriteTo after Seek", buf.Bytes(), data[10:])
			}
			if _, err := e.put(ctx, key, pattern(3000, 77), nil); !e.got("Put", err, nil) {
				return
			}
			_, err = r.ReadAt(make([]byte, 10), 500)
			e.got("ReadAt of a replaced object", err, storage.ErrChanged)
		}),
	},
	{
		name: "bucket/get-concurrency", feature: Transfers,
		rule:   "rule 13: ranges that are read at once are one version, in order",
		covers: []string{"GetOptions.Concurrency"},
		run: onObject(3<<20, func(ctx context.Context, e *env, key string, data []byte) {
			b := e.bucket(&storage.Options{PartSize: 512 << 10})
			got, err := b.ReadAll(ctx, "object", &storage.GetOptions{Concurrency: 4})
			if e.got("ReadAll with Concurrency", err, nil) {
				e.same("ReadAll with Concurrency", got, data)
			}
		}),
	},
	{
		name: "bucket/verify-hash", feature: Transfers, needs: []Feature{ChecksumMD5},
		rule: "rule 14: with VerifyHash, a read of other bytes than the service's hash is " +
			"ErrIntegrity",
		covers: []string{"GetOptions.VerifyHash"},
		run: func(ctx context.Context, e *env) error {
			data := pattern(5000, 1)
			opts := &storage.PutOptions{Checksums: storage.Checksums{MD5: sums(data).MD5}}
			if _, err := e.put(ctx, e.key("k"), data, opts); err != nil {
				return err
			}
			b := e.bucket(nil)
			got, err := b.ReadAll(ctx, "k", &storage.GetOptions{VerifyHash: true})
			if e.got("ReadAll with VerifyHash", err, nil) {
				e.same("ReadAll with VerifyHash", got, data)
			}
			e.tracked.onGet = func(r *storage.GetResult) {
				r.Object.Checksums = storage.Checksums{MD5: sums(data[1:]).MD5}
				r.Unproven = false // as the service's own
			}
			_, err = b.ReadAll(ctx, "k", &storage.GetOptions{VerifyHash: true})
			e.got("ReadAll of bytes with another MD5", err, storage.ErrIntegrity)
			_, err = b.ReadAll(ctx, "k", nil)
			e.got("ReadAll without VerifyHash", err, nil)
			return nil
		},
	},
	{
		name: "bucket/conditional-reads", feature: Buckets,
		rule: "rule 12: conditions hold for Get, ReadAll, Stat, NewReaderAt, Download and Exists " +
			"of a Bucket",
		run: changed(func(ctx context.Context, e *env, _, old, now string) {
			for name, read := range conditionalReads(e.bucket(nil)) {
				e.got(name+" with IfMatch", read(ctx, storage.GetOptions{IfMatch: now}), nil)
				e.got(name+" with an old IfMatch", read(ctx, storage.GetOptions{IfMatch: old}),
					storage.ErrPrecondition)
				e.got(name+" with IfNoneMatch", read(ctx, storage.GetOptions{IfNoneMatch: now}),
					storage.ErrNotModified)
				e.got(name+" with an old IfNoneMatch",
					read(ctx, storage.GetOptions{IfNoneMatch: old}), nil)
				e.got(name+" with IfModifiedSince",
					read(ctx, storage.GetOptions{IfModifiedSince: time.Now().Add(-48 * time.Hour)}),
					nil)
			}
		}),
	},
	{
		name: "bucket/stat", feature: Buckets,
		rule:   "rule 4: Stat of a Bucket describes the object in full, under the caller's key",
		covers: []string{"Bucket.Stat"},
		run: onObject(100, func(ctx context.Context, e *env, key string, _ []byte) {
			want, err := e.stat(ctx, key, nil)
			if !e.got("Stat of the Store", err, nil) {
				return
			}
			want.Key = "object"
			got, err := e.bucket(nil).Stat(ctx, "object", nil)
			if e.got("Stat", err, nil) {
				e.sameObject("Stat", got, want)
			}
			_, err = e.bucket(nil).Stat(ctx, "missing", nil)
			e.got("Stat of a missing key", err, storage.ErrNotExist)
		}),
	},
	{
		name: "bucket/exists", feature: Buckets,
		rule:   "rule 24: Exists says no only where there is nothing",
		covers: []string{"Bucket.Exists"},
		run: onObject(100, func(ctx context.Context, e *env, _ string, _ []byte) {
			b := e.bucket(nil)
			for key, want := range map[string]bool{"object": true, "missing": false} {
				if ok, err := b.Exists(ctx, key); ok != want || err != nil {
					e.errorf("Exists(%q) = %v, %v", key, ok, err)
				}
			}
			e.tracked.before = func(context.Context, string, string) error {
				return &storage.Error{Kind: storage.ErrPermission}
			}
			ok, err := b.Exists(ctx, "missing")
			if ok {
				e.errorf("Exists of what may not be seen is true")
			}
			e.got("Exists of what may not be seen", err, storage.ErrPermission)
		}),
	},
	{
		name: "bucket/download", feature: Transfers,
		rule:   "rule 13: Download writes every byte of one version to its place",
		covers: []string{"Bucket.Download", "GetOptions.Progress"},
		run: onObject(2<<20+17, func(ctx context.Context, e *env, _ string, data []byte) {
			b := e.bucket(&storage.Options{PartSize: 512 << 10})
			for _, o := range []storage.GetOptions{{}, {Offset: 1000, Length: 1 << 20},
				{Offset: -100}, {Concurrency: 1}} {
				want := data
				switch {
				case o.Length > 0:
					want = data[o.Offset : o.Offset+o.Length]
				case o.Offset < 0:
					want = data[int64(len(data))+o.Offset:]
				}
				var p progress
				var w writerAt
				o.Progress = p.note
				obj, err := b.Download(ctx, "object", &w, &o)
				if !e.got("Download "+describeRange(&o), err, nil) {
					continue
				}
				if obj.Size != int64(len(data)) {
					e.errorf("Download returned an Object of %d bytes", obj.Size)
				}
				e.same("Download "+describeRange(&o), w.data, want)
				p.check(e, "Download "+describeRange(&o), int64(len(want)))
			}
		}),
	},
	{
		name: "bucket/download-file", feature: Transfers,
		rule: "rule 13: DownloadFile puts the whole object in the file's place, and after an " +
			"error the old file is untouched",
		covers: []string{"Bucket.DownloadFile"},
		run: onObject(1<<20, func(ctx context.Context, e *env, _ string, data []byte) {
			dir, err := os.MkdirTemp("", "conformance-")
			if !e.got("MkdirTemp", err, nil) {
				return
			}
			defer os.RemoveAll(dir)
			file := filepath.Join(dir, "file")
			if err := os.WriteFile(file, []byte("old"), 0o600); !e.got("WriteFile", err, nil) {
				return
			}
			holds := func(want []byte) {
				got, err := os.ReadFile(file)
				if e.got("ReadFile", err, nil) {
					e.same("the file", got, want)
				}
				if names, err := filepath.Glob(filepath.Join(dir, "*")); err != nil ||
					len(names) != 1 {
					e.errorf("the directory holds %q, %v", names, err)
				}
				if names, err := filepath.Glob(filepath.Join(dir, ".*")); err != nil ||
					len(names) != 0 {
					e.errorf("temporary files were left: %q, %v", names, err)
				}
			}
			b := e.bucket(&storage.Options{PartSize: 256 << 10})
			_, err = b.DownloadFile(ctx, "missing", file, nil)
			e.got("DownloadFile of a missing key", err, storage.ErrNotExist)
			holds([]byte("old"))

			e.tracked.onGet = func(r *storage.GetResult) {
				r.Body = &failingDownload{ReadCloser: r.Body, left: r.Length / 2}
			}
			broken := e.bucket(&storage.Options{
				PartSize: 256 << 10,
				Retry:    storage.RetryOptions{Attempts: 1},
			})
			_, err = broken.DownloadFile(ctx, "object", file, nil)
			if err == nil {
				e.errorf("DownloadFile of bodies that break succeeded")
			}
			holds([]byte("old"))
			e.tracked.onGet = nil

			o, err := b.DownloadFile(ctx, "object", file, nil)
			if e.got("DownloadFile", err, nil) && o.Size != int64(len(data)) {
				e.errorf("DownloadFile returned an Object of %d bytes", o.Size)
			}
			holds(data)
		}),
	},
	{
		name: "bucket/signurl", feature: SignURL,
		rule:   "SignURL: a Bucket signs for the key below its prefix",
		covers: []string{"Bucket.SignURL"},
		run: signed(func(ctx context.Context, e *env, key string, data []byte) error {
			u, err := e.bucket(nil).SignURL(ctx, e.short(key),
				&storage.SignOptions{Expires: time.Minute})
			if err != nil {
				return err
			}
			if a := e.follow(ctx, u, nil); a.ok("GET") {
				e.same("the signed GET", a.body, data)
			}
			_, err = e.bucket(nil).SignURL(ctx, "", nil)
			e.got("SignURL of no key", err, storage.ErrInvalidKey)
			return nil
		}),
	},
	{
		name: "bucket/error", feature: Errors,
		rule: "rule 24: an error of a Bucket is a *storage.Error that names the method and the " +
			"caller's key",
		run: onObject(10, func(ctx context.Context, e *env, _ string, _ []byte) {
			b := e.bucket(nil)
			note := func(op string, want error, err error) {
				var se *storage.Error
				if !e.got(op, err, want) || !errors.As(err, &se) {
					e.errorf("%s: %T", op, err)
					return
				}
				if se.Op != op || se.Key != "missing" || se.Kind != want || se.InDoubt {
					e.errorf("%s: Op %q, Key %q, Kind %v, InDoubt %v", op, se.Op, se.Key, se.Kind,
						se.InDoubt)
				}
				if !strings.Contains(err.Error(), op) || !strings.Contains(err.Error(), "missing") {
					e.errorf("%s: the text is %q", op, err)
				}
				if want == storage.ErrNotExist && !errors.Is(err, os.ErrNotExist) {
					e.errorf("%s: not an os.ErrNotExist", op)
				}
				if want == storage.ErrNotExist &&
					!strings.Contains(err.Error(), "object does not exist") {
					e.errorf("%s: the text %q speaks of no object", op, err)
				}
			}
			_, err := b.Get(ctx, "missing", nil)
			note("Get", storage.ErrNotExist, err)
			_, err = b.Stat(ctx, "missing", nil)
			note("Stat", storage.ErrNotExist, err)
			if e.has(IfMatch) {
				_, err = b.Put(ctx, "missing", strings.NewReader("x"),
					&storage.PutOptions{IfMatch: `"x"`})
				note("Put", storage.ErrPrecondition, err)
			}
		}),
	},
}

// writerAt is an io.WriterAt in memory.
type writerAt struct {
	mu   sync.Mutex
	data []byte
}

func (w *writerAt) WriteAt(p []byte, off int64) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if grow := int(off) + len(p) - len(w.data); grow > 0 {
		w.data = append(w.data, make([]byte, grow)...)
	}
	return copy(w.data[off:], p), nil
}

// failingDownload breaks after some bytes.
type failingDownload struct {
	io.ReadCloser
	left int64
}

func (f *failingDownload) Read(p []byte) (int, error) {
	if f.left <= 0 {
		return 0, errSource
	}
	n, err := f.ReadCloser.Read(p[:min(int64(len(p)), f.left)])
	f.left -= int64(n)
	return n, err
}
