package storage_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/polystore/storage"
	"github.com/polystore/storage/internal/allocs"
)

// partLink is a link whose parts can be slow, one at a time or all of them.
type partLink struct {
	link
	varies bool // the ETags of parts are not those of their bytes

	// holds is how long the nth request for a part is kept once its bytes have arrived, and why it
	// fails then.
	holds func(n, number int, body io.ReadSeeker) (time.Duration, error)

	parts   sync.Mutex
	count   int // requests for parts
	number  map[int]int
	flying  int
	widest  int
	landed  []int // the numbers of the parts, in the order in which they arrived whole
	named   []*storage.Part
	busy    int // parts that were under way when the upload was completed
	aborted int
}

func newPartLink(t *testing.T, l *partLink, opts *storage.Options) *storage.Bucket {
	t.Helper()
	l.FullStore, l.wide = newMemory(t), make(map[int]time.Duration)
	l.number = make(map[int]int)
	l.trip, l.perConn, l.least = 20*time.Millisecond, 25e6, 5*mib
	if l.holds == nil {
		l.holds = func(int, int, io.ReadSeeker) (time.Duration, error) { return 0, nil }
	}
	b := storage.New(l, opts)
	t.Cleanup(func() { b.Close() })
	return b
}

func (l *partLink) begun(number int) int {
	l.parts.Lock()
	defer l.parts.Unlock()
	n := l.count
	l.count++
	l.number[number]++
	l.flying++
	l.widest = max(l.widest, l.flying)
	return n
}

func (l *partLink) PutPart(
	ctx context.Context, _, _ string, number int, body io.ReadSeeker, size int64,
	_ *storage.PartOptions,
) (*storage.Part, error) {
	n := l.begun(number)
	defer func() {
		l.parts.Lock()
		l.flying--
		l.parts.Unlock()
	}()
	read, err := io.Copy(io.Discard, body)
	if err != nil || read != size {
		return nil, &storage.Error{Err: fmt.Errorf("%d bytes, %w", read, err)}
	}
	if err := l.move(ctx, size, 1); err != nil {
		return nil, err
	}
	d, err := l.holds(n, number, body)
	if err := wait(ctx, l.trip+d); err != nil {
		return nil, err
	}
	if err != nil {
		return nil, err
	}
	l.parts.Lock()
	defer l.parts.Unlock()
	l.landed = append(l.landed, number)
	return &storage.Part{
		Number: number, Size: size, ETag: fmt.Sprint(number), Repeatable: !l.varies,
	}, nil
}

func (l *partLink) CompleteUpload(
	ctx context.Context, key, id string, parts []*storage.Part, opts *storage.PutOptions,
) (*storage.Object, error) {
	l.parts.Lock()
	l.named, l.busy = parts, l.flying
	l.parts.Unlock()
	return l.link.CompleteUpload(ctx, key, id, parts, opts)
}

func (l *partLink) AbortUpload(context.Context, string, string) error {
	l.parts.Lock()
	defer l.parts.Unlock()
	l.aborted++
	l.busy = l.flying
	return nil
}

// tailOf holds the parts from the nth request on for 2 s, as many as there are.
func tailOf(from, many int) func(int, int, io.ReadSeeker) (time.Duration, error) {
	return func(n, _ int, _ io.ReadSeeker) (time.Duration, error) {
		if n >= from && n < from+many {
			return 2 * time.Second, nil
		}
		return 0, nil
	}
}

// uploads are the ways in which a large object goes up in parts.
var uploads = map[string]func(context.Context, *storage.Bucket, int64) error{
	"PutReaderAt": transfers["PutReaderAt"],
	"Put":         transfers["Put"],
	"bytes.Reader": func(ctx context.Context, b *storage.Bucket, size int64) error {
		_, err := b.Put(ctx, "new", bytes.NewReader(make([]byte, size)), nil)
		return err
	},
}

const (
	partObject      = 26 * 5 * mib
	partAllocations = 20
	usualPart       = 5*mib*time.Second/25e6 + 20*time.Millisecond
)

// learnParts lets the Bucket learn how long a part takes.
func learnParts(t *testing.T, b *storage.Bucket) {
	t.Helper()
	for range 2 {
		if err := uploads["PutReaderAt"](t.Context(), b, partObject); err != nil {
			t.Fatal(err)
		}
	}
}

// TestHedgedPart sends a part once more that takes 2 s, and the object is there as soon as that one
// has arrived.
func TestHedgedPart(t *testing.T) {
	for what, put := range uploads {
		t.Run(what, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				seen := new(hedges)
				l := new(partLink)
				b := newPartLink(t, l, &storage.Options{Tracer: seen})
				learnParts(t, b)
				l.holds = tailOf(l.count+3, 1)
				was := l.count
				start := time.Now()
				if err := put(t.Context(), b, partObject); err != nil {
					t.Fatal(err)
				}
				// Create, the part that is given three times the median, itself, and Complete.
				took, want := time.Since(start), 40*time.Millisecond+4*usualPart
				if seen.hedged != 1 || l.count != was+27 || (took-want).Abs() > time.Millisecond {
					t.Errorf("%d hedges, %d parts, %v, want %v",
						seen.hedged, l.count-was, took, want)
				}
				if l.busy != 0 || len(l.named) != 26 || seen.begun != seen.over {
					t.Errorf("%d parts are under way at the completion of %d, %d of %d requests "+
						"have ended", l.busy, len(l.named), seen.over, seen.begun)
				}
			})
		})
	}
}

// TestHedgedPartIsNeeded sends no part twice where that is of no use, or may do harm.
func TestHedgedPartIsNeeded(t *testing.T) {
	one := tailOf(55, 1)
	slow := func(l *partLink) { l.holds = one }
	no := storage.Options{NoHedging: true}
	late := func(from int, f func(l *partLink)) func(*partLink) {
		return func(l *partLink) {
			l.holds = func(n, _ int, _ io.ReadSeeker) (time.Duration, error) {
				if n == from {
					f(l)
				}
				return 0, nil
			}
		}
	}
	for name, c := range map[string]struct {
		set  func(l *partLink)
		opts storage.Options
		want int // at most; 1: exactly
	}{
		"one is slow": {slow, storage.Options{}, 1},
		"NoHedging":   {slow, no, 0},
		"ETags vary": {func(l *partLink) { l.holds, l.varies = one, true },
			storage.Options{}, 0},
		"all are slow": {func(l *partLink) { l.holds = tailOf(52, 1000) },
			storage.Options{}, 0},
		"half are slow":    {func(l *partLink) { l.holds = halfSlow }, storage.Options{}, 3},
		"a shaped link":    {late(60, func(l *partLink) { l.perConn /= 10 }), storage.Options{}, 0},
		"a shaped link, 4": {late(60, func(l *partLink) { l.perConn /= 4 }), storage.Options{}, 0},
		"a link for all":   {late(60, func(l *partLink) { l.total = 25e6 }), storage.Options{}, 0},
		"a bandwidth":      {func(*partLink) {}, storage.Options{Bandwidth: 100e6}, 0},
		"before much is known": {func(l *partLink) { l.holds = tailOf(3, 1) },
			storage.Options{}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				seen := new(hedges)
				l := new(partLink)
				o := c.opts
				o.Tracer = seen
				b := newPartLink(t, l, &o)
				c.set(l)
				learnParts(t, b)
				for range 3 {
					if err := uploads["PutReaderAt"](t.Context(), b, partObject); err != nil {
						t.Fatal(err)
					}
				}
				if seen.hedged > c.want || c.want == 1 && seen.hedged == 0 {
					t.Errorf("%d hedges, want %d", seen.hedged, c.want)
				}
			})
		})
	}
}

func halfSlow(n, _ int, _ io.ReadSeeker) (time.Duration, error) {
	if n >= 52 && n%2 == 0 {
		return 2 * time.Second, nil
	}
	return 0, nil
}

// TestHedgedPartBudget sends at most one part more for each 20, and never has more than one request
// beyond Concurrency under way.
func TestHedgedPartBudget(t *testing.T) {
	for _, concurrency := range []int{4, 32} {
		t.Run(fmt.Sprint(concurrency), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				seen := new(hedges)
				l := new(partLink)
				l.holds = func(n, _ int, _ io.ReadSeeker) (time.Duration, error) {
					if n%10 == 9 {
						return 2 * time.Second, nil
					}
					return 0, nil
				}
				b := newPartLink(t, l, &storage.Options{Tracer: seen, Concurrency: concurrency})
				const parts = 400
				if err := uploads["PutReaderAt"](t.Context(), b, parts*5*mib); err != nil {
					t.Fatal(err)
				}
				sent := l.count - seen.hedged
				t.Logf("%d hedges of %d parts, %d at once", seen.hedged, sent, l.widest)
				if seen.hedged == 0 || seen.hedged > sent/20 || l.widest > concurrency+1 {
					t.Errorf("%d hedges of %d parts, %d at once", seen.hedged, sent, l.widest)
				}
			})
		})
	}
}

// TestHedgedPartOutcomes ends the two requests in every order.
func TestHedgedPartOutcomes(t *testing.T) {
	throttled := &storage.Error{Kind: storage.ErrThrottled, Status: 503}
	type answer struct {
		d   time.Duration
		err error
	}
	for name, c := range map[string]struct {
		first, hedge answer
		parts        int // requests in all, of 26
	}{
		"the hedge wins": {answer{2 * time.Second, nil}, answer{}, 27},
		"the first wins": {answer{700 * time.Millisecond, nil},
			answer{2 * time.Second, nil}, 27},
		"both at about the same time": {answer{3 * usualPart, nil}, answer{}, 27},
		"the hedge fails":             {answer{2 * time.Second, nil}, answer{0, throttled}, 27},
		"the first fails":             {answer{600 * time.Millisecond, throttled}, answer{}, 28},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := new(partLink)
				b := newPartLink(t, l, nil)
				learnParts(t, b)
				was := l.count
				l.number = make(map[int]int)
				l.holds = func(n, number int, _ io.ReadSeeker) (time.Duration, error) {
					l.parts.Lock()
					defer l.parts.Unlock()
					switch {
					case number == 4 && n < was+26:
						return c.first.d, c.first.err
					case number == 4 && n == was+26:
						return c.hedge.d, c.hedge.err
					}
					return 0, nil
				}
				if err := uploads["Put"](t.Context(), b, partObject); err != nil {
					t.Fatal(err)
				}
				var numbers []int
				for _, p := range l.named {
					numbers = append(numbers, p.Number)
				}
				slices.Sort(numbers)
				if l.count-was != c.parts || l.busy != 0 || len(slices.Compact(numbers)) != 26 {
					t.Errorf("%d requests, %d under way, parts %v", l.count-was, l.busy, numbers)
				}
			})
		})
	}
}

// TestHedgedPartCancelled ends both requests with the caller's context, before the abort.
func TestHedgedPartCancelled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		seen := new(hedges)
		l := new(partLink)
		b := newPartLink(t, l, &storage.Options{Tracer: seen})
		learnParts(t, b)
		l.holds = func(_, number int, _ io.ReadSeeker) (time.Duration, error) {
			if number == 4 {
				return time.Hour, nil
			}
			return 0, nil
		}
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		err := uploads["Put"](ctx, b, partObject)
		if !errors.Is(err, context.DeadlineExceeded) || seen.hedged != 1 || l.aborted != 1 ||
			l.busy != 0 || l.flying != 0 || seen.begun != seen.over {
			t.Errorf("%v, %d hedges, %d aborts with %d parts under way, %d left",
				err, seen.hedged, l.aborted, l.busy, l.flying)
		}
	})
}

// quickParts takes parts in 5 ms, with few allocations.
type quickParts struct{ storage.FullStore }

func (quickParts) CreateUpload(
	ctx context.Context, _ string, _ *storage.PutOptions,
) (string, error) {
	return "id", wait(ctx, 5*time.Millisecond)
}

func (quickParts) PutPart(
	ctx context.Context, _, _ string, number int, _ io.ReadSeeker, size int64,
	_ *storage.PartOptions,
) (*storage.Part, error) {
	err := wait(ctx, 5*time.Millisecond)
	return &storage.Part{Number: number, Size: size, ETag: "e", Repeatable: true}, err
}

func (quickParts) CompleteUpload(
	_ context.Context, key, _ string, _ []*storage.Part, _ *storage.PutOptions,
) (*storage.Object, error) {
	return &storage.Object{Key: key, Size: -1, ETag: `"e"`}, nil
}

// A part that may be sent twice, and is not, costs a timer.
func TestPartAllocations(t *testing.T) {
	each := make(map[bool]float64)
	for _, off := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			b := storage.New(quickParts{newMemory(t)}, &storage.Options{
				NoHedging: off, PartSize: 1 << 20, Concurrency: 4,
			})
			defer b.Close()
			cost := func(parts int64) float64 {
				return allocs.Least(20, func() {
					size := parts << 20
					_, err := b.PutReaderAt(t.Context(), "k", zeros(size), size, nil)
					if err != nil {
						t.Fatal(err)
					}
				})
			}
			cost(64)
			each[off] = (cost(192) - cost(64)) / 128
		})
	}
	t.Logf("%.1f allocations, without hedging %.1f", each[false], each[true])
	if !racing && (each[true] > partAllocations || each[false] > each[true]+2.2) {
		t.Errorf("%.1f allocations, at most %d and a timer; without hedging %.1f", each[false],
			partAllocations, each[true])
	}
}
