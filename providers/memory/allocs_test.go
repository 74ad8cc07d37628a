package memory_test

import (
	"context"
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/polystore/storage"
	"github.com/polystore/storage/internal/allocs"
	"github.com/polystore/storage/providers/memory"
)

const hotKeys = 10_000

func hotKey(n int) string { return fmt.Sprintf("directory/%08d", n) }

// hotBucket has 10,000 objects of a few bytes.
func hotBucket(tb testing.TB) *storage.Bucket {
	b := openBucket(tb)
	for n := range hotKeys {
		if _, err := b.WriteAll(tb.Context(), hotKey(n), hotData, nil); err != nil {
			tb.Fatal(err)
		}
	}
	return b
}

func openBucket(tb testing.TB) *storage.Bucket {
	s, err := memory.New(nil)
	if err != nil {
		tb.Fatal(err)
	}
	b := storage.New(s, nil)
	tb.Cleanup(func() { b.Close() })
	return b
}

var hotData = []byte("some bytes")

// hot are the calls whose allocations are counted, and how many there may be. Nobody else can make
// a call of a Bucket cheaper than one that waits for nothing.
var hot = []struct {
	name string
	most float64
	call func(context.Context, *storage.Bucket) error
}{
	{"Stat", 2, func(ctx context.Context, b *storage.Bucket) error {
		_, err := b.Stat(ctx, hotKey5000, nil)
		return err
	}},
	{"Get", 13, func(ctx context.Context, b *storage.Bucket) error {
		r, err := b.Get(ctx, hotKey5000, nil)
		if err != nil {
			return err
		}
		return r.Close()
	}},
	{"ReadAll", 16, func(ctx context.Context, b *storage.Bucket) error {
		_, err := b.ReadAll(ctx, hotKey5000, nil)
		return err
	}},
	{"WriteAll", 17, func(ctx context.Context, b *storage.Bucket) error {
		_, err := b.WriteAll(ctx, hotKey5000, hotData, nil)
		return err
	}},
	{"DeleteNothing", 2, func(ctx context.Context, b *storage.Bucket) error {
		return b.Delete(ctx, "nothing", nil)
	}},
	{"List10000", 900, func(ctx context.Context, b *storage.Bucket) error {
		n := 0
		for _, err := range b.List(ctx, nil) {
			if err != nil {
				return err
			}
			n++
		}
		if n != hotKeys {
			return fmt.Errorf("%d keys", n)
		}
		return nil
	}},
}

var hotKey5000 = hotKey(5000)

// A call of a Bucket costs next to nothing beside what its Store does.
func TestAllocations(t *testing.T) {
	if racing {
		t.Skip("the race detector allocates, too")
	}
	b := hotBucket(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	for _, c := range hot {
		n := allocs.Least(100, func() {
			if err := c.call(ctx, b); err != nil {
				t.Fatal(err)
			}
		})
		t.Logf("%s: %.0f allocations", c.name, n)
		if n > c.most {
			t.Errorf("%s: %.0f allocations, at most %.0f", c.name, n, c.most)
		}
	}
}

func BenchmarkHot(b *testing.B) {
	bucket := hotBucket(b)
	for _, c := range hot {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if err := c.call(b.Context(), bucket); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// An object takes little beside its own bytes, with its key and however it was written.
func TestMemoryOfObjects(t *testing.T) {
	if racing {
		t.Skip("the race detector takes memory, too")
	}
	for name, opts := range map[string]*storage.PutOptions{
		"plain":     nil,
		"a type":    {ContentType: "text/plain"},
		"metadata":  {Metadata: map[string]string{"name": "value"}},
		"IfAbsent":  {IfAbsent: true},
		"backwards": nil,
	} {
		const objects, size, most = 10_000, 512, 400
		b := openBucket(t)
		data := []byte(strings.Repeat("x", size))
		before := heap()
		for n := range objects {
			if name == "backwards" {
				n = objects - n
			}
			if _, err := b.WriteAll(t.Context(), hotKey(n), data, opts); err != nil {
				t.Fatal(err)
			}
		}
		each := (heap()-before)/objects - size
		t.Logf("%s: %d bytes", name, each)
		if each > most {
			t.Errorf("an object (%s) takes %d bytes beside its own, at most %d", name, each, most)
		}
		runtime.KeepAlive(b)
	}
}

// heap returns how much memory is reachable.
func heap() int64 {
	var m runtime.MemStats
	for range 2 { // what a pool has lives for two rounds
		runtime.GC()
	}
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
