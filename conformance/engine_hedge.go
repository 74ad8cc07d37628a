package conformance

import (
	"context"
	"log/slog"
	"slices"
	"sync/atomic"
	"time"

	"github.com/polystore/storage"
	"github.com/polystore/storage/conformance/fault"
)

var hedgeChecks = []check{{
	name: "engine/hedged", feature: Engine,
	rule: "rule 26: a Get that is slower than others by far is made once more, with NoHedging " +
		"it is not",
	covers: []string{"Options.NoHedging"},
	run: func(ctx context.Context, e *env) error {
		for _, off := range []bool{false, true} {
			if err := hedged(ctx, e, off); err != nil {
				return err
			}
		}
		return nil
	},
}}

// hedgeTracer counts the hedges.
type hedgeTracer struct {
	storage.Tracer
	hedges atomic.Int64
}

func (t *hedgeTracer) StartRequest(ctx context.Context, r *storage.Request) context.Context {
	if r.Hedge {
		t.hedges.Add(1)
	}
	return t.Tracer.StartRequest(ctx, r)
}

// hedged lets a Get hang of a service that is not as near as a disk. On a busy machine a hedge may
// be spent on another Get, so it gets some tries.
func hedged(ctx context.Context, e *env, off bool) error {
	tracer := &hedgeTracer{Tracer: storage.LogTracer(slog.New(slog.DiscardHandler))}
	r := e.rig(func(o *storage.Options) {
		o.StallTimeout, o.NoHedging, o.Tracer = stallTimeout, off, tracer
	})
	data := pattern(1000, 1)
	if _, err := r.put(ctx, r.key("k"), data, nil); err != nil {
		return err
	}
	far := slices.Repeat([]fault.Fault{fault.Delay(2 * time.Millisecond)}, 48)
	for range 5 {
		r.script("Get", far...)
		for range far {
			if got, err := r.b.ReadAll(ctx, "k", nil); r.got("ReadAll", err, nil) {
				r.same("ReadAll", got, data)
			}
		}
		r.script("Get", fault.Hang())
		if got, err := r.b.ReadAll(ctx, "k", nil); r.got("ReadAll, and a Get hangs", err, nil) {
			r.same("ReadAll, and a Get hangs", got, data)
		}
		if off || tracer.hedges.Load() > 0 {
			break
		}
	}
	if made := tracer.hedges.Load() > 0; made == off {
		r.errorf("Get was made once more: %v; NoHedging is %v", made, off)
	}
	return nil
}
