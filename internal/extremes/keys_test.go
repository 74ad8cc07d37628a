package extremes

import (
	"context"
	"fmt"
	"iter"
	"runtime"
	"sort"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/polystore/storage"
	"github.com/polystore/storage/providers/memory"
)

const (
	keys     = 1_000_000
	mostHeap = 48 << 20 // bytes, beyond what there was before, with Options.Memory of 16 MiB
)

// keyOf is the key in place i of the order.
func keyOf(i int) string { return fmt.Sprintf("k/%07d", i) }

// numbered is a Store of a million keys, which it makes when it is asked, and forgets.
type numbered struct {
	storage.FullStore

	mu       sync.Mutex
	requests int
	deleted  []bool
	twice    int
}

var _ storage.FullStore = (*numbered)(nil)

func newNumbered(t *testing.T) *numbered {
	t.Helper()
	empty, err := memory.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &numbered{FullStore: empty, deleted: make([]bool, keys)}
}

func (s *numbered) ListPage(
	_ context.Context, o *storage.ListOptions,
) (*storage.Page, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requests++
	page, from := new(storage.Page), 0
	if o.StartAfter != "" {
		from = s.behind(o.StartAfter)
	}
	if o.PageToken != "" {
		from, _ = strconv.Atoi(o.PageToken)
	}
	for i := from; i < keys; i++ {
		if len(page.Objects) == 1000 {
			page.NextToken = strconv.Itoa(i)
			break
		}
		page.Objects = append(page.Objects, &storage.Object{Key: keyOf(i), ETag: `"e"`, Size: 1})
	}
	return page, nil
}

// behind is the place of the first key behind key.
func (s *numbered) behind(key string) int {
	if i, err := strconv.Atoi(strings.TrimPrefix(key, "k/")); err == nil && key == keyOf(i) {
		return i + 1
	}
	return sort.Search(keys, func(i int) bool { return keyOf(i) > key })
}

func (s *numbered) DeleteBatch(
	_ context.Context, batch []string, _ *storage.DeleteBatchOptions,
) ([]error, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requests++
	for _, k := range batch {
		i := s.behind(k) - 1
		if s.deleted[i] {
			s.twice++
		}
		s.deleted[i] = true
	}
	return make([]error, len(batch)), nil
}

func (s *numbered) MaxBatch() int { return 1000 }

// heap is what the process holds, in bytes.
func heap() int64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// looked hands keys on, and notes how much the process comes to hold meanwhile.
func looked(list iter.Seq2[*storage.Object, error], most *int64) iter.Seq2[*storage.Object, error] {
	return func(yield func(*storage.Object, error) bool) {
		n := 0
		for o, err := range list {
			if n++; n%200_000 == 0 {
				*most = max(*most, heap())
			}
			if !yield(o, err) {
				return
			}
		}
	}
}

// A million keys are listed in their order, by one request after the other and by eight at a time,
// in memory that does not grow with them.
func TestMillionKeys(t *testing.T) {
	for _, width := range []int{1, 8} {
		t.Run(fmt.Sprint(width), func(t *testing.T) {
			s := newNumbered(t)
			b := storage.New(s, &storage.Options{Memory: 16 << 20})
			defer b.Close()
			before, most, i := heap(), int64(0), 0
			list := b.List(t.Context(), &storage.ListOptions{Concurrency: width})
			for o, err := range looked(list, &most) {
				if err != nil {
					t.Fatal(err)
				}
				if o.Key != keyOf(i) {
					t.Fatalf("key %d is %q", i, o.Key)
				}
				i++
			}
			if i != keys || s.requests > keys/1000*5/4 {
				t.Errorf("%d keys by %d requests, want %d by about %d", i, s.requests, keys,
					keys/1000)
			}
			if most-before > mostHeap {
				t.Errorf("the heap grew by %d MiB", (most-before)>>20)
			}
			t.Logf("%d requests, %d MiB more", s.requests, (most-before)>>20)
		})
	}
}

// A million keys are deleted, each once, as they are listed.
func TestDeleteMillion(t *testing.T) {
	s := newNumbered(t)
	b := storage.New(s, &storage.Options{Memory: 16 << 20})
	defer b.Close()
	before, most := heap(), int64(0)
	n, err := b.DeleteListed(t.Context(), looked(b.List(t.Context(), nil), &most), nil)
	left := 0
	for _, gone := range s.deleted {
		if !gone {
			left++
		}
	}
	if err != nil || n != keys || left > 0 || s.twice > 0 {
		t.Errorf("%d deleted, %v; %d are left, %d were deleted twice", n, err, left, s.twice)
	}
	if s.requests > keys/1000*5/2 || most-before > mostHeap {
		t.Errorf("%d requests, the heap grew by %d MiB", s.requests, (most-before)>>20)
	}
	t.Logf("%d requests, %d MiB more", s.requests, (most-before)>>20)
}
