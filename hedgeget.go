package storage

import (
	"context"
	"time"
)

// getRace is a Get that may be made twice.
type getRace struct {
	race[*GetResult]
	opts GetOptions
}

// readPatience is after what time a Get is hedged; 0: it is not.
func (e *engine) readPatience() time.Duration {
	if e.opts.NoHedging {
		return 0
	}
	return e.reads.patience()
}

func (e *engine) newGetRace(ctx context.Context, c call, opts *GetOptions, number int) *getRace {
	r := &getRace{race[*GetResult]{e: e, ctx: ctx, call: c, number: number}, *opts}
	r.by = r
	return r
}

func (r *getRace) ask(a *attempt) (*GetResult, error) {
	return r.e.store.Get(a, r.call.key, &r.opts)
}

func (r *getRace) drop(res *GetResult) { res.Body.Close() }

func (r *getRace) may() (time.Duration, bool) { return 0, r.e.hold.calm() && r.e.reads.spend() }

func (r *getRace) took(_ *attempt, began time.Time, err error) {
	r.e.reads.took(time.Since(began), err)
}

func (r *getRace) hedged(won bool, began time.Time) { r.e.reads.hedged(won, time.Since(began)) }
