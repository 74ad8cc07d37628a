package storage_test

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/polystore/storage"
	"github.com/polystore/storage/conformance/fault"
	"github.com/polystore/storage/internal/allocs"
)

// blockSize is that of most tests of ReaderAt.
const blockSize = 1000

// readerAt is a ReaderAt of an object of random bytes, behind faults.
type readerAt struct {
	*storage.ReaderAt
	t    *testing.T
	b    *storage.Bucket
	s    *fault.Store
	data []byte
}

// newReaderAt writes size bytes and opens a ReaderAt of them. The test closes it.
func newReaderAt(
	t *testing.T, size int, bucket storage.Options, opts storage.ReaderAtOptions,
) *readerAt {
	t.Helper()
	b, s := newBucket(t, bucket)
	data := randomBytes(size)
	if _, err := b.WriteAll(t.Context(), "k", data, nil); err != nil {
		t.Fatal(err)
	}
	r, err := b.NewReaderAt(t.Context(), "k", &opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close() })
	s.Reset()
	return &readerAt{r, t, b, s, data}
}

func randomBytes(n int) []byte {
	p := make([]byte, n)
	rand.NewChaCha8([32]byte{1}).Read(p)
	return p
}

// read reads n bytes at off and compares them. Read-ahead has ended when it returns.
func (r *readerAt) read(off, n int) {
	r.t.Helper()
	p := make([]byte, n)
	if got, err := r.ReadAt(p, int64(off)); got != n || err != nil {
		r.t.Fatalf("ReadAt(%d bytes, %d) = %d, %v", n, off, got, err)
	}
	if !bytes.Equal(p, r.data[off:off+n]) {
		r.t.Fatalf("ReadAt(%d bytes, %d) gives other bytes", n, off)
	}
	synctest.Wait()
}

// asked notes that the requests since the last call are not those for ranges of {offset, length}.
func (r *readerAt) asked(what string, want ...[2]int64) {
	r.t.Helper()
	synctest.Wait()
	var got [][2]int64
	for _, c := range r.s.Calls("Get") {
		o := c.Options.(storage.GetOptions)
		got = append(got, [2]int64{o.Offset, o.Length})
		if o.IfMatch != r.Object().ETag {
			r.t.Errorf("%s: a request has IfMatch %q, want %q", what, o.IfMatch, r.Object().ETag)
		}
	}
	r.s.Reset()
	if diff := cmp.Diff(want, got); diff != "" {
		r.t.Errorf("%s: requests (-want +got):\n%s", what, diff)
	}
}

// plainBlocks has neither read-ahead nor a tail.
func plainBlocks() storage.ReaderAtOptions {
	return storage.ReaderAtOptions{
		BlockSize: blockSize, CacheSize: 4 * blockSize, ReadAhead: -1, Tail: -1,
	}
}

func TestReaderAtBlocks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newReaderAt(t, 10*blockSize+500, storage.Options{}, plainBlocks())
		r.read(1500, 10)
		r.asked("a block", [2]int64{1000, 1000})
		r.read(1000, 1000)
		r.read(1999, 1)
		r.asked("the same block")
		r.read(2999, 2)
		r.asked("two blocks", [2]int64{2000, 2000})
		r.read(500, 1000)
		r.asked("one of two", [2]int64{0, 1000})
		r.read(10_400, 100)
		r.asked("the last one", [2]int64{10_000, 500})

		// There are blocks 0 and 10, and of 1, 2 and 3 the ones that were used last.
		r.read(1500, 1)
		r.read(500, 1)
		r.read(3500, 1)
		r.asked("the blocks that were kept")
		r.read(2500, 1)
		r.asked("the block that was dropped", [2]int64{2000, 1000})

		r.read(4000, 2001)
		r.asked("more than a block and than a quarter of the cache", [2]int64{4000, 2001})
		n, err := r.ReadAt(make([]byte, 1000), 10_000)
		if n != 500 || err != io.EOF {
			t.Errorf("ReadAt beyond the end = %d, %v, want 500, EOF", n, err)
		}
		if _, err := r.ReadAt(make([]byte, 1), 20_000); err != io.EOF {
			t.Errorf("ReadAt behind the end: %v, want EOF", err)
		}
	})
}

// TestReaderAtUncached has no cache, or no memory for one: each ReadAt is one request.
func TestReaderAtUncached(t *testing.T) {
	none := plainBlocks()
	none.CacheSize = -1
	for what, c := range map[string]struct {
		bucket storage.Options
		opts   storage.ReaderAtOptions
	}{
		"no cache":  {storage.Options{}, none},
		"no memory": {storage.Options{Memory: 2*blockSize - 1}, plainBlocks()},
	} {
		synctest.Test(t, func(t *testing.T) {
			r := newReaderAt(t, 10*blockSize, c.bucket, c.opts)
			for range 2 {
				r.read(1500, 10)
				r.read(1510, 600)
				r.asked(what, [2]int64{1500, 10}, [2]int64{1510, 600})
			}
		})
	}
}

// TestReaderAtOneRequest lets many reads of a block begin at once.
func TestReaderAtOneRequest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newReaderAt(t, 10*blockSize, storage.Options{}, plainBlocks())
		let := make(chan struct{})
		r.s.Next("Get", held(let))
		var wg sync.WaitGroup
		for i := range 50 {
			wg.Go(func() {
				p := make([]byte, 10)
				if _, err := r.ReadAt(p, int64(3000+10*i)); err != nil {
					t.Error(err)
				}
				if !bytes.Equal(p, r.data[3000+10*i:][:10]) {
					t.Errorf("read %d gives other bytes", i)
				}
			})
		}
		synctest.Wait()
		close(let)
		wg.Wait()
		r.asked("50 reads at once", [2]int64{3000, 1000})
	})
}

// held holds a request until let is closed or its context ends.
func held(let <-chan struct{}) fault.Fault {
	return fault.None().Before(func(ctx context.Context, _ storage.FullStore, _ fault.Call) error {
		select {
		case <-let:
			return nil
		case <-ctx.Done():
			return &storage.Error{Err: ctx.Err()}
		}
	})
}

// TestReaderAtContexts ends the contexts of reads that wait for one block.
func TestReaderAtContexts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newReaderAt(t, 10*blockSize, storage.Options{}, plainBlocks())
		begin := func() (context.CancelFunc, <-chan error) {
			ctx, cancel := context.WithCancel(t.Context())
			done := make(chan error, 1)
			go func() {
				_, err := r.ReadAtContext(ctx, make([]byte, 10), 3000)
				done <- err
			}()
			synctest.Wait()
			return cancel, done
		}
		let := make(chan struct{})
		defer close(let)
		var ended error
		hold := held(let)
		r.s.Next("Get", fault.None().Before(
			func(ctx context.Context, s storage.FullStore, c fault.Call) error {
				<-ctx.Done()
				ended = ctx.Err()
				return &storage.Error{Err: ctx.Err()}
			}))

		// The read that made the request gives up, and another one waits on.
		stop1, one := begin()
		stop2, two := begin()
		stop1()
		if err := <-one; !errors.Is(err, context.Canceled) {
			t.Errorf("a read whose context ended: %v", err)
		}
		synctest.Wait()
		if ended != nil {
			t.Error("the request ended although a read waits for it")
		}
		stop2()
		if err := <-two; !errors.Is(err, context.Canceled) {
			t.Errorf("the other read, whose context ended: %v", err)
		}
		synctest.Wait()
		if !errors.Is(ended, context.Canceled) {
			t.Errorf("a request that nobody waits for ended with %v", ended)
		}
		r.asked("two reads", [2]int64{3000, 1000})

		// A read that comes after that begins anew.
		r.read(3000, 10)
		r.asked("the next read", [2]int64{3000, 1000})

		// Close ends a read, and a Bucket that is closed, too.
		r.s.Next("Get", hold)
		done := make(chan error, 1)
		go func() {
			_, err := r.ReadAt(make([]byte, 10), 5000)
			done <- err
		}()
		synctest.Wait()
		r.Close()
		if err := <-done; !errors.Is(err, storage.ErrClosed) {
			t.Errorf("a read whose ReaderAt is closed: %v", err)
		}
	})
}

// TestReaderAtEnds ends the context of a ReaderAt, or that of a read of its own, under reads with
// and without the cache.
func TestReaderAtEnds(t *testing.T) {
	uncached := plainBlocks()
	uncached.CacheSize = -1
	after := func(ctx context.Context) (context.Context, context.CancelFunc) {
		return context.WithTimeoutCause(ctx, time.Second, errFull)
	}
	cancelled := func(ctx context.Context) (context.Context, context.CancelFunc) {
		ctx, cancel := context.WithCancelCause(ctx)
		time.AfterFunc(time.Second, func() { cancel(errFull) })
		return ctx, func() { cancel(nil) }
	}
	never := context.WithCancel
	for what, c := range map[string]struct {
		whole, one func(context.Context) (context.Context, context.CancelFunc)
		want       error
	}{
		"its deadline passes":        {after, never, context.DeadlineExceeded},
		"it is cancelled":            {cancelled, never, context.Canceled},
		"the deadline of the read":   {never, after, context.DeadlineExceeded},
		"the read is cancelled":      {never, cancelled, context.Canceled},
		"its deadline, both at once": {after, after, context.DeadlineExceeded},
	} {
		for how, opts := range map[string]storage.ReaderAtOptions{
			"cached": plainBlocks(), "uncached": uncached,
		} {
			t.Run(what+", "+how, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					b, s := newBucket(t, storage.Options{})
					if err := must(b.WriteAll(t.Context(), "k", bytesOf(1000), nil)); err != nil {
						t.Fatal(err)
					}
					whole, cancel := c.whole(t.Context())
					defer cancel()
					r, err := b.NewReaderAt(whole, "k", &opts)
					if err != nil {
						t.Fatal(err)
					}
					defer r.Close()
					one, cancel := c.one(context.Background())
					defer cancel()
					s.Next("Get", fault.Hang())
					_, err = r.ReadAtContext(one, make([]byte, 10), 0)
					if !errors.Is(err, c.want) || errors.Is(err, errFull) {
						t.Errorf("ReadAtContext = %v, want %v", err, c.want)
					}
				})
			})
		}
	}
}

// TestReaderAtGivesUpWhileOthersRead lets contexts end at any time while others read on.
func TestReaderAtGivesUpWhileOthersRead(t *testing.T) {
	opts := storage.ReaderAtOptions{BlockSize: blockSize, CacheSize: 6 * blockSize}
	r := newReaderAt(t, 40*blockSize, storage.Options{}, opts)
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			random := rand.New(rand.NewPCG(1, uint64(i)))
			for range 300 {
				ctx, cancel := context.WithCancel(t.Context())
				stopped := make(chan struct{})
				if i%2 == 0 {
					go func() { cancel(); close(stopped) }()
				} else {
					close(stopped)
				}
				off, p := random.IntN(39*blockSize), make([]byte, 1+random.IntN(blockSize))
				n, err := r.ReadAtContext(ctx, p, int64(off))
				if !bytes.Equal(p[:n], r.data[off:off+n]) {
					t.Errorf("%d bytes at %d are others", n, off)
				}
				if err != nil && (i%2 != 0 || !errors.Is(err, context.Canceled)) {
					t.Errorf("reader %d: %v", i, err)
				}
				<-stopped
				cancel()
			}
		})
	}
	wg.Wait()
	r.Close()
	if free := storage.FreeMemory(r.b); free != 128<<20 {
		t.Errorf("%d bytes of the budget are free, want all", free)
	}
}

func TestReaderAtAhead(t *testing.T) {
	ahead := func(n int) storage.ReaderAtOptions {
		return storage.ReaderAtOptions{
			BlockSize: blockSize, CacheSize: 20 * blockSize, ReadAhead: n, Tail: -1,
		}
	}
	synctest.Test(t, func(t *testing.T) {
		r := newReaderAt(t, 20*blockSize, storage.Options{}, ahead(4))
		for off := 0; off < 20*blockSize; off += 100 {
			r.read(off, 90) // with gaps, as between the files of an archive
		}
		r.asked("a sequential run", [2]int64{0, 1000}, [2]int64{1000, 2000}, [2]int64{3000, 2000},
			[2]int64{5000, 3000}, [2]int64{8000, 2000}, [2]int64{10_000, 2000},
			[2]int64{12_000, 2000}, [2]int64{14_000, 2000}, [2]int64{16_000, 2000},
			[2]int64{18_000, 2000})
	})
	synctest.Test(t, func(t *testing.T) {
		r := newReaderAt(t, 40*blockSize, storage.Options{}, ahead(4))
		for off := 0; off < 3*blockSize; off += 500 {
			r.read(off, 500)
			r.read(20*blockSize+off, 500)
		}
		r.asked("two runs", [2]int64{0, 1000}, [2]int64{20_000, 1000},
			[2]int64{1000, 2000}, [2]int64{21_000, 2000},
			[2]int64{3000, 2000}, [2]int64{23_000, 2000})
	})
	for what, n := range map[string]int{"random reads": 4, "no read-ahead": -1} {
		synctest.Test(t, func(t *testing.T) {
			r := newReaderAt(t, 20*blockSize, storage.Options{}, ahead(n))
			var want [][2]int64
			order := rand.New(rand.NewPCG(1, 2)).Perm(20)
			if n < 0 {
				slices.Sort(order)
			}
			for _, i := range order {
				r.read(i*blockSize+500, 10)
				if n < 0 {
					r.read(i*blockSize+510, 490)
				}
				want = append(want, [2]int64{int64(i) * blockSize, blockSize})
			}
			r.asked(what, want...)
		})
	}
	synctest.Test(t, func(t *testing.T) {
		// Three blocks hold the one that is read and the ones ahead of it: at most one.
		opts := ahead(100)
		opts.CacheSize = 3 * blockSize
		r := newReaderAt(t, 6*blockSize, storage.Options{}, opts)
		for off := 0; off < 6*blockSize; off += 500 {
			r.read(off, 500)
		}
		r.asked("a small cache", [2]int64{0, 1000}, [2]int64{1000, 2000}, [2]int64{3000, 1000},
			[2]int64{4000, 1000}, [2]int64{5000, 1000})
	})
}

func TestReaderAtTail(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		opts := plainBlocks()
		opts.CacheSize, opts.Tail = 20*blockSize, 2400
		r := newReaderAt(t, 10*blockSize+100, storage.Options{}, opts)
		r.read(0, 10)
		r.asked("the beginning", [2]int64{0, 1000})
		r.read(10_092, 8)
		r.asked("the end", [2]int64{7000, 3100})
		r.read(7700, 2400)
		r.asked("the whole tail")
		r.read(6999, 2)
		r.asked("before the tail", [2]int64{6000, 1000})
	})
	synctest.Test(t, func(t *testing.T) {
		opts := plainBlocks()
		opts.CacheSize, opts.Tail = 20*blockSize, 5000
		r := newReaderAt(t, 10*blockSize, storage.Options{}, opts)
		r.read(7000, 10)
		r.asked("the middle of the tail", [2]int64{5000, 5000})
	})
	synctest.Test(t, func(t *testing.T) {
		opts := plainBlocks()
		opts.Tail = 4000
		r := newReaderAt(t, 10*blockSize, storage.Options{}, opts)
		r.read(9990, 10)
		r.asked("a tail of at most half of the cache", [2]int64{8000, 2000})
		opts = plainBlocks()
		opts.CacheSize = 600
		r = newReaderAt(t, 10*blockSize, storage.Options{}, opts)
		r.read(700, 10)
		r.asked("a block of at most the cache", [2]int64{600, 600})
	})
}

// TestReaderAtReplaced replaces and deletes the object under a ReaderAt: what is cached stays what
// it was, and everything else is ErrChanged.
func TestReaderAtReplaced(t *testing.T) {
	for what, change := range map[string]func(ctx context.Context, b *storage.Bucket) error{
		"replaced": func(ctx context.Context, b *storage.Bucket) error {
			_, err := b.WriteAll(ctx, "k", bytesOf(10*blockSize), nil)
			return err
		},
		"deleted": func(ctx context.Context, b *storage.Bucket) error {
			return b.Delete(ctx, "k", nil)
		},
	} {
		synctest.Test(t, func(t *testing.T) {
			r := newReaderAt(t, 10*blockSize, storage.Options{}, plainBlocks())
			r.read(3000, 10)
			if err := change(t.Context(), r.b); err != nil {
				t.Fatal(err)
			}
			r.read(3000, 1000)
			p := make([]byte, 100)
			for range 2 {
				n, err := r.ReadAt(p, 3950)
				if n != 50 || !errors.Is(err, storage.ErrChanged) {
					t.Errorf("ReadAt of an object that was %s = %d, %v, want 50, %v", what, n, err,
						storage.ErrChanged)
				}
				if !bytes.Equal(p[:n], r.data[3950:3950+n]) {
					t.Errorf("ReadAt of an object that was %s gives other bytes", what)
				}
			}
			ranges := []storage.Range{{Offset: 3100, Length: 10}, {Offset: 3200, Length: 800}}
			if got, err := r.ReadRanges(ranges); err != nil ||
				!bytes.Equal(got[1], r.data[3200:4000]) {
				t.Errorf("ReadRanges of what is cached: %v", err)
			}
			ranges[0].Offset = 8000
			if _, err := r.ReadRanges(ranges); !errors.Is(err, storage.ErrChanged) {
				t.Errorf("ReadRanges of an object that was %s: %v", what, err)
			}
		})
	}
}

// TestReaderAtFails fails the request that several reads wait for.
func TestReaderAtFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newReaderAt(t, 10*blockSize, storage.Options{}, plainBlocks())
		let := make(chan struct{})
		r.s.Next("Get", fault.Refuse(&storage.Error{Kind: storage.ErrPermission}).Before(
			func(context.Context, storage.FullStore, fault.Call) error { <-let; return nil }))
		var wg sync.WaitGroup
		for range 5 {
			wg.Go(func() {
				_, err := r.ReadAt(make([]byte, 10), 3000)
				if e, ok := errors.AsType[*storage.Error](err); !ok || e.Key != "k" ||
					!errors.Is(err, storage.ErrPermission) {
					t.Errorf("ReadAt = %v, want %v", err, storage.ErrPermission)
				}
			})
		}
		synctest.Wait()
		close(let)
		wg.Wait()
		r.asked("reads that fail", [2]int64{3000, 1000})
		if free := storage.FreeMemory(r.b); free != 128<<20 {
			t.Errorf("%d bytes of the budget are free after a failure, want all", free)
		}
		r.read(3000, 10)
		r.asked("the next one", [2]int64{3000, 1000})
	})
}

// TestReaderAtMemory opens more ReaderAts than the budget has room for.
func TestReaderAtMemory(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const memory = 8 * blockSize // of which the caches get four blocks
		one := newReaderAt(t, 10*blockSize, storage.Options{Memory: memory}, plainBlocks())
		free := func(what string, want int64) {
			t.Helper()
			if got := storage.FreeMemory(one.b); got != want {
				t.Errorf("%s: %d bytes of the budget are free, want %d", what, got, want)
			}
		}
		for i := range 10 {
			one.read(i*blockSize, 10)
		}
		free("one", memory-4*blockSize)
		opts := plainBlocks()
		ra, err := one.b.NewReaderAt(t.Context(), "k", &opts)
		if err != nil {
			t.Fatal(err)
		}
		defer ra.Close()
		two := &readerAt{ra, t, one.b, one.s, one.data}

		// The second takes the blocks of the first that were used longest ago.
		one.s.Reset()
		two.read(0, 10)
		two.read(1000, 10)
		two.read(0, 10)
		one.read(9000, 10)
		one.read(8000, 10)
		two.asked("two", [2]int64{0, 1000}, [2]int64{1000, 1000})
		one.read(7000, 10)
		one.asked("one again", [2]int64{7000, 1000})
		free("two", memory-4*blockSize)
		two.Close()
		free("two closed", memory-3*blockSize)
		one.Close()
		free("both closed", memory)
	})
}

func TestReaderAtNegative(t *testing.T) {
	r := newReaderAt(t, 10, storage.Options{}, storage.ReaderAtOptions{})
	_, err := r.b.NewReaderAt(t.Context(), "k", &storage.ReaderAtOptions{BlockSize: -1})
	if !errors.Is(err, storage.ErrInvalid) {
		t.Errorf("NewReaderAt with a negative block size: %v", err)
	}
}

// TestReaderAtSizes reads objects of all small sizes by blocks of all small sizes.
func TestReaderAtSizes(t *testing.T) {
	b, _ := newBucket(t, storage.Options{})
	for size := range 8 {
		data := randomBytes(size)
		if _, err := b.WriteAll(t.Context(), "k", data, nil); err != nil {
			t.Fatal(err)
		}
		for block := range 5 {
			for cache := range 9 {
				r, err := b.NewReaderAt(t.Context(), "k", &storage.ReaderAtOptions{
					BlockSize: int64(block), CacheSize: int64(cache), Tail: int64(cache) % 3,
				})
				if err != nil {
					t.Fatal(err)
				}
				for off := range size + 1 {
					for n := range size + 3 {
						p := make([]byte, n)
						got, err := r.ReadAt(p, int64(off))
						want := data[off:min(off+n, size)]
						if !bytes.Equal(p[:got], want) || (err == nil) != (len(want) == n) {
							t.Errorf("%d bytes by %d in %d: ReadAt(%d, %d) = %x, %v, want %x",
								size, block, cache, n, off, p[:got], err, want)
						}
					}
				}
				r.Close()
			}
		}
	}
	if free := storage.FreeMemory(b); free != 128<<20 {
		t.Errorf("%d bytes of the budget are free, want all", free)
	}
}

// TestReaderAtZip reads every file of an archive.
func TestReaderAtZip(t *testing.T) {
	const most = 4
	var buf bytes.Buffer
	w := zip.NewWriter(&buf)
	data := randomBytes(8 << 10)
	for i := range 200 {
		f, err := w.Create(fmt.Sprintf("directory/file%03d", i))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.Write(data); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	b, s := newBucket(t, storage.Options{})
	if _, err := b.WriteAll(t.Context(), "zip", buf.Bytes(), nil); err != nil {
		t.Fatal(err)
	}
	for what, shuffled := range map[string]bool{"in order": false, "in any order": true} {
		s.Reset()
		r, err := b.NewReaderAt(t.Context(), "zip", nil)
		if err != nil {
			t.Fatal(err)
		}
		z, err := zip.NewReader(r, r.Size())
		if err != nil {
			t.Fatal(err)
		}
		if shuffled {
			rand.New(rand.NewPCG(1, 2)).Shuffle(len(z.File), func(i, j int) {
				z.File[i], z.File[j] = z.File[j], z.File[i]
			})
		}
		for _, f := range z.File {
			rc, err := f.Open()
			if err != nil {
				t.Fatal(err)
			}
			got, err := io.ReadAll(rc)
			if err != nil || !bytes.Equal(got, data) {
				t.Errorf("%s: %d bytes, %v", f.Name, len(got), err)
			}
			rc.Close()
		}
		r.Close()
		n := len(s.Calls())
		t.Logf("%d files, %d bytes, %s: %d requests", len(z.File), buf.Len(), what, n)
		if len(z.File) != 200 || n > most {
			t.Errorf("%d files %s: %d requests, want at most %d", len(z.File), what, n, most)
		}
	}
}

// TestReaderAtColumns reads as the readers of Parquet do: the last 8 bytes, the footer, and then
// the columns, one after the other, in turns, or one of them alone.
func TestReaderAtColumns(t *testing.T) {
	const size, footer, columns = 6 << 20, 40 << 10, 6
	const chunk = (size - footer - 8) / columns
	for _, c := range []struct {
		what    string
		columns int
		page    int // bytes of a ReadAt
		turns   bool
		most    int // requests, that of NewReaderAt included
	}{
		{"all, each by one read", columns, chunk, false, 8},
		{"all, by pages", columns, 64 << 10, false, 8},
		{"all in turns, by pages", columns, 64 << 10, true, 8},
		{"one, by one read", 1, chunk, false, 6},
		{"one, by pages", 1, 64 << 10, false, 6},
	} {
		t.Run(c.what, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newReaderAt(t, size, storage.Options{}, storage.ReaderAtOptions{})
				r.read(0, 4)
				r.read(size-8, 8)
				r.read(size-8-footer, footer)
				if !c.turns {
					for k := range c.columns {
						for at := 0; at < chunk; at += c.page {
							r.read(k*chunk+at, min(c.page, chunk-at))
						}
					}
				} else {
					for at := 0; at < chunk; at += c.page {
						for k := range c.columns {
							r.read(k*chunk+at, min(c.page, chunk-at))
						}
					}
				}
				n := 1 + r.s.Count("Get")
				t.Logf("%d requests", n)
				if n > c.most {
					t.Errorf("%d requests, want at most %d", n, c.most)
				}
			})
		})
	}
}

// TestReaderAtAllocations: a read of a block that is cached allocates nothing.
func TestReaderAtAllocations(t *testing.T) {
	r := newReaderAt(t, 4*blockSize, storage.Options{}, plainBlocks())
	p := make([]byte, 100)
	ctx, cancel := context.WithCancel(t.Context()) // another one than the ReaderAt's
	defer cancel()
	for what, read := range map[string]func() (int, error){
		"ReadAt in one block":        func() (int, error) { return r.ReadAt(p, 1500) },
		"ReadAtContext in one block": func() (int, error) { return r.ReadAtContext(ctx, p, 1500) },
		"ReadAt in two blocks":       func() (int, error) { return r.ReadAt(p, 950) },
	} {
		n := allocs.Least(100, func() {
			if _, err := read(); err != nil {
				t.Error(err)
			}
		})
		if n != 0 {
			t.Errorf("%s: %v allocations, want none", what, n)
		}
	}
}

func BenchmarkReaderAtHit(b *testing.B) {
	m, err := storage.OpenWith(b.Context(), "mem://", nil)
	if err != nil {
		b.Fatal(err)
	}
	defer m.Close()
	if _, err := m.WriteAll(b.Context(), "k", make([]byte, 1<<20), nil); err != nil {
		b.Fatal(err)
	}
	r, err := m.NewReaderAt(b.Context(), "k", nil)
	if err != nil {
		b.Fatal(err)
	}
	defer r.Close()
	p := make([]byte, 4<<10)
	b.SetBytes(int64(len(p)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := r.ReadAt(p, 500_000); err != nil {
			b.Fatal(err)
		}
	}
}
