package storage_test

import (
	"context"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/polystore/storage"
)

// link is a Store at a distance, for a synctest bubble. An answer takes trip to begin, and bytes
// move at perConn a second at most in each request, and at total in all together; 0: no limit. It
// has one object, of size zeros, and takes uploads, which it forgets.
type link struct {
	storage.FullStore
	trip           time.Duration
	perConn, total float64
	size           int64
	least          int64 // of a part
	bears          int   // requests at once; others get 503; 0: any number
	crawls         int   // each so many-th body comes at a twentieth of the speed; 0: none
	begun          int   // bodies
	crawled        []int64

	mu      sync.Mutex
	refused int // requests
	open    int // requests
	moving  int // of them, those that move a byte now
	peak    int // of open
	asked   int // requests
	moved   float64
	fetched int64                 // bytes of bodies that were read
	since   time.Time             // when open changed
	wide    map[int]time.Duration // how long as many were open, in the second half
}

// newLink makes a Bucket at the other end of l.
func newLink(t *testing.T, l *link, opts *storage.Options) *storage.Bucket {
	t.Helper()
	l.FullStore, l.wide = newMemory(t), make(map[int]time.Duration)
	return storage.New(l, opts)
}

func (l *link) Unwrap() storage.Store { return l.FullStore }

func (l *link) PartLimits(o *storage.PutOptions) storage.PartLimits {
	p := l.FullStore.PartLimits(o)
	p.Min = max(p.Min, l.least)
	return p
}

// opened counts a request more, or less, and returns how many are open.
func (l *link) opened(by int) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.moved >= float64(l.size)/2 {
		l.wide[l.open] += time.Since(l.since)
	}
	l.since = time.Now()
	l.open += by
	l.asked += max(by, 0)
	l.peak = max(l.peak, l.open)
	return l.open
}

// late is how many requests were open in the second half, in the median of the time.
func (l *link) late() int {
	var all, below time.Duration
	for _, d := range l.wide {
		all += d
	}
	for n := 0; ; n++ {
		if below += l.wide[n]; 2*below >= all {
			return n
		}
	}
}

// wait waits for d.
func wait(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return &storage.Error{Err: ctx.Err()}
	}
}

// step is how many bytes move at once.
const step = 64 << 10

// pace is the share of its speed that the next body has, which ends there. What is asked for again
// does not crawl.
func (l *link) pace(end int64) float64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.crawls == 0 || slices.Contains(l.crawled, end) {
		return 1
	}
	if l.begun++; l.begun%l.crawls == 0 {
		l.crawled = append(l.crawled, end)
		return 0.05
	}
	return 1
}

// move waits for as long as n bytes take at that share of the speed.
func (l *link) move(ctx context.Context, n int64, pace float64) error {
	for n > 0 {
		k := float64(min(n, step))
		n -= step
		l.mu.Lock()
		l.moving++
		rate := l.perConn
		if share := l.total / float64(l.moving); l.total > 0 && (rate == 0 || share < rate) {
			rate = share
		}
		l.mu.Unlock()
		var err error
		if rate > 0 {
			err = wait(ctx, time.Duration(k/rate/pace*float64(time.Second)))
		}
		l.mu.Lock()
		l.moving--
		l.moved += k
		l.mu.Unlock()
		if err != nil {
			return err
		}
	}
	return nil
}

func (l *link) Get(
	ctx context.Context, key string, opts *storage.GetOptions,
) (*storage.GetResult, error) {
	pace := l.pace(opts.Offset + opts.Length)
	if err := l.begin(ctx); err != nil {
		return nil, err
	}
	n := l.size - opts.Offset
	if opts.Length > 0 {
		n = min(n, opts.Length)
	}
	return &storage.GetResult{
		Object: &storage.Object{Key: key, Size: l.size, ETag: `"1"`},
		Offset: opts.Offset, Length: n,
		Body: &linkBody{
			Reader: io.NewSectionReader(zeros(l.size), opts.Offset, n), l: l, ctx: ctx,
			pace: pace,
		},
	}, nil
}

// begin is the way of a request there, and of its answer back.
func (l *link) begin(ctx context.Context) error {
	n := l.opened(1)
	err := wait(ctx, l.trip)
	if err == nil && l.bears > 0 && n > l.bears {
		l.mu.Lock()
		l.refused++
		l.mu.Unlock()
		err = &storage.Error{Kind: storage.ErrThrottled}
	}
	if err != nil {
		l.opened(-1)
	}
	return err
}

type linkBody struct {
	io.Reader
	l    *link
	ctx  context.Context
	pace float64
	once sync.Once
}

func (b *linkBody) Read(p []byte) (int, error) {
	n, err := b.Reader.Read(p[:min(len(p), step)])
	b.l.mu.Lock()
	b.l.fetched += int64(n)
	b.l.mu.Unlock()
	if e := b.l.move(b.ctx, int64(n), b.pace); e != nil {
		return 0, e
	}
	return n, err
}

func (b *linkBody) Close() error {
	b.once.Do(func() { b.l.opened(-1) })
	return nil
}

func (l *link) PutPart(
	ctx context.Context, _, _ string, number int, _ io.ReadSeeker, size int64,
	_ *storage.PartOptions,
) (*storage.Part, error) {
	if err := l.begin(ctx); err != nil {
		return nil, err
	}
	defer l.opened(-1)
	if err := l.move(ctx, size, 1); err != nil {
		return nil, err
	}
	return &storage.Part{Number: number, Size: size, ETag: fmt.Sprint(number)}, nil
}

func (l *link) CreateUpload(
	ctx context.Context, key string, opts *storage.PutOptions,
) (string, error) {
	if err := wait(ctx, l.trip); err != nil {
		return "", err
	}
	return l.FullStore.CreateUpload(ctx, key, opts)
}

func (l *link) CompleteUpload(
	ctx context.Context, key, _ string, parts []*storage.Part, _ *storage.PutOptions,
) (*storage.Object, error) {
	var size int64
	for _, p := range parts {
		size += p.Size
	}
	if err := wait(ctx, l.trip); err != nil {
		return nil, err
	}
	return &storage.Object{Key: key, Size: size, ETag: `"2"`}, nil
}

type discardAt struct{}

func (discardAt) WriteAt(p []byte, _ int64) (int, error) { return len(p), nil }

// zeros are n bytes of a source that costs nothing.
type zeros int64

func (z zeros) ReadAt(p []byte, off int64) (int, error) {
	n := int(min(int64(len(p)), int64(z)-off))
	clear(p[:n])
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

const mib = 1 << 20

// transfers are the ways to move a large object.
var transfers = map[string]func(context.Context, *storage.Bucket, int64) error{
	"Download": func(ctx context.Context, b *storage.Bucket, _ int64) error {
		_, err := b.Download(ctx, "k", discardAt{}, nil)
		return err
	},
	"io.Copy": func(ctx context.Context, b *storage.Bucket, _ int64) error {
		r, err := b.Get(ctx, "k", nil)
		if err != nil {
			return err
		}
		defer r.Close()
		_, err = io.Copy(io.Discard, r)
		return err
	},
	"PutReaderAt": func(ctx context.Context, b *storage.Bucket, size int64) error {
		_, err := b.PutReaderAt(ctx, "new", zeros(size), size, nil)
		return err
	},
	"Put": func(ctx context.Context, b *storage.Bucket, size int64) error {
		r := io.NewSectionReader(zeros(size), 0, size)
		_, err := b.Put(ctx, "new", onlyReader{r}, nil)
		return err
	},
}

// shares are those of what a link can that a transfer of each kind reaches at least.
type shares struct{ download, copy, putReaderAt, put float64 }

func (s shares) of(what string) float64 {
	return map[string]float64{
		"Download": s.download, "io.Copy": s.copy, "PutReaderAt": s.putReaderAt, "Put": s.put,
	}[what]
}

// TestWidth lets transfers find how many connections a link wants: many where each of them has its
// own limit, few where all share one.
func TestWidth(t *testing.T) {
	each := link{trip: 20 * time.Millisecond, perConn: 25e6, least: 5 * mib}
	all := link{trip: 20 * time.Millisecond, perConn: 25e6, total: 50e6, least: 5 * mib}
	near := link{trip: 100 * time.Microsecond, total: 1e9, least: 5 * mib}
	for name, c := range map[string]struct {
		link  *link
		size  int64
		ideal float64 // bytes a second
		late  int     // connections in the second half, at most
		least shares
	}{
		// The best of a download by 32 requests that move 4 MiB each is two trips and 168 ms: 0.81.
		// A copy has just the memory for that. An upload has three trips and 210 ms, since parts
		// have 5 MiB: 0.62.
		"a limit for each": {&each, 128 * mib, 32 * 25e6, 32, shares{0.80, 0.80, 0.61, 0.61}},
		"a limit for each, 1 GiB": {&each, 1024 * mib, 32 * 25e6, 32,
			shares{0.92, 0.87, 0.91, 0.70}},
		"a limit for all":          {&all, 128 * mib, 50e6, 32, shares{0.97, 0.97, 0.96, 0.96}},
		"a limit for all, 512 MiB": {&all, 512 * mib, 50e6, 6, shares{0.95, 0.95, 0.95, 0.95}},
		"near":                     {&near, 128 * mib, 1e9, 2, shares{0.97, 0.97, 0.97, 0.97}},
		"near, 4 GiB":              {&near, 4096 * mib, 1e9, 2, shares{0.97, 0.95, 0.97, 0.96}},
	} {
		for what, move := range transfers {
			t.Run(name+"/"+what, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					l := c.link
					on := &link{
						trip: l.trip, perConn: l.perConn, total: l.total, size: c.size,
						least: l.least,
					}
					b := newLink(t, on, nil)
					defer b.Close()
					start := time.Now()
					if err := move(t.Context(), b, c.size); err != nil {
						t.Fatal(err)
					}
					share := float64(c.size) / time.Since(start).Seconds() / c.ideal
					late := on.late()
					t.Logf("%-40s %.3f of the link, %d connections at most, %d in the second half, "+
						"%d requests", t.Name()[10:], share, on.peak, late, on.asked)
					if least := c.least.of(what); share < least {
						t.Errorf("%.2f of what the link can, want %.2f", share, least)
					}
					if on.peak > 32 {
						t.Errorf("%d connections, want 32 at most", on.peak)
					}
					if late > c.late {
						t.Errorf("%d connections in the second half, want at most %d", late, c.late)
					}
				})
			})
		}
	}
}

// TestWidthIsRemembered lets a second transfer begin with what the first has learned.
func TestWidthIsRemembered(t *testing.T) {
	for what, move := range transfers {
		t.Run(what, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				const size = 512 * mib
				l := &link{trip: 20 * time.Millisecond, perConn: 25e6, total: 50e6, size: size,
					least: 5 * mib}
				b := newLink(t, l, nil)
				defer b.Close()
				var peaks [2]int
				for i := range peaks {
					l.peak = 0
					if err := move(t.Context(), b, size); err != nil {
						t.Fatal(err)
					}
					peaks[i] = l.peak
				}
				t.Logf("%d connections at most, then %d", peaks[0], peaks[1])
				if peaks[1] > 6 || peaks[0] < 4*peaks[1] {
					t.Errorf("%d connections at most, then %d, want 6 then", peaks[0], peaks[1])
				}
			})
		})
	}
}

// TestRefusedRequestsShrink lets a service refuse what goes beyond eight requests at once.
func TestRefusedRequestsShrink(t *testing.T) {
	for what, move := range transfers {
		t.Run(what, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				const size = 1024 * mib
				l := &link{trip: 20 * time.Millisecond, perConn: 25e6, size: size, least: 5 * mib,
					bears: 8}
				b := newLink(t, l, &storage.Options{
					Retry: storage.RetryOptions{Attempts: 100, Budget: -1},
				})
				defer b.Close()
				if err := move(t.Context(), b, size); err != nil {
					t.Fatal(err)
				}
				late := l.late()
				t.Logf("%d requests, %d of them refused, %d connections in the second half", l.asked,
					l.refused, late)
				if late > 2*l.bears || late < l.bears/2 {
					t.Errorf("%d connections in the second half, where %d are borne", late, l.bears)
				}
			})
		})
	}
}

// TestReadAhead reads all of an object by plain Reads, and by ReadAll: in ranges, too.
func TestReadAhead(t *testing.T) {
	for what, c := range map[string]struct {
		read  func(ctx context.Context, b *storage.Bucket) (int, error)
		least float64 // of what 32 connections can
	}{
		"Read": {func(ctx context.Context, b *storage.Bucket) (n int, err error) {
			r, err := b.Get(ctx, "k", nil)
			if err != nil {
				return 0, err
			}
			defer r.Close()
			for p := make([]byte, 1<<20); err == nil; {
				var m int
				m, err = r.Read(p)
				n += m
			}
			if err == io.EOF {
				err = nil
			}
			return n, err
		}, 0.5},
		"ReadAll": {func(ctx context.Context, b *storage.Bucket) (int, error) {
			data, err := b.ReadAll(ctx, "k", nil)
			return len(data), err
		}, 0.8},
	} {
		t.Run(what, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := &link{trip: 20 * time.Millisecond, perConn: 25e6, size: 256 * mib}
				b := newLink(t, l, nil)
				defer b.Close()
				start := time.Now()
				n, err := c.read(t.Context(), b)
				if int64(n) != l.size || err != nil {
					t.Fatal(n, err)
				}
				share := float64(l.size) / time.Since(start).Seconds() / (32 * l.perConn)
				t.Logf("%.2f of the link", share)
				if share < c.least {
					t.Errorf("%.2f of what the link can, want %.2f", share, c.least)
				}
			})
		})
	}
}

// named is a link to a service that has no request for CreateUpload, as Azure has none.
type named struct{ *link }

func (named) CreateUpload(
	ctx context.Context, _ string, _ *storage.PutOptions,
) (string, error) {
	time.Sleep(time.Microsecond)
	return "id", ctx.Err()
}

// TestWidthAfterNamedUpload reads over a long way behind an upload that began without a request.
// That tells nothing of the way, so that the reads make as many requests as elsewhere.
func TestWidthAfterNamedUpload(t *testing.T) {
	const size, perConn = 512 * mib, 25e6
	for _, what := range []string{"Download", "io.Copy"} {
		synctest.Test(t, func(t *testing.T) {
			l := &link{trip: 20 * time.Millisecond, perConn: perConn, size: size, least: 5 * mib}
			newLink(t, l, nil).Close()
			b := storage.New(named{l}, nil)
			defer b.Close()
			if err := transfers["PutReaderAt"](t.Context(), b, 32*mib); err != nil {
				t.Fatal(err)
			}
			start := time.Now()
			if err := transfers[what](t.Context(), b, size); err != nil {
				t.Fatal(err)
			}
			if share := size / time.Since(start).Seconds() / (32 * perConn); share < 0.8 {
				t.Errorf("%s: %.2f of what the link can, want 0.8", what, share)
			}
		})
	}
}

// TestWidthBeforeAnAnswer sends the first transfer of a Bucket over a long way, with a state and
// without: no answer has told how long the way is.
func TestWidthBeforeAnAnswer(t *testing.T) {
	const size, perConn = 512 * mib, 25e6
	for what, send := range map[string]func(ctx context.Context, b *storage.Bucket) error{
		"PutReaderAt": func(ctx context.Context, b *storage.Bucket) error {
			return transfers["PutReaderAt"](ctx, b, size)
		},
		"StateFile": func(ctx context.Context, b *storage.Bucket) error {
			opts := &storage.PutOptions{StateFile: filepath.Join(t.TempDir(), "state")}
			return must(b.PutReaderAt(ctx, "new", zeros(size), size, opts))
		},
	} {
		t.Run(what, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := &link{trip: 20 * time.Millisecond, perConn: perConn, least: 5 * mib}
				newLink(t, l, nil).Close()
				b := storage.New(named{l}, nil)
				defer b.Close()
				start := time.Now()
				if err := send(t.Context(), b); err != nil {
					t.Fatal(err)
				}
				share := size / time.Since(start).Seconds() / (32 * perConn)
				t.Logf("%.2f of the link", share)
				if share < 0.8 {
					t.Errorf("%.2f of what the link can, want 0.8", share)
				}
			})
		})
	}
}
