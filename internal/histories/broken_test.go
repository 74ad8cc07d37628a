package histories_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/polystore/storage"
	"github.com/polystore/storage/internal/histories"
	"github.com/polystore/storage/providers/memory"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// broken is a Store of memory in which some calls are not what they should be.
type broken struct {
	storage.FullStore
	mu    sync.Mutex
	calls int
	old   map[string]*storage.Object // that a stale Stat shows
	grave map[string]*dead           // what comes back

	stale, lostUpdate, twoCreates, resurrects, tornList, forgets bool

	commit sync.Mutex
	passes bool // a Delete can pass between a condition and its write, and nothing else can
}

// dead is an object that was deleted.
type dead struct {
	data     []byte
	metadata map[string]string
}

// turn is true for one of n calls.
func (b *broken) turn(n int) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.calls++
	return b.calls%n == 0
}

func (b *broken) Put(
	ctx context.Context, key string, body io.ReadSeeker, size int64, opts *storage.PutOptions,
) (*storage.Object, error) {
	o := *opts
	if b.passes {
		b.commit.Lock()
		defer b.commit.Unlock()
	}
	conditional := o.IfMatch != "" || o.IfAbsent
	if b.passes && conditional || b.lostUpdate && o.IfMatch != "" || b.twoCreates && o.IfAbsent {
		now, err := b.FullStore.Stat(ctx, key, &storage.StatOptions{})
		switch {
		case o.IfAbsent && err == nil:
			return nil, &storage.Error{Kind: storage.ErrExist}
		case o.IfMatch != "" && (err != nil || now.ETag != o.IfMatch):
			return nil, &storage.Error{Kind: storage.ErrPrecondition}
		}
		o.IfMatch, o.IfAbsent = "", false
		time.Sleep(100 * time.Microsecond) // what comes between is what is wrong
	}
	if b.forgets && b.turn(20) {
		now, err := b.FullStore.Put(ctx, key+".elsewhere", body, size, &o)
		return now, err
	}
	return b.FullStore.Put(ctx, key, body, size, &o)
}

func (b *broken) Copy(
	ctx context.Context, dst, src string, opts *storage.CopyOptions,
) (*storage.CopyResult, error) {
	if b.passes {
		b.commit.Lock()
		defer b.commit.Unlock()
	}
	return b.FullStore.Copy(ctx, dst, src, opts)
}

func (b *broken) Stat(
	ctx context.Context, key string, opts *storage.StatOptions,
) (*storage.Object, error) {
	b.mu.Lock()
	risen, old := b.grave[key], b.old[key]
	delete(b.grave, key)
	b.mu.Unlock()
	if risen != nil {
		_, err := b.FullStore.Put(ctx, key, bytes.NewReader(risen.data), int64(len(risen.data)),
			&storage.PutOptions{IfAbsent: true, Metadata: risen.metadata})
		if err != nil && !errors.Is(err, storage.ErrExist) {
			return nil, err
		}
	}
	if b.stale && old != nil && b.turn(6) {
		return cloned(old), nil
	}
	o, err := b.FullStore.Stat(ctx, key, opts)
	if err == nil {
		b.mu.Lock()
		b.old[key] = cloned(o)
		b.mu.Unlock()
	}
	return o, err
}

// cloned is an object for a caller of its own.
func cloned(o *storage.Object) *storage.Object {
	c := *o
	c.Metadata = maps.Clone(o.Metadata)
	return &c
}

func (b *broken) Delete(ctx context.Context, key string, opts *storage.DeleteOptions) error {
	var d *dead
	if b.resurrects && b.turn(3) {
		if r, err := b.FullStore.Get(ctx, key, &storage.GetOptions{}); err == nil {
			data, err := io.ReadAll(r.Body)
			r.Body.Close()
			if err != nil {
				return err
			}
			d = &dead{data, r.Object.Metadata}
		}
	}
	err := b.FullStore.Delete(ctx, key, opts)
	if err == nil && d != nil {
		b.mu.Lock()
		b.grave[key] = d
		b.mu.Unlock()
	}
	return err
}

func (b *broken) ListPage(
	ctx context.Context, opts *storage.ListOptions,
) (*storage.Page, error) {
	p, err := b.FullStore.ListPage(ctx, opts)
	if err == nil && b.tornList && len(p.Objects) > 1 && b.turn(4) {
		p.Objects = p.Objects[1:]
	}
	runtime.Gosched()
	return p, err
}

// spoilt is a Store whose Gets have wrong bytes and no checksum.
type spoilt struct {
	storage.FullStore
	wrong int
}

func (s *spoilt) Get(
	ctx context.Context, key string, opts *storage.GetOptions,
) (*storage.GetResult, error) {
	r, err := s.FullStore.Get(ctx, key, opts)
	if err != nil {
		return nil, err
	}
	data, err := io.ReadAll(r.Body)
	if err := errors.Join(err, r.Body.Close()); err != nil {
		return nil, err
	}
	for i := range s.wrong {
		data[i] ^= 1
	}
	r.Body, r.Object.Checksums = io.NopCloser(bytes.NewReader(data)), storage.Checksums{}
	return r, nil
}

// One wrong byte is forgiven where nothing could show it. Nothing else is.
func TestWrongBytes(t *testing.T) {
	for _, test := range []struct {
		wrong int
		bare  bool
		want  string
	}{{1, true, ""}, {1, false, "torn"}, {2, true, "torn"}} {
		inner, err := memory.New(nil)
		if err != nil {
			t.Fatal(err)
		}
		b := storage.New(&spoilt{inner, test.wrong}, nil)
		h := histories.Run(t.Context(), b, histories.Config{Seed: 1, BareParts: test.bare})
		r, err := h.Check(time.Minute)
		if test.want == "" && (err != nil || r.Failed == 0) {
			t.Errorf("%d wrong: %d failed, %v", test.wrong, r.Failed, err)
		}
		if test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)) {
			t.Errorf("%d wrong, and bare is %v: %v", test.wrong, test.bare, err)
		}
	}
}

// Each kind of broken driver is caught, and a sound one is not accused.
func TestBroken(t *testing.T) {
	for _, test := range []struct {
		name    string
		wrong   func(b *broken)
		forgive bool // Deletes that pass
		want    string
	}{
		{"sound", func(*broken) {}, false, ""},
		{"sound", func(*broken) {}, true, ""},
		{"stale read", func(b *broken) { b.stale = true }, false, "not linearizable"},
		{"stale read", func(b *broken) { b.stale = true }, true, "not linearizable"},
		{"lost update", func(b *broken) { b.lostUpdate = true }, false, "not linearizable"},
		{"lost update", func(b *broken) { b.lostUpdate = true }, true, "not linearizable"},
		{"two creates", func(b *broken) { b.twoCreates = true }, false, "not linearizable"},
		{"two creates", func(b *broken) { b.twoCreates = true }, true, "not linearizable"},
		{"resurrected delete", func(b *broken) { b.resurrects = true }, false, "not linearizable"},
		{"resurrected delete", func(b *broken) { b.resurrects = true }, true, "not linearizable"},
		{"torn list", func(b *broken) { b.tornList = true }, false, "not linearizable"},
		{"torn list", func(b *broken) { b.tornList = true }, true, "not linearizable"},
		{"forgotten write", func(b *broken) { b.forgets = true }, false, "not linearizable"},
		{"forgotten write", func(b *broken) { b.forgets = true }, true, "not linearizable"},
		{"a Delete passes", func(b *broken) { b.passes = true }, false, "not linearizable"},
		{"a Delete passes", func(b *broken) { b.passes = true }, true, ""},
	} {
		t.Run(fmt.Sprintf("%s, forgiven: %v", test.name, test.forgive), func(t *testing.T) {
			const most = 30
			passed := 0
			for seed := uint64(1); seed <= most; seed++ {
				inner, err := memory.New(nil)
				if err != nil {
					t.Fatal(err)
				}
				s := &broken{
					FullStore: histories.Count(inner), old: make(map[string]*storage.Object),
					grave: make(map[string]*dead),
				}
				test.wrong(s)
				h := histories.Run(t.Context(), storage.New(s, nil), histories.Config{Seed: seed})
				h.Counted, h.DeletesPass = true, test.forgive
				r, err := h.Check(time.Minute)
				passed += r.Passed
				switch {
				case err == nil:
					continue
				case test.want == "":
					t.Fatalf("seed %d: %v", seed, err)
				case !strings.Contains(err.Error(), test.want): // a symptom of its own
					continue
				}
				t.Logf("caught by the history of seed %d", seed)
				return
			}
			if test.want != "" {
				t.Errorf("not caught in %d histories", most)
			}
			// A sound driver needs nothing forgiven.
			if passes := strings.Contains(test.name, "passes"); (passed > 0) != passes {
				t.Errorf("%d keys were passed by a Delete", passed)
			}
		})
	}
}
