package conformance

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"

	"github.com/polystore/storage"
)

var bucketWriteChecks = []check{
	{
		name: "bucket/put", feature: Buckets,
		rule:   "rule 5: Put writes a stream of any length, whether or not its length is known",
		covers: []string{"Bucket.Put", "Bucket.Get", "Options.PartSize", "PutOptions.PartSize"},
		run: func(ctx context.Context, e *env) error {
			part := e.part()
			b := e.bucket(&storage.Options{PartSize: part})
			sizes := []int64{0, 1, 1000, part - 1, part, part + 1}
			if e.opts.Full {
				sizes = append(sizes, 2*part, 3*part+part/2)
			}
			for i, size := range sizes {
				data := pattern(int(size), uint64(i))
				// Every other size comes by a reader that does not tell its length, in odd pieces.
				var r io.Reader = bytes.NewReader(data)
				if i%2 == 0 || e.opts.Full {
					r = iotest.HalfReader(iotest.DataErrReader(r))
				}
				o, err := b.Put(ctx, "k", r, &storage.PutOptions{
					PartSize:    part,
					ContentType: "text/plain",
				})
				if !e.got(fmt.Sprintf("Put of %d bytes", size), err, nil) {
					continue
				}
				e.holds(ctx, e.key("k"), data)
				s, err := b.Stat(ctx, "k", nil)
				if e.got("Stat", err, nil) {
					e.sameResult("Put", o, s)
					if s.Key != "k" || s.ContentType != "text/plain" {
						e.errorf("Stat of %d bytes: key %q, ContentType %q", size, s.Key,
							s.ContentType)
					}
				}
			}
			return nil
		},
	},
	{
		name: "bucket/put-sources", feature: Buckets,
		rule: "rule 5: Put takes every io.Reader from where it stands, and trusts none but " +
			"its Read",
		run: func(ctx context.Context, e *env) error {
			data := pattern(5000, 1)
			file, err := tempFile(data)
			if err != nil {
				return err
			}
			defer os.Remove(file)
			f, err := os.Open(file)
			if err != nil {
				return err
			}
			defer f.Close()
			sources := map[string]io.Reader{
				"bytes.Reader":   bytes.NewReader(data),
				"strings.Reader": strings.NewReader(string(data)),
				"bytes.Buffer":   bytes.NewBuffer(bytes.Clone(data)),
				"io.SectionReader": io.NewSectionReader(bytes.NewReader(append([]byte("skipped"),
					data...)), 7, 5000),
				"os.File":        f,
				"bare io.Reader": struct{ io.Reader }{bytes.NewReader(data)},
			}
			b := e.bucket(nil)
			for name, r := range sources {
				if _, err := io.CopyN(io.Discard, r, 100); err != nil {
					return err
				}
				if _, err := b.Put(ctx, "k", r, nil); e.got("Put of a "+name, err, nil) &&
					!e.holds(ctx, e.key("k"), data[100:]) {
					e.errorf("that was a %s", name)
				}
			}
			// A type that embeds a file and reads otherwise.
			if _, err := f.Seek(0, io.SeekStart); err != nil {
				return err
			}
			_, err = b.Put(ctx, "k", &upper{f}, nil)
			if e.got("Put of a type with a Read of its own", err, nil) {
				e.holds(ctx, e.key("k"), capital(data))
			}
			return nil
		},
	},
	{
		name: "bucket/put-reader-at", feature: Buckets,
		rule:   "rule 5: PutReaderAt writes exactly size bytes of its source",
		covers: []string{"Bucket.PutReaderAt"},
		run: func(ctx context.Context, e *env) error {
			part := e.part()
			b := e.bucket(&storage.Options{PartSize: part})
			for i, size := range []int64{0, 1000, part + 1000} {
				data := pattern(int(size)+50, uint64(i))
				_, err := b.PutReaderAt(ctx, "k", bytes.NewReader(data), size, nil)
				if e.got(fmt.Sprintf("PutReaderAt of %d bytes", size), err, nil) {
					e.holds(ctx, e.key("k"), data[:size])
				}
			}
			before, _, err := e.get(ctx, e.key("k"), nil)
			if err != nil {
				return err
			}
			_, err = b.PutReaderAt(ctx, "k", bytes.NewReader(pattern(1000, 7)), 2000, nil)
			e.got("PutReaderAt of 2000 bytes from a source of 1000", err, io.ErrUnexpectedEOF)
			e.holds(ctx, e.key("k"), before)
			return nil
		},
	},
	{
		name: "bucket/put-conditions", feature: Buckets, needs: []Feature{IfAbsent, IfMatch},
		rule: "rule 10: IfAbsent and IfMatch hold for every way to write: one request, parts, " +
			"Writer, file",
		run: func(ctx context.Context, e *env) error {
			part := e.part()
			b := e.bucket(&storage.Options{PartSize: part})
			large := int(part) + 100
			if !e.has(MultipartConditions) {
				large = 2000
			}
			ways := map[string]func(data []byte, opts *storage.PutOptions) (*storage.Object, error){
				"Put": func(data []byte, opts *storage.PutOptions) (*storage.Object, error) {
					return b.Put(ctx, "k", bytes.NewReader(data), opts)
				},
				"PutReaderAt": func(
					data []byte, opts *storage.PutOptions,
				) (*storage.Object, error) {
					return b.PutReaderAt(ctx, "k", bytes.NewReader(data), int64(len(data)), opts)
				},
				"Writer": func(data []byte, opts *storage.PutOptions) (*storage.Object, error) {
					w := b.NewWriter(ctx, "k", opts)
					defer w.Close()
					if _, err := w.Write(data); err != nil {
						return nil, err
					}
					return w.Commit()
				},
				"UploadFile": func(data []byte, opts *storage.PutOptions) (*storage.Object, error) {
					file, err := tempFile(data)
					if err != nil {
						return nil, err
					}
					defer os.Remove(file)
					return b.UploadFile(ctx, "k", file, opts)
				},
			}
			for name, write := range ways {
				sizes := []int{1000}
				if name == "Writer" || e.opts.Full { // the others take the same way with parts
					sizes = append(sizes, large)
				}
				for _, size := range sizes {
					what := fmt.Sprintf("%s of %d bytes", name, size)
					if err := b.Delete(ctx, "k", nil); err != nil {
						return err
					}
					_, err := write(pattern(size, 9), &storage.PutOptions{IfMatch: `"x"`})
					e.got(what+" with IfMatch on nothing", err, storage.ErrPrecondition)
					first, err := write(pattern(size, 1), &storage.PutOptions{IfAbsent: true})
					if !e.got(what+" with IfAbsent on nothing", err, nil) {
						continue
					}
					_, err = write(pattern(size, 2), &storage.PutOptions{IfAbsent: true})
					e.got(what+" with IfAbsent on an object", err, storage.ErrExist)
					_, err = write(pattern(size, 3), &storage.PutOptions{IfMatch: first.ETag})
					e.got(what+" with IfMatch", err, nil)
					_, err = write(pattern(size, 4), &storage.PutOptions{IfMatch: first.ETag})
					e.got(what+" with an old IfMatch", err, storage.ErrPrecondition)
					e.holds(ctx, e.key("k"), pattern(size, 3))
				}
			}
			return nil
		},
	},
	{
		name: "bucket/writer", feature: Buckets,
		rule: "rule 3: what a Writer was given is an object at Commit, and Close does no harm " +
			"after it",
		covers: []string{"Bucket.NewWriter", "Writer.Write", "Writer.ReadFrom", "Writer.Commit",
			"Writer.Close"},
		run: func(ctx context.Context, e *env) error {
			part := int(e.part())
			b := e.bucket(&storage.Options{PartSize: int64(part)})
			for i, size := range []int{0, 1000, part, part + 1000} {
				data := pattern(size, uint64(i))
				w := b.NewWriter(ctx, "k",
					&storage.PutOptions{Metadata: map[string]string{"Size": strconv.Itoa(size)}})
				half := size / 2
				if n, err := w.Write(data[:half]); n != half || err != nil {
					e.errorf("Write of %d bytes = %d, %v", half, n, err)
				}
				next := min(half+500, size)
				n, err := w.ReadFrom(iotest.OneByteReader(bytes.NewReader(data[half:next])))
				if err != nil {
					e.errorf("ReadFrom = %d, %v", n, err)
				}
				if _, err := io.Copy(w, bytes.NewReader(data[next:])); err != nil {
					e.errorf("io.Copy: %w", err)
				}
				o, err := w.Commit()
				e.got(fmt.Sprintf("Commit of %d bytes", size), err, nil)
				e.got("Close after Commit", w.Close(), nil)
				e.got("Close again", w.Close(), nil)
				_, err = w.Write([]byte("more"))
				e.got("Write after Commit", err, storage.ErrClosed)
				_, err = w.Commit()
				e.got("Commit again", err, storage.ErrClosed)
				e.holds(ctx, e.key("k"), data)
				s, err := b.Stat(ctx, "k", nil)
				if e.got("Stat", err, nil) && o != nil {
					e.sameResult("Commit", o, s)
					want := map[string]string{"size": strconv.Itoa(size)}
					if diff := cmp.Diff(want, s.Metadata); diff != "" {
						e.errorf("metadata (-want +got):\n%s", diff)
					}
				}
			}
			return nil
		},
	},
	{
		name: "bucket/writer-aborts", feature: Buckets,
		needs: []Feature{Multipart, AbortUpload, ListUploads},
		rule: "rule 3: a Writer that is closed without Commit leaves what was there before, and " +
			"no upload",
		run: func(ctx context.Context, e *env) error {
			part := int(e.part())
			b := e.bucket(&storage.Options{PartSize: int64(part)})
			if _, err := e.put(ctx, e.key("old"), []byte("old"), nil); err != nil {
				return err
			}
			for _, name := range []string{"old", "new"} {
				w := b.NewWriter(ctx, name, nil)
				if _, err := w.Write(pattern(part+1000, 1)); err != nil {
					e.errorf("Write: %w", err)
				}
				e.got("Close without Commit", w.Close(), storage.ErrNotCommitted)
				e.got("Close again", w.Close(), nil)
				_, err := w.Commit()
				e.got("Commit after Close", err, storage.ErrClosed)
				left, err := e.uploads(ctx, e.key(name), 0)
				if e.got("ListUploadsPage", err, nil) && len(left) > 0 {
					e.errorf("%d uploads were left behind", len(left))
				}
			}
			e.holds(ctx, e.key("old"), []byte("old"))
			e.missing(ctx, e.key("new"))
			return nil
		},
	},
	{
		name: "bucket/commit-on-close", feature: Buckets,
		rule:   "rule 3: CommitOnClose makes a Writer for those who only close: gzip and its like",
		covers: []string{"Writer.CommitOnClose"},
		run: func(ctx context.Context, e *env) error {
			w := e.bucket(nil).NewWriter(ctx, "k.gz", nil)
			defer w.Close()
			wc := w.CommitOnClose()
			z := gzip.NewWriter(wc)
			if _, err := z.Write(pattern(5000, 1)); err != nil {
				return err
			}
			e.missing(ctx, e.key("k.gz"))
			if err := errors.Join(z.Close(), wc.Close()); err != nil {
				return err
			}
			zipped, _, err := e.get(ctx, e.key("k.gz"), nil)
			if err != nil {
				return err
			}
			r, err := gzip.NewReader(bytes.NewReader(zipped))
			if err != nil {
				return err
			}
			data, err := io.ReadAll(r)
			e.same("what was written through gzip", data, pattern(5000, 1))
			return err
		},
	},
	{
		name: "bucket/update", feature: Buckets, needs: []Feature{IfAbsent, IfMatch},
		rule:   "rule 9: no Update is lost among any number of them",
		covers: []string{"Bucket.Update"},
		run: func(ctx context.Context, e *env) error {
			writers, rounds := e.many(16, 5), e.many(20, 3)
			b := e.bucket(nil)
			parallel(writers, func(w int) {
				for i := range rounds {
					_, err := b.Update(ctx, "counter",
						func(old []byte, o *storage.Object) ([]byte, error) {
							if (old == nil) != (o == nil) && len(old) > 0 {
								e.errorf("change was called with %d bytes of object %v",
									len(old), o)
							}
							number, _, _ := bytes.Cut(old, []byte(" "))
							n, _ := strconv.Atoi(string(number)) // nothing is 0
							return fmt.Appendf(nil, "%d by %d in round %d", n+1, w, i), nil
						})
					if !e.got("Update", err, nil) {
						return
					}
				}
			})
			if e.failed() {
				return nil
			}
			data, err := b.ReadAll(ctx, "counter", nil)
			if err != nil {
				return err
			}
			number, _, _ := strings.Cut(string(data), " ")
			if number != strconv.Itoa(writers*rounds) {
				e.errorf("the counter is at %s after %d Updates", number, writers*rounds)
			}
			_, err = b.Update(ctx, "counter", func([]byte, *storage.Object) ([]byte, error) {
				return nil, errSource
			})
			e.got("Update whose function fails", err, errSource)
			e.holds(ctx, e.key("counter"), data)
			return nil
		},
	},
	{
		name: "bucket/upload-file", feature: Transfers,
		rule:   "rule 21: UploadFile writes the whole file",
		covers: []string{"Bucket.UploadFile"},
		run: func(ctx context.Context, e *env) error {
			part := e.part()
			b := e.bucket(&storage.Options{PartSize: part})
			for i, size := range []int64{0, 1000, part + 1000} {
				data := pattern(int(size), uint64(i))
				file, err := tempFile(data)
				if err != nil {
					return err
				}
				defer os.Remove(file)
				o, err := b.UploadFile(ctx, "k", file,
					&storage.PutOptions{CacheControl: "no-cache"})
				if !e.got(fmt.Sprintf("UploadFile of %d bytes", size), err, nil) {
					continue
				}
				e.holds(ctx, e.key("k"), data)
				s, err := b.Stat(ctx, "k", nil)
				if e.got("Stat", err, nil) {
					e.sameResult("UploadFile", o, s)
					if s.CacheControl != "no-cache" {
						e.errorf("CacheControl = %q", s.CacheControl)
					}
				}
			}
			_, err := b.UploadFile(ctx, "k",
				filepath.Join(os.TempDir(), "there is no such file"), nil)
			if err == nil || errors.Is(err, storage.ErrNotExist) {
				e.errorf("UploadFile of a missing file = %v; want an error, and not that of a "+
					"missing object", err)
			}
			return nil
		},
	},
	{
		name: "bucket/progress", feature: Transfers, needs: []Feature{Multipart},
		rule: "rule 14: Progress never goes back, ends at the size, and counts no byte twice " +
			"when a part is sent again",
		covers: []string{"PutOptions.Progress"},
		run: func(ctx context.Context, e *env) error {
			part := e.part()
			b := e.bucket(&storage.Options{PartSize: part, Retry: fast})
			size := part + part/2
			var once sync.Once
			e.tracked.before = func(_ context.Context, op, _ string) (err error) {
				if op == "PutPart" {
					once.Do(func() { err = &storage.Error{Kind: storage.ErrUnavailable} })
				}
				return err
			}
			p := new(progress)
			body := bytes.NewReader(pattern(int(size), 1))
			_, err := b.Put(ctx, "k", body, &storage.PutOptions{Progress: p.note})
			if err != nil {
				return err
			}
			p.check(e, "Put", size)
			e.holds(ctx, e.key("k"), pattern(int(size), 1))
			p = new(progress)
			stream := struct{ io.Reader }{bytes.NewReader(pattern(1000, 1))}
			_, err = b.Put(ctx, "k", stream, &storage.PutOptions{Progress: p.note})
			if err != nil {
				return err
			}
			p.check(e, "Put of a short stream", 1000)
			return nil
		},
	},
	{
		name: "bucket/metadata", feature: Buckets,
		rule: "rule 23: metadata names are lower-cased, and what could not come back is " +
			"ErrInvalid before any request",
		run: func(ctx context.Context, e *env) error {
			b := e.bucket(nil)
			opts := &storage.PutOptions{Metadata: map[string]string{"Upper-Case": "Grüße"}}
			if _, err := b.Put(ctx, "k", strings.NewReader("x"), opts); err != nil {
				return err
			}
			o, err := b.Stat(ctx, "k", nil)
			if err != nil {
				return err
			}
			if diff := cmp.Diff(map[string]string{"upper-case": "Grüße"}, o.Metadata); diff != "" {
				e.errorf("metadata (-want +got):\n%s", diff)
			}
			before := e.tracked.requests.Load()
			for _, m := range []map[string]string{
				{"": "x"}, {"a b": "x"}, {"ä": "x"}, {"-a": "x"}, {"a:": "x"}, {"a": "new\nline"},
				{"a": "\xff"}, {"a": "\x00"}, {"a": "1", "A": "2"},
				{writeID: "x"},
			} {
				_, err := b.Put(ctx, "k", strings.NewReader("x"), &storage.PutOptions{Metadata: m})
				e.got(fmt.Sprintf("Put with metadata %q", m), err, storage.ErrInvalid)
			}
			for _, opts := range []storage.PutOptions{{ContentType: "a\nb"}, {CacheControl: " x"},
				{ContentDisposition: "ü"}} {
				_, err := b.Put(ctx, "k", strings.NewReader("x"), &opts)
				e.got(fmt.Sprintf("Put with %+v", opts), err, storage.ErrInvalid)
			}
			if n := e.tracked.requests.Load() - before; n > 0 {
				e.errorf("%d requests were made for what is invalid", n)
			}
			return nil
		},
	},
	{
		name: "bucket/invalid", feature: Buckets,
		rule: "rule 22: an argument that no service would take is ErrInvalid, before any request",
		run: func(ctx context.Context, e *env) error {
			b := e.bucket(nil)
			if _, err := b.Put(ctx, "k", strings.NewReader("x"), nil); err != nil {
				return err
			}
			before := e.tracked.requests.Load()
			for _, key := range []string{"", "\xff", "a\xc3", strings.Repeat("k", 1025)} {
				_, err := b.Put(ctx, key, strings.NewReader("x"), nil)
				e.got(fmt.Sprintf("Put of the key %.20q", key), err, storage.ErrInvalidKey)
				_, err = b.Get(ctx, key, nil)
				e.got(fmt.Sprintf("Get of the key %.20q", key), err, storage.ErrInvalid)
				_, err = b.Stat(ctx, key, nil)
				e.got(fmt.Sprintf("Stat of the key %.20q", key), err, storage.ErrInvalidKey)
				_, err = b.Copy(ctx, "k", key, nil)
				e.got(fmt.Sprintf("Copy of the key %.20q", key), err, storage.ErrInvalidKey)
				e.got(fmt.Sprintf("Delete of the key %.20q", key), b.Delete(ctx, key, nil),
					storage.ErrInvalidKey)
			}
			for _, o := range []storage.GetOptions{{Length: -1}, {Offset: -1, Length: 1}} {
				_, err := b.ReadAll(ctx, "k", &o)
				e.got("Get "+describeRange(&o), err, storage.ErrInvalid)
			}
			_, err := b.Put(ctx, "k", strings.NewReader("x"), &storage.PutOptions{
				IfAbsent: true,
				IfMatch:  `"x"`,
			})
			e.got("Put with IfAbsent and IfMatch", err, storage.ErrInvalid)
			_, err = b.ListPage(ctx, &storage.ListOptions{PageSize: -1})
			e.got("ListPage with a negative PageSize", err, storage.ErrInvalid)
			if n := e.tracked.requests.Load() - before; n > 0 {
				e.errorf("%d requests were made for what is invalid", n)
			}
			_, err = b.Stat(ctx, "..", nil)
			if !errors.Is(err, storage.ErrNotExist) && !errors.Is(err, storage.ErrInvalidKey) {
				e.errorf(`Stat("..") = %w; want %v or %v`, err, storage.ErrNotExist,
					storage.ErrInvalidKey)
			}
			return nil
		},
	},
}

// part is the smallest size of parts that the service takes, and 64 KiB at least.
func (e *env) part() int64 {
	limits := e.store.PartLimits(&storage.PutOptions{})
	part := max(limits.Min, 64<<10)
	if m := limits.Multiple; m > 0 {
		part = (part + m - 1) / m * m
	}
	return part
}

// upper reads in capitals what the file that it embeds holds.
type upper struct{ *os.File }

func (u *upper) Read(p []byte) (int, error) {
	n, err := u.File.Read(p)
	copy(p, capital(p[:n]))
	return n, err
}

// WriteTo hides the one of os.File.
func (u *upper) WriteTo(w io.Writer) (int64, error) { return io.Copy(w, struct{ io.Reader }{u}) }

// tempFile makes a file that holds data.
func tempFile(data []byte) (string, error) {
	f, err := os.CreateTemp("", "conformance-")
	if err != nil {
		return "", err
	}
	_, err = f.Write(data)
	return f.Name(), errors.Join(err, f.Close())
}

// progress collects what a Progress function is told.
type progress struct {
	mu  sync.Mutex
	all []storage.Progress
}

func (p *progress) note(step storage.Progress) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.all = append(p.all, step)
}

// check notes steps back, steps too far, and an end that is not size.
func (p *progress) check(e *env, what string, size int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	last := int64(0)
	for _, step := range p.all {
		if step.Done < last || step.Done > size || step.Total != size && step.Total != -1 {
			e.errorf("%s: Progress %+v after %d, of %d bytes", what, step, last, size)
		}
		last = step.Done
	}
	if last != size {
		e.errorf("%s: Progress ended at %d of %d bytes, after %d calls", what, last, size,
			len(p.all))
	}
}

// capital is b with ASCII letters in upper case, byte by byte: the rest need not be text.
func capital(b []byte) []byte {
	c := bytes.Clone(b)
	for i, x := range c {
		if 'a' <= x && x <= 'z' {
			c[i] = x - 'a' + 'A'
		}
	}
	return c
}
