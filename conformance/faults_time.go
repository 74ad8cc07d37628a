package conformance

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/polystore/storage"
)

// A cell's stall limit is short, so that many cells can wait for it, and a busy machine does not
// keep it: requests that no fault has met are cut, too. What then fails for that reason alone is
// tried again under twice the limit. A defect stays one under any limit.

// maxRepeats is how often a cell is tried again.
const maxRepeats = 5

// overtime is a Tracer that counts the attempts that failed, and not before the limit.
type overtime struct {
	limit time.Duration
	n     atomic.Int32
}

func (o *overtime) count() int { return int(o.n.Load()) }

func (o *overtime) StartCall(ctx context.Context, _ *storage.Call) context.Context { return ctx }

func (o *overtime) EndCall(context.Context, *storage.Call) {}

func (o *overtime) StartRequest(ctx context.Context, _ *storage.Request) context.Context {
	return ctx
}

func (o *overtime) EndRequest(_ context.Context, r *storage.Request) {
	if r.Err != nil && r.Duration >= o.limit {
		o.n.Add(1)
	}
}

// excusable reports whether a service that takes too long can be the reason of a result.
func excusable(result error) bool {
	var e *storage.Error
	if !errors.As(result, &e) {
		return result == nil
	}
	return e.Kind == storage.ErrUnavailable || e.Kind == storage.ErrUnknownOutcome
}

// try runs the cell, and again under a longer limit where the service did not keep it.
func (c *cell) try(ctx context.Context) {
	key := c.key
	for {
		c.Err = c.run(ctx)
		if !c.hasty || c.Repeats == maxRepeats || ctx.Err() != nil {
			return
		}
		c.Repeats++
		c.limit *= 2
		// A key of its own: what was cut may still arrive.
		c.key = fmt.Sprintf("%s.%d", key, c.Repeats)
		c.Result, c.etag, c.rivalled = nil, "", false
	}
}
