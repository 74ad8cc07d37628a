package conformance

import (
	"context"
	crand "crypto/rand"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/polystore/storage"
	"github.com/polystore/storage/internal/calmclock"
)

// Check checks a live bucket. The error is nil if the checks could be run. Their results are in the
// Report; see [Report.Err].
func Check(ctx context.Context, o Options) (*Report, error) {
	r, checks, err := newRun(ctx, o)
	if err != nil {
		return nil, err
	}
	results := make([]Result, len(checks))
	slots := make(chan struct{}, r.width())
	var wg sync.WaitGroup
	for i, c := range checks {
		if c.isAlone() {
			continue
		}
		slots <- struct{}{}
		wg.Go(func() {
			defer func() { <-slots }()
			results[i] = r.one(ctx, c)
		})
	}
	wg.Wait()
	for i, c := range checks {
		if c.isAlone() {
			results[i] = r.one(ctx, c)
		}
	}
	r.report.Results = results
	r.report.Again = r.again.Load()
	r.judge()
	r.report.Closed = r.store.Close()
	return r.report, ctx.Err()
}

// run is one run of the suite on one bucket.
type run struct {
	opts   Options
	store  storage.FullStore
	can    can
	again  atomic.Int64 // requests sent again
	prefix string
	report *Report
	mu     sync.Mutex // guards report.Requests and report.Leftovers
}

// width is how many checks run at once.
func (r *run) width() int {
	if r.opts.Concurrency > 0 {
		return r.opts.Concurrency
	}
	return 8
}

func newRun(ctx context.Context, o Options) (*run, []check, error) {
	checks, err := o.selected()
	if err != nil {
		return nil, nil, err
	}
	if o.Open == nil {
		return nil, nil, errors.New("conformance: Options.Open is nil")
	}
	if o.Seed == 0 {
		o.Seed = rand.Uint64()
	}
	if o.Timeout == 0 {
		o.Timeout = time.Minute
		if o.Full {
			o.Timeout = 5 * time.Minute
		}
	}
	s, err := o.Open(ctx)
	if err != nil {
		return nil, nil, fmt.Errorf("conformance: open: %w", err)
	}
	return &run{
		opts:   o,
		store:  storage.Full(s),
		can:    newCan(s, o.refused),
		prefix: o.Prefix + "conformance-" + strings.ToLower(crand.Text()[:8]) + "/",
		report: &Report{Seed: o.Seed},
	}, checks, nil
}

// one runs one check and cleans up behind it.
func (r *run) one(ctx context.Context, c check) Result {
	res := Result{Check: c.name, Feature: c.feature, Rule: c.rule}
	if c.counts && r.opts.Requests == nil {
		res.Status, res.Reason = NotRun, "it counts requests, and Options.Requests is nil"
		return res
	}
	tracked := newTracker(r.store)
	e := &env{
		opts:    &r.opts,
		can:     &r.can,
		tracked: tracked,
		store:   &again{tracked, &r.again},
		prefix:  r.prefix + strings.ReplaceAll(c.name, "/", "-") + "/",
		alone:   c.isAlone(),
		seed:    r.opts.Seed,
	}
	for _, f := range c.required() {
		if why := e.absent(f); why != "" {
			res.Status, res.Reason = NotRun, fmt.Sprintf("it needs %s: %s", f, why)
			return res
		}
	}
	start := time.Now()
	res.Err = e.check(ctx, &c, r.opts.Timeout)
	res.Duration = time.Since(start)
	res.classify(&c, &r.opts, &r.can)

	// The run may have been cancelled; what it wrote goes all the same.
	clean, cancel := context.WithTimeout(context.WithoutCancel(ctx), r.opts.Timeout)
	defer cancel()
	err := tracked.clean(clean, &again{r.store, &r.again})
	r.mu.Lock()
	defer r.mu.Unlock()
	res.Requests = tracked.requests.Load()
	r.report.Requests += res.Requests
	if err != nil {
		r.report.Leftovers = append(r.report.Leftovers,
			fmt.Errorf("%s: cleaning up: %w", c.name, err))
	}
	return res
}

// check runs c within its deadline. What it returns begins with the rule.
func (e *env) check(ctx context.Context, c *check, timeout time.Duration) (err error) {
	ctx, cancel := context.WithTimeoutCause(ctx, timeout,
		fmt.Errorf("the check did not end within %v", timeout))
	defer cancel()
	e.calm = calmclock.Start()
	defer e.calm.Close()
	err = c.run(ctx, e)
	if errors.Is(err, context.DeadlineExceeded) {
		err = fmt.Errorf("%w (%w)", err, context.Cause(ctx))
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	var skip *skipped
	if errors.As(err, &skip) && len(e.failures) == 0 {
		return err
	}
	if err != nil {
		e.failures = append(e.failures, err)
	}
	if len(e.failures) == 0 {
		return nil
	}
	return &Failure{Rule: c.rule, Feature: c.feature, Check: c.name, Errs: e.failures}
}
