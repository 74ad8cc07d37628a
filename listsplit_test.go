package storage_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"sort"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/polystore/storage"
	"github.com/polystore/storage/providers/memory"
)

// keyStore is a Store of keys without bytes, whose pages take a while. Other methods are those of
// an empty bucket.
type keyStore struct {
	storage.FullStore
	most int           // entries of a page
	time time.Duration // of a page

	mu                    sync.Mutex
	keys                  []string // sorted
	pages, flying, widest int
	given                 int                  // entries of all pages
	vary                  func() time.Duration // in place of time
	extra                 func(n int) []string // keys that are written before the nth page
	fail                  func(n int) error    // of the nth page, from 1
}

func newKeyStore(t *testing.T, keys []string) *keyStore {
	t.Helper()
	empty, err := memory.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	keys = slices.Clone(keys)
	slices.Sort(keys)
	return &keyStore{FullStore: empty, most: 1000, time: 50 * time.Millisecond, keys: keys}
}

func (s *keyStore) ListPage(
	ctx context.Context, o *storage.ListOptions,
) (*storage.Page, error) {
	s.mu.Lock()
	s.pages++
	n := s.pages
	s.flying++
	s.widest = max(s.widest, s.flying)
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		s.flying--
		s.mu.Unlock()
	}()
	if s.time > 0 || s.vary != nil {
		s.mu.Lock()
		d := s.time
		if s.vary != nil {
			d = s.vary()
		}
		s.mu.Unlock()
		select {
		case <-time.After(d):
		case <-ctx.Done():
			return nil, &storage.Error{Err: ctx.Err()}
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.fail != nil {
		if err := s.fail(n); err != nil {
			return nil, err
		}
	}
	page := new(storage.Page)
	defer func() { s.given += len(page.Objects) }()
	if s.extra != nil {
		s.keys = slices.Compact(slices.Sorted(slices.Values(append(s.extra(n), s.keys...))))
	}
	after := o.StartAfter
	if o.PageToken != "" {
		after = strings.TrimPrefix(o.PageToken, "after ")
	}
	most := s.most
	if o.PageSize > 0 {
		most = min(most, o.PageSize)
	}
	at := sort.SearchStrings(s.keys, max(after, o.Prefix))
	for ; at < len(s.keys) && strings.HasPrefix(s.keys[at], o.Prefix); at++ {
		entry := &storage.Object{Key: s.keys[at], Size: 1, ETag: `"e"`}
		if o.Delimiter != "" {
			rest := entry.Key[len(o.Prefix):]
			if i := strings.Index(rest, o.Delimiter); i >= 0 {
				end := len(o.Prefix) + i + len(o.Delimiter)
				entry = &storage.Object{Key: entry.Key[:end], IsPrefix: true}
			}
		}
		if last := len(page.Objects) - 1; entry.Key <= after ||
			last >= 0 && page.Objects[last].Key == entry.Key {
			continue
		}
		if len(page.Objects) == most {
			page.NextToken = "after " + page.Objects[most-1].Key
			break
		}
		page.Objects = append(page.Objects, entry)
	}
	return page, nil
}

// keysLike returns n keys of a kind.
func keysLike(kind string, n int) []string {
	rng := rand.New(rand.NewPCG(1, 2))
	uuid := func() string {
		return fmt.Sprintf("%08x-%04x-%04x-%04x-%012x", rng.Uint32(), rng.Uint32()>>16,
			rng.Uint32()>>16, rng.Uint32()>>16, rng.Uint64()>>16)
	}
	keys := make([]string, n)
	day := time.Date(2021, 3, 7, 0, 0, 0, 0, time.UTC)
	for i := range keys {
		switch kind {
		case "uuid":
			keys[i] = uuid()
		case "dates":
			at := day.Add(time.Duration(i) * (3 * 365 * 24 * time.Hour / time.Duration(n)))
			keys[i] = at.Format("logs/2006/01/02/15-04-05.") + fmt.Sprintf("%06d.gz", i%7919)
		case "hours":
			at := day.Add(time.Duration(i) * (40 * 24 * time.Hour / time.Duration(n)))
			keys[i] = at.Format("year=2006/month=01/day=02/hour=15/") + uuid() + ".parquet"
		case "skew":
			keys[i] = fmt.Sprintf("logs/app/%08d", i)
			if i%10 == 0 {
				keys[i] = fmt.Sprintf("other-%03d/%08d", i%1000, i)
			}
		case "deep":
			keys[i] = fmt.Sprintf("data/raw/europe/west/station-17/camera/front/img_%07d.jpg", i)
		case "uneven":
			switch {
			case i < n/20:
				keys[i] = fmt.Sprintf("a/%d/%s", i%10, uuid())
			case i < n*19/20:
				keys[i] = "media/" + uuid() + "/original.jpg"
			default:
				keys[i] = fmt.Sprintf("thumbs/%06d", i)
			}
		case "tree":
			keys[i] = fmt.Sprintf("user-%d/album %d/pic%d.jpg", i%211, i/211%23, i)
		case "numbers":
			keys[i] = fmt.Sprint(i * 37)
		}
	}
	return keys
}

// TestSplitSpeed compares the time of a List by eight requests at a time with that of one by one.
func TestSplitSpeed(t *testing.T) {
	const n, width, keepsPace, average = 100_000, 8, 5.5, 6.0
	kinds := []string{"uuid", "dates", "hours", "deep", "skew", "uneven", "tree", "numbers"}
	sum, runs := 0.0, 0.0
	for _, kind := range kinds {
		t.Run(kind, func(t *testing.T) {
			keys := keysLike(kind, n)
			synctest.Test(t, func(t *testing.T) {
				s := newKeyStore(t, keys)
				b := storage.New(s, nil)
				defer b.Close()
				began := time.Now()
				i := 0
				for o, err := range b.List(t.Context(), &storage.ListOptions{Concurrency: width}) {
					if err != nil {
						t.Fatal(err)
					}
					if i == n || o.Key != s.keys[i] {
						t.Fatalf("key %d is %q", i, o.Key)
					}
					i++
				}
				if i != n {
					t.Errorf("%d keys, want %d", i, n)
				}
				times := float64(n/s.most) * float64(s.time) / float64(time.Since(began))
				t.Logf("%.2f times as fast by %d pages", times, s.pages)
				sum, runs = sum+times, runs+1
				if times < keepsPace || s.pages > n/s.most*13/10 {
					t.Errorf("%.2f times as fast, want %.1f; %d pages", times, keepsPace, s.pages)
				}
				if s.widest > width {
					t.Errorf("%d requests at a time, with Concurrency %d", s.widest, width)
				}
			})
		})
	}
	if mean := sum / runs; int(runs) == len(kinds) && mean < average {
		t.Errorf("%.2f times as fast on average, want %.1f", mean, average)
	}
}

// A list whose pages come from memory goes on in one range, a page ahead, unless its caller asked
// for more: no page is of no use, and the split is left to services that are some way off.
func TestNearList(t *testing.T) {
	const n, near = 50_000, time.Millisecond
	keys := keysLike("uuid", n)
	for _, c := range []struct {
		what      string
		page      time.Duration
		width     int
		one, wide bool
	}{
		{"from memory", near - 1, 0, true, false},
		{"from a disk", near, 0, false, true},
		{"from memory, with Concurrency", near - 1, 8, false, true},
	} {
		t.Run(c.what, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newKeyStore(t, keys)
				s.time = c.page
				b := storage.New(s, nil)
				defer b.Close()
				i, o := 0, &storage.ListOptions{Concurrency: c.width}
				for _, err := range b.List(t.Context(), o) {
					if err != nil {
						t.Fatal(err)
					}
					i++
				}
				one, wide := s.pages == n/s.most, s.widest > 2
				if i != n || one != c.one || wide != c.wide {
					t.Errorf("%d keys by %d pages, %d at a time; want %d keys, no page more than "+
						"%d: %v, more than 2 at a time: %v", i, s.pages, s.widest, n, n/s.most,
						c.one, c.wide)
				}
			})
		})
	}
}

// TestSplitRandom compares split lists with plain ones: of random keys, options and times, while
// other keys come and go.
func TestSplitRandom(t *testing.T) {
	for seed := range uint64(300) {
		rng := rand.New(rand.NewPCG(seed, 7))
		letters := []string{
			"ab/", "0123456789", "abc0é日😀/", "a\x00\x7f ", "0189abcf-/",
		}[rng.IntN(5)]
		word := func(most int) string {
			all := []rune(letters)
			r := make([]rune, 1+rng.IntN(most))
			for i := range r {
				r[i] = all[rng.IntN(len(all))]
			}
			return string(r)
		}
		keys := make(map[string]bool)
		for range rng.IntN(600) {
			keys[word(12)] = true
		}
		sorted := slices.Sorted(maps.Keys(keys))
		o := storage.ListOptions{Concurrency: 2 + rng.IntN(9)}
		if rng.IntN(3) == 0 {
			o.Prefix = word(2)
		}
		if rng.IntN(3) == 0 {
			o.StartAfter = word(3)
		}
		if rng.IntN(3) == 0 {
			o.Delimiter = "/"
		}
		synctest.Test(t, func(t *testing.T) {
			s := newKeyStore(t, sorted)
			s.most = 1 + rng.IntN(20)
			s.time = 0
			b := storage.New(s, &storage.Options{Memory: 1 << (10 + rng.IntN(12))})
			defer b.Close()
			plain := o
			plain.Concurrency = 1
			want := entries(t, b, plain)
			if rng.IntN(2) == 0 { // somebody who writes beside, keys that no list has to have
				s.extra = func(n int) []string { return []string{word(12) + "~", word(3) + "~"} }
			}
			s.vary = func() time.Duration { return time.Duration(rng.Int64N(1000)) }
			got := slices.DeleteFunc(entries(t, b, o), func(key string) bool {
				return strings.Contains(key, "~") || s.extra != nil && !slices.Contains(want, key)
			})
			if diff := cmp.Diff(want, got); diff != "" {
				t.Fatalf("seed %d, %+v (-want +got):\n%s", seed, o, diff)
			}
		})
	}
}

// entries lists, and fails if the list is not in order.
func entries(t *testing.T, b *storage.Bucket, o storage.ListOptions) []string {
	t.Helper()
	var keys []string
	for obj, err := range b.List(t.Context(), &o) {
		if err != nil {
			t.Fatal(err)
		}
		if n := len(keys); n > 0 && obj.Key <= keys[n-1] {
			t.Fatalf("%+v: %q behind %q", o, obj.Key, keys[n-1])
		}
		keys = append(keys, obj.Key)
	}
	return keys
}

// TestSplitError lets one page after the other fail. The error comes behind what was listed before
// it, in order and without a gap, and nothing after it.
func TestSplitError(t *testing.T) {
	keys := keysLike("uuid", 5000)
	for bad := range 40 {
		synctest.Test(t, func(t *testing.T) {
			s := newKeyStore(t, keys)
			s.most = 100
			failed := false
			s.fail = func(n int) error {
				if n != bad+1 {
					return nil
				}
				failed = true
				return &storage.Error{Kind: storage.ErrPermission}
			}
			b := storage.New(s, nil)
			defer b.Close()
			i, errs := 0, 0
			for o, err := range b.List(t.Context(), &storage.ListOptions{Concurrency: 8}) {
				switch {
				case errs > 0:
					t.Fatalf("%v, %v behind an error", o, err)
				case errors.Is(err, storage.ErrPermission) && o == nil:
					errs++
				case err != nil:
					t.Fatal(err)
				case o.Key != s.keys[i]:
					t.Fatalf("key %d is %q", i, o.Key)
				default:
					i++
				}
			}
			// A page that nobody needed any more may fail unseen.
			if errs == 0 && i != len(keys) || errs == 1 && !failed {
				t.Errorf("page %d failed: %d keys, %d errors", bad+1, i, errs)
			}
		})
	}
}

// TestSplitBreak leaves lists early: by break and by the context. No request outlives the loop.
func TestSplitBreak(t *testing.T) {
	keys := keysLike("uuid", 20_000)
	for _, after := range []int{1, 999, 1001, 7777} {
		synctest.Test(t, func(t *testing.T) {
			s := newKeyStore(t, keys)
			b := storage.New(s, nil)
			defer b.Close()
			for _, o := range []*storage.ListOptions{nil, {Concurrency: 8}, {Concurrency: 1}} {
				i := 0
				for _, err := range b.List(t.Context(), o) {
					if i++; err != nil || i == after {
						break
					}
				}
				if s.flying != 0 {
					t.Errorf("%d requests under way behind a break", s.flying)
				}
				ctx, cancel := context.WithCancel(t.Context())
				var last error
				i = 0
				for _, err := range b.List(ctx, o) {
					if i++; i == after {
						cancel()
					}
					last = err
				}
				if cancel(); !errors.Is(last, context.Canceled) || s.flying != 0 {
					t.Errorf("a cancelled List = %v, %d requests under way", last, s.flying)
				}
			}
		})
	}
	synctest.Test(t, func(t *testing.T) {
		s := newKeyStore(t, keys)
		b := storage.New(s, nil)
		defer b.Close()
		for range b.List(t.Context(), nil) {
			break
		}
		if s.pages != 1 {
			t.Errorf("%d pages to see one entry, want 1", s.pages)
		}
	})
}

// TestSplitMemory reads slowly: the pages that wait stay within Options.Memory.
func TestSplitMemory(t *testing.T) {
	keys := keysLike("uuid", 100_000)
	synctest.Test(t, func(t *testing.T) {
		s := newKeyStore(t, keys)
		b := storage.New(s, &storage.Options{Memory: 3 << 20})
		defer b.Close()
		read, most := 0, 0
		for _, err := range b.List(t.Context(), &storage.ListOptions{Concurrency: 8}) {
			if err != nil {
				t.Fatal(err)
			}
			if read++; read%500 == 0 {
				time.Sleep(time.Second)
				s.mu.Lock()
				most = max(most, s.given-read)
				s.mu.Unlock()
			}
		}
		// An entry takes about 400 bytes. One page more is in the reader's hands.
		if limit := 3<<20/400 + 2*s.most; most > limit || most < 2*s.most {
			t.Errorf("%d entries waited, want at most %d, and some", most, limit)
		}
	})
}
