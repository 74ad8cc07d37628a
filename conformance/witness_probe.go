package conformance

import (
	"context"
	"errors"
	"sync"

	"github.com/polystore/storage"
)

// probes is a Tracer that remembers the requests and calls that ended.
type probes struct {
	mu       sync.Mutex
	requests []storage.Request
	calls    []storage.Call
}

func (p *probes) StartCall(ctx context.Context, _ *storage.Call) context.Context { return ctx }

func (p *probes) StartRequest(ctx context.Context, _ *storage.Request) context.Context {
	return ctx
}

func (p *probes) EndCall(_ context.Context, c *storage.Call) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.calls = append(p.calls, *c)
}

func (p *probes) EndRequest(_ context.Context, r *storage.Request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.requests = append(p.requests, *r)
}

// check notes what failed and was no probe, and what is a probe and should be none.
func (p *probes) check(e *env) {
	p.mu.Lock()
	defer p.mu.Unlock()
	refused := 0
	for _, r := range p.requests {
		switch {
		case r.Probe && errors.Is(r.Err, errors.ErrUnsupported):
			refused++
		case r.Err != nil:
			e.errorf("%s failed, Probe is %v: %w", r.Op, r.Probe, r.Err)
		case r.Probe && (r.Op == "Put" || r.Op == "Stat" || r.Op == "Delete"):
			e.errorf("%s is a Probe, and every Store has it", r.Op)
		}
	}
	for _, c := range p.calls {
		if c.Err != nil {
			e.errorf("the call %s failed: %w", c.Op, c.Err)
		}
	}
	if refused == 0 || len(p.calls) != 3 {
		e.errorf("%d probes were refused in %d calls, want one at least in 3", refused,
			len(p.calls))
	}
}
