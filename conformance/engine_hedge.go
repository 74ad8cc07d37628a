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
	rule: "rule 26: a Get that is slower than others by far is made once more, and its answer is " +
		"whole whatever becomes of the first; with NoHedging it is not",
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

// hedged lets a Get be slow of a service that is not as near as a disk. On a busy machine a hedge
// may be spent on another Get, or stall itself, so there are some tries, until the slow one was
// hedged and no more.
func hedged(ctx context.Context, e *env, off bool) error {
	tracer := &hedgeTracer{Tracer: storage.LogTracer(slog.New(slog.DiscardHandler))}
	r := e.rig(func(o *storage.Options) {
		o.StallTimeout, o.NoHedging, o.Tracer = stallTimeout, off, tracer
	})
	data := pattern(1000, 1)
	if _, err := r.put(ctx, r.key("k"), data, nil); err != nil {
		return err
	}
	read := func(what string) {
		opts := storage.GetOptions{Offset: 10}
		if got, err := r.b.ReadAll(ctx, "k", &opts); r.got(what, err, nil) {
			r.same(what, got, data[10:])
		}
	}
	far := slices.Repeat([]fault.Fault{fault.Delay(2 * time.Millisecond)}, 48)
	cases := map[string]fault.Fault{"ReadAll, and a Get hangs": fault.Hang()}
	if !off {
		cases["ReadAll, and a Get has its answer when it is cut"] = outrun()
	}
	for what, slow := range cases {
		tracer.hedges.Store(0)
		calls := 0
		for range 5 {
			r.script("Get", far...)
			for range far {
				read("ReadAll")
			}
			was := tracer.hedges.Load()
			r.script("Get", slow)
			read(what)
			if tracer.hedges.Load() > was {
				calls = r.faults.Count("Get")
			}
			if off || calls == 2 {
				break
			}
		}
		switch made := tracer.hedges.Load() > 0; {
		case made == off:
			r.errorf("%s: it was made once more: %v; NoHedging is %v", what, made, off)
		case calls > 2:
			r.errorf("%s: %d calls of Get, want 2", what, calls)
		}
	}
	return nil
}

// outrun is an answer that comes when its request has been cut: the service was slow, and no more.
func outrun() fault.Fault {
	return fault.None().After(func(ctx context.Context, _ storage.FullStore, _ fault.Call) error {
		<-ctx.Done()
		return nil
	})
}
