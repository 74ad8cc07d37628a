package storage

import (
	"sync/atomic"
	"time"
)

// stopwatch adds up times. It is read while it runs. The zero value is ready.
type stopwatch struct {
	sum   atomic.Int64 // in nanoseconds
	since atomic.Int64 // when it was started, in nanoseconds since 1970; 0: it stands
}

func (w *stopwatch) start() { w.since.Store(time.Now().UnixNano()) }

func (w *stopwatch) stop() {
	w.sum.Add(time.Now().UnixNano() - w.since.Swap(0))
}

// total is what it shows.
func (w *stopwatch) total() time.Duration {
	sum := w.sum.Load()
	if since := w.since.Load(); since != 0 {
		sum += time.Now().UnixNano() - since
	}
	return time.Duration(sum)
}
