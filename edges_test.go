package storage_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/polystore/storage"
	"github.com/polystore/storage/conformance/fault"
	"github.com/polystore/storage/providers/memory"
)

// TestFarRanges asks for ranges whose ends no int64 holds.
func TestFarRanges(t *testing.T) {
	b, _ := newBucket(t, storage.Options{})
	if _, err := b.Put(t.Context(), "k", strings.NewReader("0123456789"), nil); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		offset, length int64
		want           string
	}{
		{5, math.MaxInt64, "56789"}, {1, math.MaxInt64 - 1, "123456789"},
		{0, math.MaxInt64, "0123456789"},
		{math.MinInt64, 0, "0123456789"}, {-math.MaxInt64, 0, "0123456789"},
	} {
		got, err := b.ReadAll(t.Context(), "k",
			&storage.GetOptions{Offset: c.offset, Length: c.length})
		if err != nil || string(got) != c.want {
			t.Errorf("ReadAll of {%d, %d} = %q, %v, want %q", c.offset, c.length, got, err, c.want)
		}
	}
	for _, length := range []int64{0, 1, math.MaxInt64} {
		_, err := b.Get(t.Context(), "k",
			&storage.GetOptions{Offset: math.MaxInt64, Length: length})
		if !errors.Is(err, storage.ErrRange) {
			t.Errorf("Get from MaxInt64 of %d bytes = %v, want %v", length, err, storage.ErrRange)
		}
	}
	r, err := b.NewReaderAt(t.Context(), "k", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if n, err := r.ReadAt(make([]byte, 5), math.MaxInt64); n != 0 || err != io.EOF {
		t.Errorf("ReadAt(MaxInt64) = %d, %v, want 0, EOF", n, err)
	}
	got, err := r.ReadRanges([]storage.Range{
		{Offset: 8, Length: math.MaxInt64}, {Offset: math.MaxInt64, Length: math.MaxInt64},
		{Offset: 3}, {Offset: 2, Length: 7}, {Offset: 2, Length: 7},
	})
	if want := `["89" "" "" "2345678" "2345678"]`; err != nil || fmt.Sprintf("%q", got) != want {
		t.Errorf("ReadRanges = %q, %v, want %s", got, err, want)
	}
}

// TestFarSize writes a source that says it is as large as a size can be.
func TestFarSize(t *testing.T) {
	for _, l := range []storage.PartLimits{{Min: 1, Count: 10}, {Min: 1, Count: 1, Parallel: true},
		{Min: 1, Max: math.MaxInt64, Count: 10000, Multiple: 1 << 18}} {
		s := fault.New(limited{newMemory(t), l})
		b := storage.New(s, &storage.Options{PartSize: partSize})
		o, err := b.PutReaderAt(t.Context(), "k", strings.NewReader("short"), math.MaxInt64, nil)
		if err == nil {
			t.Errorf("with %+v: PutReaderAt = %+v, want an error", l, o)
		}
		if n := s.Count("CompleteUpload"); n > 0 {
			t.Errorf("with %+v: an upload was completed", l)
		}
		b.Close()
	}
}

// deaf is a Store that does not honour ranges.
type deaf struct{ storage.FullStore }

func (d deaf) Get(
	ctx context.Context, key string, opts *storage.GetOptions,
) (*storage.GetResult, error) {
	o := *opts
	o.Offset, o.Length = 0, 0
	return d.FullStore.Get(ctx, key, &o)
}

// foreign is a context of another make: what is derived from it costs a goroutine until it is let
// go, which goleak sees.
type foreign struct {
	context.Context
	done chan struct{}
}

func (f foreign) Done() <-chan struct{} { return f.done }

func TestRangeIgnored(t *testing.T) {
	b := storage.New(deaf{newMemory(t)}, nil)
	defer b.Close()
	if _, err := b.Put(t.Context(), "k", strings.NewReader("0123456789"), nil); err != nil {
		t.Fatal(err)
	}
	ctx := foreign{context.Background(), make(chan struct{})}
	got, err := b.ReadAll(ctx, "k", &storage.GetOptions{Length: 5})
	if err != nil || string(got) != "01234" {
		t.Errorf("ReadAll of {0, 5} = %q, %v, want 01234: the sum is of the whole", got, err)
	}
	if _, err := b.ReadAll(ctx, "k",
		&storage.GetOptions{Offset: 3, Length: 5}); !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("ReadAll of {3, 5} = %v, want %v", err, errors.ErrUnsupported)
	}
}

// short is a Store that gives three bytes of any range.
type short struct{ storage.FullStore }

func (s short) Get(
	ctx context.Context, key string, opts *storage.GetOptions,
) (*storage.GetResult, error) {
	o := *opts
	if o.Length == 0 || o.Length > 3 {
		o.Length = 3
	}
	return s.FullStore.Get(ctx, key, &o)
}

// TestShortAnswers reads from a service that gives less than it was asked for: the rest is asked
// for again.
func TestShortAnswers(t *testing.T) {
	b := storage.New(short{newMemory(t)}, nil)
	defer b.Close()
	data := bytesOf(10)
	if _, err := b.Put(t.Context(), "k", bytes.NewReader(data), nil); err != nil {
		t.Fatal(err)
	}
	for _, o := range []storage.GetOptions{{}, {Offset: 2}, {Offset: 2, Length: 5}, {Length: 2},
		{Length: math.MaxInt64}, {Offset: 9, Length: 9}} {
		want := data[o.Offset:]
		if o.Length > 0 && o.Length < int64(len(want)) {
			want = want[:o.Length]
		}
		if got, err := b.ReadAll(t.Context(), "k", &o); err != nil || !bytes.Equal(got, want) {
			t.Errorf("ReadAll from %d, length %d = %q, %v, want %q", o.Offset, o.Length, got, err,
				want)
		}
	}
}

// nameless is a Store whose objects have no ETag.
type nameless struct{ storage.FullStore }

func (s nameless) Get(
	ctx context.Context, key string, opts *storage.GetOptions,
) (*storage.GetResult, error) {
	if opts.Offset < 0 {
		return nil, &storage.Error{Kind: errors.ErrUnsupported}
	}
	if opts.IfMatch != "" {
		return nil, &storage.Error{Kind: storage.ErrPrecondition}
	}
	res, err := s.FullStore.Get(ctx, key, opts)
	if err == nil {
		res.Object.ETag = ""
	}
	return res, err
}

func (s nameless) Stat(
	ctx context.Context, key string, opts *storage.StatOptions,
) (*storage.Object, error) {
	o, err := s.FullStore.Stat(ctx, key, opts)
	if err == nil {
		o.ETag = ""
	}
	return o, err
}

// TestReadsWithoutETag reads what cannot be pinned: as one request, the only way that is certain.
func TestReadsWithoutETag(t *testing.T) {
	b := storage.New(nameless{newMemory(t)}, &storage.Options{PartSize: 16})
	defer b.Close()
	data := bytesOf(1000)
	if _, err := b.Put(t.Context(), "k", bytes.NewReader(data), nil); err != nil {
		t.Fatal(err)
	}
	for name, o := range map[string]*storage.GetOptions{"whole": nil, "at once": {Concurrency: 4},
		"suffix": {Offset: -1000}} {
		got, err := b.ReadAll(t.Context(), "k", o)
		if err != nil || !bytes.Equal(got, data) {
			t.Errorf("%s: ReadAll = %d bytes, %v", name, len(got), err)
		}
	}
	err := b.Delete(t.Context(), "k", &storage.DeleteOptions{IfMatch: storage.ETagNone})
	if !errors.Is(err, storage.ErrPrecondition) {
		t.Errorf("Delete = %v, want %v", err, storage.ErrPrecondition)
	}
}

// TestDownloadEndsAtOnce: when one range fails for good, the others are given up, the first one,
// too.
func TestDownloadEndsAtOnce(t *testing.T) {
	b, s := newBucket(t, storage.Options{Concurrency: 2})
	if _, err := b.Put(t.Context(), "k", bytes.NewReader(bytesOf(4*partSize)), nil); err != nil {
		t.Fatal(err)
	}
	s.Next("Get", fault.Stall(10), fault.Refuse(&storage.Error{Kind: storage.ErrPermission}))
	path := filepath.Join(t.TempDir(), "f")
	o, err := b.DownloadFile(t.Context(), "k", path, nil)
	if o != nil || !errors.Is(err, storage.ErrPermission) {
		t.Errorf("DownloadFile = %v, %v, want nil, %v", o, err, storage.ErrPermission)
	}
	if n := s.Count("Get"); n != 2 {
		t.Errorf("%d requests, want 2: the first range was taken up again", n)
	}
	if left, _ := filepath.Glob(filepath.Join(filepath.Dir(path), "*")); len(left) > 0 {
		t.Errorf("%v is left behind", left)
	}
	if o, err := b.DownloadFile(t.Context(), "k",
		filepath.Join(t.TempDir(), strings.Repeat("n", 254)), nil); err != nil {
		t.Errorf("DownloadFile to a long name = %v, %v", o, err)
	}
	s.Next("Get", fault.Flip(10))
	var w writerAt
	if o, err := b.Download(t.Context(), "k", &w, &storage.GetOptions{Concurrency: 1}); o != nil ||
		!errors.Is(err, storage.ErrIntegrity) {
		t.Errorf("Download of wrong bytes = %v, %v, want nil, %v", o, err, storage.ErrIntegrity)
	}
	if _, err := b.Download(t.Context(), "k", &w,
		&storage.GetOptions{Concurrency: -1}); !errors.Is(err, storage.ErrInvalid) {
		t.Errorf("Download with negative Concurrency = %v, want %v", err, storage.ErrInvalid)
	}
	if _, err := b.DownloadFile(t.Context(), "k", filepath.Join(path, "no", "such", "directory"),
		nil); err == nil || errors.Is(err, storage.ErrNotExist) {
		t.Errorf("DownloadFile to a missing directory = %v, want an error of no kind", err)
	}
}

type writerAt struct{ bytes.Buffer }

func (w *writerAt) WriteAt(p []byte, _ int64) (int, error) { return w.Write(p) }

// underWay counts the batches under way.
type underWay struct {
	storage.FullStore
	n *atomic.Int32
}

func (u underWay) DeleteBatch(
	ctx context.Context, keys []string, opts *storage.DeleteBatchOptions,
) ([]error, error) {
	u.n.Add(1)
	defer u.n.Add(-1)
	return u.FullStore.DeleteBatch(ctx, keys, opts)
}

// TestDeleteManyPanic: a panic of the sequence comes out when nothing is under way any more.
func TestDeleteManyPanic(t *testing.T) {
	s := fault.New(newMemory(t))
	var n atomic.Int32
	b := storage.New(underWay{s, &n}, nil)
	defer b.Close()
	s.Next("DeleteBatch", fault.Hang())
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	func() {
		defer func() {
			if v := recover(); v != "oops" {
				t.Errorf("recovered %v, want the sequence's own panic", v)
			}
		}()
		b.DeleteMany(ctx, func(yield func(string) bool) {
			_ = yield("a") && yield("b")
			panic("oops")
		}, &storage.DeleteManyOptions{BatchSize: 2})
	}()
	if n := n.Load(); n != 0 {
		t.Errorf("%d batches are under way", n)
	}
	if _, err := b.DeleteMany(ctx, nil, nil); !errors.Is(err, storage.ErrInvalid) {
		t.Errorf("DeleteMany(nil) = %v, want %v", err, storage.ErrInvalid)
	}
}

// TestDeleteManyClosedView: a view that is closed meanwhile is an error, not the end of the keys.
func TestDeleteManyClosedView(t *testing.T) {
	b, _ := newBucket(t, storage.Options{})
	view := b.Prefix("p/").Prefix("q/")
	_, err := view.DeleteMany(t.Context(), func(yield func(string) bool) {
		_ = yield("a") && yield("") && yield("a") && view.Close() == nil && yield("b")
	}, nil)
	if !errors.Is(err, storage.ErrClosed) {
		t.Errorf("DeleteMany = %v, want %v", err, storage.ErrClosed)
	}
}

// careless is a Store that lists all uploads whatever the prefix, as MinIO does.
type careless struct{ storage.FullStore }

func (c careless) ListUploadsPage(
	ctx context.Context, opts *storage.ListOptions,
) (*storage.UploadPage, error) {
	o := *opts
	o.Prefix = ""
	return c.FullStore.ListUploadsPage(ctx, &o)
}

func TestCleanUploadsOfPrefixOnly(t *testing.T) {
	m := newMemory(t)
	b := storage.New(careless{m}, nil)
	defer b.Close()
	for _, key := range []string{"p/a", "q/a"} {
		if _, err := m.CreateUpload(t.Context(), key, &storage.PutOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	if n, err := b.Prefix("p/").CleanUploads(t.Context(), -time.Hour, nil); n != 1 || err != nil {
		t.Errorf("CleanUploads = %d, %v, want 1", n, err)
	}
	page, err := m.ListUploadsPage(t.Context(), &storage.ListOptions{})
	if err != nil || len(page.Uploads) != 1 || page.Uploads[0].Key != "q/a" {
		t.Errorf("%+v, %v is left, want the upload to q/a", page, err)
	}
	if _, err := b.CleanUploads(t.Context(), 0,
		&storage.CleanOptions{Prefix: "\xff"}); !errors.Is(err, storage.ErrInvalidKey) {
		t.Errorf("CleanUploads of a prefix that is no UTF-8 = %v, want %v", err,
			storage.ErrInvalidKey)
	}
}

// An abort whose answer is lost may have been carried out: the error of CleanUploads is in doubt.
// One that was never sent is not.
func TestCleanUploadsInDoubt(t *testing.T) {
	for _, test := range []struct {
		fault   fault.Fault
		inDoubt bool
	}{{fault.Lost(), true}, {fault.Doubt(), true}, {fault.Unsent(), false}} {
		m := newMemory(t)
		s := fault.New(m)
		b := storage.New(s, &storage.Options{Retry: storage.RetryOptions{Attempts: 1}})
		defer b.Close()
		if _, err := m.CreateUpload(t.Context(), "k", &storage.PutOptions{}); err != nil {
			t.Fatal(err)
		}
		s.Next("AbortUpload", test.fault)
		_, err := b.CleanUploads(t.Context(), -time.Hour, nil)
		var e *storage.Error
		if !errors.As(err, &e) || e.Kind != storage.ErrUnavailable || e.InDoubt != test.inDoubt {
			t.Errorf("%v: CleanUploads = %v, want %v with InDoubt %v", test.fault, err,
				storage.ErrUnavailable, test.inDoubt)
		}
	}
}

// strict refuses parts above its limit, as services do.
type strict struct{ limited }

func (s strict) PutPart(
	ctx context.Context, key, id string, number int, body io.ReadSeeker, size int64,
	opts *storage.PartOptions,
) (*storage.Part, error) {
	if size > s.limits.Max || number > s.limits.Count {
		return nil, &storage.Error{Kind: storage.ErrInvalid,
			Err: fmt.Errorf("part %d of %d bytes", number, size)}
	}
	return s.limited.PutPart(ctx, key, id, number, body, size, opts)
}

// TestPartsGrowToOddMax grows parts up to a Max that is no multiple of the part size.
func TestPartsGrowToOddMax(t *testing.T) {
	temporary(t)
	l := storage.PartLimits{Min: 1, Max: 5 * partSize / 2, Count: 10, Parallel: true}
	b := storage.New(strict{limited{newMemory(t), l}}, &storage.Options{PartSize: partSize})
	defer b.Close()
	data := bytesOf(13 * partSize)
	if _, err := b.Put(t.Context(), "k", onlyReader{bytes.NewReader(data)}, nil); err != nil {
		t.Fatal(err)
	}
	if got, err := b.ReadAll(t.Context(), "k", nil); err != nil || !bytes.Equal(got, data) {
		t.Errorf("ReadAll = %d bytes, %v, want %d", len(got), err, len(data))
	}
}

// TestNegativeOptions: what makes no sense means the default, and no endless loop.
func TestNegativeOptions(t *testing.T) {
	temporary(t)
	b := storage.New(plain{newMemory(t)},
		&storage.Options{PartSize: -1, Concurrency: -1, Memory: -1})
	defer b.Close()
	if _, err := b.Put(t.Context(), "k", onlyReader{strings.NewReader("x")}, nil); err != nil {
		t.Error(err)
	}
	w := b.NewWriter(t.Context(), "k", nil)
	defer w.Close()
	if _, err := w.Write([]byte("x")); err != nil {
		t.Error(err)
	}
	for _, o := range []*storage.PutOptions{{PartSize: -1}, {Concurrency: -1}} {
		if _, err := b.Put(t.Context(), "k", strings.NewReader("x"),
			o); !errors.Is(err, storage.ErrInvalid) {
			t.Errorf("Put with %+v = %v, want %v", o, err, storage.ErrInvalid)
		}
	}
}

// TestOpenHidesPieces: a secret with a slash in it makes a "port" of its first piece, which the
// parser's error shows.
func TestOpenHidesPieces(t *testing.T) {
	for _, raw := range []string{"mem://AKIA:hunter/2@b", "mem://b/%hunter", "mem://%hunter/b",
		"mem://b:hunter", "mem://[hunter"} {
		_, err := storage.Open(t.Context(), raw)
		if !errors.Is(err, storage.ErrInvalid) || strings.Contains(err.Error(), "hu") {
			t.Errorf("Open(%q) = %v, want %v without a piece of it", raw, err, storage.ErrInvalid)
		}
	}
}

// TestSignURLRefuses: what is wrong with the options is named by the caller's own words, and
// nothing is signed.
func TestSignURLRefuses(t *testing.T) {
	b, s := newBucket(t, storage.Options{})
	for says, o := range map[string]*storage.SignOptions{
		"Response":         {ResponseContentType: "a\nb"},
		"Response field":   {ResponseDisposition: "\x00"},
		"ContentType":      {Method: "PUT", ContentType: "a\nb"},
		"metadata":         {Method: "PUT", Metadata: map[string]string{"a b": ""}},
		"negative":         {Expires: -1},
		"negative Expires": {Method: "PUT", ContentLength: -1},
		"are for PUT":      {IfAbsent: true},
		"DELETE":           {Method: "DELETE", VersionID: "v"},
		"for GET and HEAD": {Method: "PUT", VersionID: "v"},
		"method":           {Method: "get"},
	} {
		if u, err := b.SignURL(t.Context(), "k", o); u != nil ||
			!errors.Is(err, storage.ErrInvalid) || !strings.Contains(err.Error(), says) {
			t.Errorf("SignURL with %+v = %v, %v, want %v that says %q", o, u, err,
				storage.ErrInvalid, says)
		}
	}
	if n := s.Count("SignURL"); n > 0 {
		t.Errorf("the Store was asked %d times", n)
	}
}

func TestSignedURLHidesItself(t *testing.T) {
	u := storage.SignedURL{Method: "GET", URL: "https://h/k?sig=hunter2"}
	for _, s := range []string{fmt.Sprint(u), fmt.Sprint(&u), fmt.Sprintf("%+v", u),
		fmt.Sprintf("%v", []storage.SignedURL{u})} {
		if strings.Contains(s, "hunter2") {
			t.Errorf("%q shows the signature", s)
		}
	}
}

// TestUpdateReturnsChangesError: the error of change is found with errors.Is, also where it is one
// of this package's kinds.
func TestUpdateReturnsChangesError(t *testing.T) {
	b, s := newBucket(t, storage.Options{})
	own := errors.New("own")
	for _, want := range []error{own, storage.ErrNotExist, storage.ErrInvalidKey,
		storage.ErrPrecondition, errors.ErrUnsupported} {
		_, err := b.Update(t.Context(), "k", func([]byte, *storage.Object) ([]byte, error) {
			return nil, fmt.Errorf("no: %w", want)
		})
		if !errors.Is(err, want) {
			t.Errorf("Update = %v, want %v", err, want)
		}
	}
	if n := s.Count("Put"); n != 0 {
		t.Errorf("%d writes, want none", n)
	}
}

// TestCopyOfChangingSource: a conditional copy that never finds its source at rest says so, and not
// that the destination is there.
func TestCopyOfChangingSource(t *testing.T) {
	b, s := newBucket(t, storage.Options{Retry: storage.RetryOptions{MinDelay: time.Nanosecond}})
	if _, err := b.Put(t.Context(), "src", strings.NewReader("0"), nil); err != nil {
		t.Fatal(err)
	}
	change := func(ctx context.Context, inner storage.FullStore, _ fault.Call) error {
		_, err := inner.Put(ctx, "src", strings.NewReader("1"), 1, &storage.PutOptions{})
		return err
	}
	s.Add(fault.Rule{Op: "Copy", Times: fault.Always, Fault: fault.None().Before(change)})
	if _, err := b.Copy(t.Context(), "dst", "src",
		&storage.CopyOptions{IfAbsent: true}); !errors.Is(err, storage.ErrChanged) {
		t.Errorf("Copy = %v, want %v", err, storage.ErrChanged)
	}
	s.Reset()
	s.Next("Copy", fault.None().Before(func(ctx context.Context, inner storage.FullStore,
		_ fault.Call) error {
		return inner.Delete(ctx, "src", &storage.DeleteOptions{})
	}))
	if _, err := b.Copy(t.Context(), "dst", "src",
		&storage.CopyOptions{IfAbsent: true}); !errors.Is(err, storage.ErrNotExist) {
		t.Errorf("Copy of a source that goes = %v, want %v", err, storage.ErrNotExist)
	}
}

// TestCauseOfCaller: the caller's context may have any cause, ErrClosed as well.
func TestCauseOfCaller(t *testing.T) {
	b, s := newBucket(t, storage.Options{})
	ctx, cancel := context.WithCancelCause(t.Context())
	s.Next("Stat", fault.Hang().Before(func(context.Context, storage.FullStore, fault.Call) error {
		cancel(storage.ErrClosed)
		return nil
	}))
	if _, err := b.Stat(ctx, "k", nil); !errors.Is(err, context.Canceled) ||
		errors.Is(err, storage.ErrClosed) {
		t.Errorf("Stat = %v, want %v", err, context.Canceled)
	}
}

// TestCloseAgainstEverything closes a Bucket in the middle of all that it can do, under a memory
// budget that is too small.
func TestCloseAgainstEverything(t *testing.T) {
	temporary(t)
	data := bytesOf(5*partSize + 7)
	for range 20 {
		m, err := memory.New(nil)
		if err != nil {
			t.Fatal(err)
		}
		b := storage.New(m, &storage.Options{PartSize: partSize, Memory: 3 * partSize,
			Retry: storage.RetryOptions{MinDelay: time.Nanosecond}})
		view := b.Prefix("v/")
		if _, err := view.Put(t.Context(), "k", bytes.NewReader(data), nil); err != nil {
			t.Fatal(err)
		}
		dir := t.TempDir()
		ctx := t.Context()
		started := make(chan struct{}, 100)
		var wg sync.WaitGroup
		loop := func(f func(i int) error) {
			wg.Go(func() {
				for i := 0; ; i++ {
					err := f(i)
					started <- struct{}{}
					if errors.Is(err, storage.ErrClosed) {
						return
					}
					if err != nil && !errors.Is(err, storage.ErrPrecondition) &&
						!errors.Is(err, storage.ErrChanged) && !errors.Is(err, storage.ErrExist) {
						t.Errorf("%v", err)
						return
					}
				}
			})
		}
		loop(func(i int) error {
			_, err := view.Put(ctx, fmt.Sprint("s", i%3), onlyReader{bytes.NewReader(data)}, nil)
			return err
		})
		loop(func(i int) error {
			_, err := view.Put(ctx, "k", bytes.NewReader(data), nil)
			return err
		})
		loop(func(i int) error {
			_, err := view.Put(ctx, fmt.Sprint("new", i), bytes.NewReader(data),
				&storage.PutOptions{IfAbsent: true})
			return err
		})
		loop(func(i int) error {
			_, err := view.ReadAll(ctx, "k",
				&storage.GetOptions{Concurrency: 3})
			return err
		})
		loop(func(i int) error {
			_, err := view.DownloadFile(ctx, "k", filepath.Join(dir, "f"), nil)
			return err
		})
		loop(func(i int) error {
			var ws []*storage.Writer // many in one goroutine
			for j := range 4 {
				w := b.NewWriter(ctx, fmt.Sprint("w", j), nil)
				defer w.Close()
				ws = append(ws, w)
			}
			for range 3 {
				for _, w := range ws {
					if _, err := w.Write(data[:partSize]); err != nil {
						return err
					}
				}
			}
			for j, w := range ws {
				if j%2 == 0 {
					if _, err := w.Commit(); err != nil {
						return err
					}
				}
			}
			return nil
		})
		loop(func(i int) error {
			for _, err := range b.List(ctx, &storage.ListOptions{Concurrency: 2, PageSize: 1}) {
				if err != nil {
					return err
				}
			}
			return nil
		})
		loop(func(i int) error { _, err := b.DeletePrefix(ctx, "v/new", nil); return err })
		loop(func(i int) error {
			r, err := view.NewReaderAt(ctx, "k", nil)
			if err != nil {
				return err
			}
			defer r.Close()
			_, err = r.ReadRanges([]storage.Range{{Offset: 1, Length: partSize},
				{Offset: 4 * partSize, Length: 100}})
			return err
		})
		loop(func(i int) error {
			_, err := view.Copy(ctx, "k", "k",
				&storage.CopyOptions{Replace: true})
			return err
		})
		loop(func(i int) error {
			_, err := view.Update(ctx, "u", func(old []byte, _ *storage.Object) ([]byte, error) {
				return append(old, 'x'), nil
			})
			return err
		})
		loop(func(i int) error {
			_, err := storage.CopyObject(ctx, b, "other", view, "k", nil)
			return err
		})
		for range 20 {
			<-started
		}
		closed := make(chan struct{})
		go func() {
			defer close(closed)
			if err := b.Close(); err != nil {
				t.Errorf("Close = %v", err)
			}
			wg.Wait()
		}()
		for done := false; !done; {
			select {
			case <-started:
			case <-closed:
				done = true
			}
		}
		if free := storage.FreeMemory(b); free != 3*partSize {
			t.Errorf("%d bytes of memory are free, want %d", free, 3*partSize)
		}
		page, err := m.ListUploadsPage(ctx, &storage.ListOptions{})
		if err != nil || len(page.Uploads) > 0 {
			t.Errorf("%d uploads are left, %v", len(page.Uploads), err)
		}
		if left, _ := filepath.Glob(filepath.Join(dir, ".*")); len(left) > 0 {
			t.Errorf("%v is left behind", left)
		}
	}
}
