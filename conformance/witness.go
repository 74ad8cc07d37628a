package conformance

import (
	"context"
	"fmt"
	"sync"

	"github.com/polystore/storage"
)

// witness is a Tracer that writes down what ended.
type witness struct {
	e      *env
	mu     sync.Mutex
	events []string
}

func (w *witness) StartCall(ctx context.Context, _ *storage.Call) context.Context { return ctx }

func (w *witness) EndCall(_ context.Context, c *storage.Call) {
	if c.Start.IsZero() || c.Duration < 0 {
		w.e.errorf("a call that began at %v and took %v", c.Start, c.Duration)
	}
	w.note("call %s %s: %d failed=%v", c.Op, c.Key, c.Requests, c.Err != nil)
}

func (w *witness) StartRequest(ctx context.Context, _ *storage.Request) context.Context {
	return ctx
}

func (w *witness) EndRequest(_ context.Context, r *storage.Request) {
	if r.Start.IsZero() || r.Duration < 0 {
		w.e.errorf("a request that began at %v and took %v", r.Start, r.Duration)
	}
	w.note("%s %s %d failed=%v", r.Op, w.e.short(r.Key), r.Attempt, r.Err != nil)
}

func (w *witness) note(format string, args ...any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.events = append(w.events, fmt.Sprintf(format, args...))
}
