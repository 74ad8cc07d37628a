package storage_test

import (
	"context"
	"io"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/polystore/storage"
	"github.com/polystore/storage/providers/memory"
)

// link is a Store at a distance: an answer takes trip to begin, and bytes move at perConn a second
// at most in each request, and at total in all together; 0: no limit. It is for a synctest bubble.
type link struct {
	storage.FullStore
	trip           time.Duration
	perConn, total float64

	mu      sync.Mutex
	busy    int // requests that move bytes
	peak    int
	late    int     // the peak after lateAt bytes
	lateAt  float64 // counted from the start
	moved   float64
	fetched int64 // bytes of bodies that were read
	asked   int   // requests
}

func newLink(t *testing.T, l *link, opts *storage.Options) (*storage.Bucket, *link) {
	t.Helper()
	m, err := memory.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	l.FullStore = storage.Full(m)
	return storage.New(l, opts), l
}

func (l *link) Unwrap() storage.Store { return l.FullStore }

func (l *link) begin() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.busy++
	l.asked++
	l.peak = max(l.peak, l.busy)
	if l.moved >= l.lateAt {
		l.late = max(l.late, l.busy)
	}
}

func (l *link) end() {
	l.mu.Lock()
	l.busy--
	l.mu.Unlock()
}

// step is how many bytes move at once.
const step = 64 << 10

// move waits for as long as n bytes take.
func (l *link) move(ctx context.Context, n int) error {
	for n > 0 {
		k := min(n, step)
		l.mu.Lock()
		rate := l.perConn
		if share := l.total / float64(max(l.busy, 1)); l.total > 0 && (rate == 0 || share < rate) {
			rate = share
		}
		l.moved += float64(k)
		l.mu.Unlock()
		n -= k
		if rate == 0 {
			continue
		}
		select {
		case <-time.After(time.Duration(float64(k) / rate * float64(time.Second))):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

func (l *link) Get(
	ctx context.Context, key string, opts *storage.GetOptions,
) (*storage.GetResult, error) {
	l.begin()
	select {
	case <-time.After(l.trip):
	case <-ctx.Done():
		l.end()
		return nil, &storage.Error{Err: ctx.Err()}
	}
	r, err := l.FullStore.Get(ctx, key, opts)
	if err != nil {
		l.end()
		return nil, err
	}
	r.Body = &linkBody{ReadCloser: r.Body, l: l, ctx: ctx}
	return r, nil
}

type linkBody struct {
	io.ReadCloser
	l    *link
	ctx  context.Context
	once sync.Once
}

func (b *linkBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p[:min(len(p), step)])
	b.l.mu.Lock()
	b.l.fetched += int64(n)
	b.l.mu.Unlock()
	if e := b.l.move(b.ctx, n); e != nil {
		return 0, e
	}
	return n, err
}

func (b *linkBody) Close() error {
	b.once.Do(b.l.end)
	return b.ReadCloser.Close()
}

func (l *link) PutPart(
	ctx context.Context, key, id string, number int, body io.ReadSeeker, size int64,
	opts *storage.PartOptions,
) (*storage.Part, error) {
	l.begin()
	defer l.end()
	if err := l.move(ctx, int(size)); err != nil {
		return nil, &storage.Error{Err: err}
	}
	time.Sleep(l.trip)
	return l.FullStore.PutPart(ctx, key, id, number, body, size, opts)
}

func (l *link) CreateUpload(
	ctx context.Context, key string, opts *storage.PutOptions,
) (string, error) {
	time.Sleep(l.trip)
	return l.FullStore.CreateUpload(ctx, key, opts)
}

func (l *link) CompleteUpload(
	ctx context.Context, key, id string, parts []*storage.Part, opts *storage.PutOptions,
) (*storage.Object, error) {
	time.Sleep(l.trip)
	return l.FullStore.CompleteUpload(ctx, key, id, parts, opts)
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

// TestWidth lets transfers find how many connections a link wants: many where each of them has its
// own limit, few where all share one.
func TestWidth(t *testing.T) {
	for name, c := range map[string]struct {
		link  *link
		size  int64
		ideal float64 // bytes a second
		least float64 // of ideal
		late  int     // connections in the second half, at most; 0: any number
	}{
		"a limit for each": {&link{trip: 20 * time.Millisecond, perConn: 25e6}, 128 * mib,
			32 * 25e6, 0.25, 0},
		"a limit for all": {&link{trip: 20 * time.Millisecond, perConn: 25e6, total: 50e6},
			128 * mib, 50e6, 0.85, 0},
		"near": {&link{trip: 100 * time.Microsecond, total: 1e9}, 128 * mib, 1e9, 0.85, 4},
	} {
		for what, move := range map[string]func(context.Context, *storage.Bucket, int64) error{
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
				_, err := b.Put(ctx, "new", struct{ io.Reader }{r}, nil)
				return err
			},
		} {
			t.Run(name+"/"+what, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					l := c.link
					b, on := newLink(t, &link{
						trip: l.trip, perConn: l.perConn, total: l.total,
						lateAt: float64(c.size) / 2,
					}, nil)
					defer b.Close()
					if what == "Download" || what == "io.Copy" {
						_, err := on.FullStore.Put(t.Context(), "k",
							io.NewSectionReader(zeros(c.size), 0, c.size), c.size,
							new(storage.PutOptions))
						if err != nil {
							t.Fatal(err)
						}
					}
					start := time.Now()
					if err := move(t.Context(), b, c.size); err != nil {
						t.Fatal(err)
					}
					rate := float64(c.size) / time.Since(start).Seconds()
					t.Logf("%.2f of the link, %d connections at most, %d in the second half, "+
						"%d requests", rate/c.ideal, on.peak, on.late, on.asked)
					if rate < c.least*c.ideal {
						t.Errorf("%.2f of what the link can, want %.2f", rate/c.ideal, c.least)
					}
					if c.late > 0 && on.late > c.late {
						t.Errorf("%d connections in the second half, want at most %d", on.late,
							c.late)
					}
				})
			})
		}
	}
}
