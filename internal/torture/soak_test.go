package torture

import (
	"context"
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
	var calls atomic.Int64
	var early, late usage
	store := &unsteady{rand: rand.New(rand.NewPCG(seed, 0))}
	tally.Later(t, func() tally.Row {
		return tally.Row{
			What: fmt.Sprintf("calls of %d workers in %v", soakWorkers, length), On: s.Name,
			Tried: int(calls.Load()), Seeds: fmt.Sprint(seed),
			Note: fmt.Sprintf("%d requests, %d with faults; held first %v, at the end %v",
				store.requests.Load(), store.met.Load(), early, late),
		}
	})
	raw, closeIdle := s.OpenClosing(t)
	store.FullStore = storage.Full(raw.Store())
	opts := quick
	opts.Memory = 16 << 20
	b := storage.New(store, &opts)
	errs := make(chan error, soakWorkers)
	// Each worker has a few keys of its own, so that what is stored does not grow, either.
	// A round has no deadline, ahead of which a Bucket gives up what would go past it: what is told
	// of that would be an error like any other.
	round := func(length time.Duration, known bool) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		defer time.AfterFunc(length, cancel).Stop()
		var wg sync.WaitGroup
		for n := range soakWorkers {
			w := &worker{
				n: n, b: b, s: s, rand: rand.New(rand.NewPCG(seed, uint64(n)+1)),
				holds: make(map[string]presence), known: known,
			}
			wg.Go(func() {
				for ctx.Err() == nil {
					if err := w.call(ctx); err != nil && ctx.Err() == nil {
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
	for i := range rounds {
		// What a call has left on its way when a round ended may arrive in the next.
		round(length/rounds, i == 0)
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
	early, late = held[1], held[rounds-1] // the first one fills pools
	if late.goroutines > early.goroutines+8 || late.files > early.files+8 ||
		late.heap > early.heap+early.heap/4+2<<20 {
		t.Errorf("it grows: %v, then %v", early, late)
	}
}

// unsteady is a Store one of whose twenty requests meets a fault.
type unsteady struct {
	storage.FullStore
	requests, met atomic.Int64
	mu            sync.Mutex
	rand          *rand.Rand
}

// pick makes a fault.Store with one fault, for one call: a script for a soak would grow with it.
func (u *unsteady) pick(ctx context.Context, op string) storage.FullStore {
	u.requests.Add(1)
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.rand.IntN(20) != 0 {
		return u.FullStore
	}
	u.met.Add(1)
	s := fault.New(u.FullStore)
	kinds := faulty[op]
	f := kinds[u.rand.IntN(len(kinds))](u.rand)
	if met, ok := ctx.Value(metKey{}).(*metFaults); ok {
		met.add(f)
	}
	s.Next(op, f)
	return s
}

func (u *unsteady) Put(
	ctx context.Context, key string, body io.ReadSeeker, size int64, opts *storage.PutOptions,
) (*storage.Object, error) {
	return u.pick(ctx, "Put").Put(ctx, key, body, size, opts)
}

func (u *unsteady) Get(
	ctx context.Context, key string, opts *storage.GetOptions,
) (*storage.GetResult, error) {
	return u.pick(ctx, "Get").Get(ctx, key, opts)
}

func (u *unsteady) Stat(
	ctx context.Context, key string, opts *storage.StatOptions,
) (*storage.Object, error) {
	return u.pick(ctx, "Stat").Stat(ctx, key, opts)
}

func (u *unsteady) Delete(ctx context.Context, key string, opts *storage.DeleteOptions) error {
	return u.pick(ctx, "Delete").Delete(ctx, key, opts)
}

func (u *unsteady) ListPage(
	ctx context.Context, opts *storage.ListOptions,
) (*storage.Page, error) {
	return u.pick(ctx, "ListPage").ListPage(ctx, opts)
}

func (u *unsteady) Copy(
	ctx context.Context, dst, src string, opts *storage.CopyOptions,
) (*storage.CopyResult, error) {
	return u.pick(ctx, "Copy").Copy(ctx, dst, src, opts)
}

func (u *unsteady) PutPart(
	ctx context.Context, key, id string, number int, body io.ReadSeeker, size int64,
	opts *storage.PartOptions,
) (*storage.Part, error) {
	return u.pick(ctx, "PutPart").PutPart(ctx, key, id, number, body, size, opts)
}

func (u *unsteady) CompleteUpload(
	ctx context.Context, key, id string, parts []*storage.Part, opts *storage.PutOptions,
) (*storage.Object, error) {
	return u.pick(ctx, "CompleteUpload").CompleteUpload(ctx, key, id, parts, opts)
}
