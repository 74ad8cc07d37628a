package torture

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"runtime"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/polystore/storage"
	"github.com/polystore/storage/conformance/fault"
	"github.com/polystore/storage/internal/services"
	"github.com/polystore/storage/internal/tally"
)

var soakTime = flag.Duration("soak", 30*time.Second,
	"length of the soak, for all services together")

const soakWorkers = 64

// usage is what a process holds.
type usage struct {
	goroutines, files int
	heap              uint64 // bytes in use after a collection
}

func (u usage) String() string {
	return fmt.Sprintf("%d goroutines, %d files, %.1f MiB", u.goroutines, u.files,
		float64(u.heap)/(1<<20))
}

// used is what the process holds now. A connection is a file, too.
func used() usage {
	runtime.GC()
	debug.FreeOSMemory()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	u := usage{goroutines: runtime.NumGoroutine(), heap: m.HeapAlloc}
	if names, err := os.ReadDir("/proc/self/fd"); err == nil {
		u.files = len(names)
	}
	return u
}

// atRest is what the process holds when its requests have ended and no connection is open. What
// was given up when its time was over ends a little later, here and at a server in this process:
// it looks until it holds no less than before.
func atRest(closeIdle func()) usage {
	last := used()
	for range 100 {
		closeIdle()
		time.Sleep(50 * time.Millisecond)
		u := used()
		if u.goroutines >= last.goroutines && u.files >= last.files && u.heap >= last.heap-64<<10 {
			return u
		}
		last = u
	}
	return last
}

// Many workers with objects of mixed sizes, while one of twenty requests meets a fault: what the
// process holds does not grow, and no call fails with an error that the contract does not name.
func TestSoak(t *testing.T) {
	var local []services.Service
	for _, s := range services.All {
		if s.Local {
			local = append(local, s)
		}
	}
	for i, s := range local {
		t.Run(s.Name, func(t *testing.T) {
			soak(t, s, *soakTime/time.Duration(len(local)), *firstSeed+uint64(i))
		})
	}
}

func soak(t *testing.T, s services.Service, length time.Duration, seed uint64) {
	raw, closeIdle := s.OpenClosing(t)
	store := &unsteady{FullStore: storage.Full(raw.Store()), rand: rand.New(rand.NewPCG(seed, 0))}
	opts := quick
	opts.Memory = 16 << 20
	b := storage.New(store, &opts)
	var calls atomic.Int64
	errs := make(chan error, soakWorkers)
	// Each worker has a few keys of its own, so that what is stored does not grow, either.
	round := func(length time.Duration) {
		ctx, cancel := context.WithTimeout(t.Context(), length)
		defer cancel()
		var wg sync.WaitGroup
		for w := range soakWorkers {
			wg.Go(func() {
				r := rand.New(rand.NewPCG(seed, uint64(w)+1))
				for ctx.Err() == nil {
					if err := soakCall(ctx, b, s, r, w); err != nil && ctx.Err() == nil {
						select {
						case errs <- err:
						default:
						}
						return
					}
					calls.Add(1)
				}
			})
		}
		wg.Wait()
	}
	const rounds = 6
	var held []usage
	for range rounds {
		round(length / rounds)
		if _, err := raw.DeletePrefix(t.Context(), "", nil); err != nil {
			t.Fatal(err)
		}
		held = append(held, atRest(closeIdle))
	}
	close(errs)
	for err := range errs {
		t.Errorf("an error that the contract does not name: %v", err)
	}
	t.Logf("held after each sixth: %v", held)
	early, late := held[1], held[rounds-1] // the first one fills pools
	if late.goroutines > early.goroutines+8 || late.files > early.files+8 ||
		late.heap > early.heap+early.heap/4+2<<20 {
		t.Errorf("it grows: %v, then %v", early, late)
	}
	tally.Add(t, tally.Row{
		What: fmt.Sprintf("calls of %d workers in %v", soakWorkers, length), On: s.Name,
		Tried: int(calls.Load()), Seeds: fmt.Sprint(seed),
		Note: fmt.Sprintf("%d requests, %d with faults; held first %v, at the end %v",
			store.requests.Load(), store.met.Load(), early, late),
	})
}

// soakCall makes one call. It returns an error that the contract does not name.
func soakCall(
	ctx context.Context, b *storage.Bucket, s services.Service, r *rand.Rand, worker int,
) error {
	key := fmt.Sprintf("w%d/%d", worker, r.IntN(3))
	sizes := []int{0, 10, 1000, 30_000, 30_000, 200_000, int(s.PartSize) * 5 / 2}
	var err error
	switch n := r.IntN(20); {
	case n < 7:
		data := bytes.Repeat([]byte{byte(n)}, sizes[r.IntN(len(sizes))])
		_, err = b.Put(ctx, key, bytes.NewReader(data), &storage.PutOptions{PartSize: s.PartSize})
	case n < 9:
		_, err = b.WriteAll(ctx, key, []byte("x"), &storage.PutOptions{IfAbsent: true})
	case n < 15:
		var rd *storage.Reader
		if rd, err = b.Get(ctx, key, nil); err == nil {
			_, err = io.Copy(io.Discard, rd)
			rd.Close()
		}
	case n < 16:
		_, err = b.Copy(ctx, key+"c", key, nil)
	case n < 17:
		_, err = b.Stat(ctx, key, nil)
	case n < 18:
		for _, e := range b.List(ctx, &storage.ListOptions{Prefix: fmt.Sprintf("w%d/", worker)}) {
			err = e
		}
	case n < 19: // a Writer that is given up
		w := b.NewWriter(ctx, key, &storage.PutOptions{PartSize: s.PartSize})
		w.Write(make([]byte, sizes[r.IntN(len(sizes))]))
		if err = w.Close(); err == nil {
			err = errors.New("Close without Commit returned nil")
		}
	default:
		err = b.Delete(ctx, key, nil)
	}
	for _, kind := range []error{
		storage.ErrNotExist, storage.ErrExist, storage.ErrPrecondition, storage.ErrUnavailable,
		storage.ErrThrottled, storage.ErrIntegrity, storage.ErrUnknownOutcome, storage.ErrChanged,
		storage.ErrNotCommitted,
	} {
		if is(err, kind) {
			return nil
		}
	}
	return err
}

// unsteady is a Store one of whose twenty requests meets a fault.
type unsteady struct {
	storage.FullStore
	requests, met atomic.Int64
	mu            sync.Mutex
	rand          *rand.Rand
}

// pick makes a fault.Store with one fault, for one call: a script for a soak would grow with it.
func (u *unsteady) pick(op string) storage.FullStore {
	u.requests.Add(1)
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.rand.IntN(20) != 0 {
		return u.FullStore
	}
	u.met.Add(1)
	s := fault.New(u.FullStore)
	kinds := faulty[op]
	s.Next(op, kinds[u.rand.IntN(len(kinds))](u.rand))
	return s
}

func (u *unsteady) Put(
	ctx context.Context, key string, body io.ReadSeeker, size int64, opts *storage.PutOptions,
) (*storage.Object, error) {
	return u.pick("Put").Put(ctx, key, body, size, opts)
}

func (u *unsteady) Get(
	ctx context.Context, key string, opts *storage.GetOptions,
) (*storage.GetResult, error) {
	return u.pick("Get").Get(ctx, key, opts)
}

func (u *unsteady) Stat(
	ctx context.Context, key string, opts *storage.StatOptions,
) (*storage.Object, error) {
	return u.pick("Stat").Stat(ctx, key, opts)
}

func (u *unsteady) Delete(ctx context.Context, key string, opts *storage.DeleteOptions) error {
	return u.pick("Delete").Delete(ctx, key, opts)
}

func (u *unsteady) ListPage(
	ctx context.Context, opts *storage.ListOptions,
) (*storage.Page, error) {
	return u.pick("ListPage").ListPage(ctx, opts)
}

func (u *unsteady) Copy(
	ctx context.Context, dst, src string, opts *storage.CopyOptions,
) (*storage.CopyResult, error) {
	return u.pick("Copy").Copy(ctx, dst, src, opts)
}

func (u *unsteady) PutPart(
	ctx context.Context, key, id string, number int, body io.ReadSeeker, size int64,
	opts *storage.PartOptions,
) (*storage.Part, error) {
	return u.pick("PutPart").PutPart(ctx, key, id, number, body, size, opts)
}

func (u *unsteady) CompleteUpload(
	ctx context.Context, key, id string, parts []*storage.Part, opts *storage.PutOptions,
) (*storage.Object, error) {
	return u.pick("CompleteUpload").CompleteUpload(ctx, key, id, parts, opts)
}
