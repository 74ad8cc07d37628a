package conformance

import (
	"flag"
	"strings"
	"sync"
	"testing"
)

// Test runs each check as a subtest of t. The checks that count requests run first, one at a time.
// The others run concurrently, at most Options.Concurrency at once. A subtest logs why its check is
// unsupported, declared as a Limit or not run.
func Test(t *testing.T, o Options) {
	t.Helper()
	r, checks, err := newRun(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := r.store.Close(); err != nil {
			t.Errorf("rule 25: Close: %v", err)
		}
	})
	results := make([]Result, len(checks))
	for i, c := range checks {
		results[i] = Result{
			Check:   c.name,
			Feature: c.feature,
			Rule:    c.rule,
			Status:  NotRun,
			Reason:  "left out by -run",
		}
	}
	if r.can.forgotten() {
		t.Log(zeroCapabilities)
	}
	for _, alone := range []bool{true, false} {
		var some []int
		var names []string
		for i, c := range checks {
			if c.isAlone() == alone {
				some, names = append(some, i), append(names, c.name)
			}
		}
		width := r.width()
		if alone {
			width = 1
		}
		subtests(t, width, names, func(i int) {
			results[some[i]] = r.one(t.Context(),
				checks[some[i]])
		}, func(t *testing.T, i int) {
			switch res := results[some[i]]; res.Status {
			case Broken:
				t.Errorf("%v (seed %d)", res.Err, r.opts.Seed)
			case Unsupported:
				t.Logf("unsupported: %s", res.Reason)
			case Defect:
				t.Logf("defect, as declared: %s\n%v", res.Reason, res.Err)
			case NotRun:
				t.Skip(res.Reason)
			}
		})
	}

	r.report.Results = results
	r.report.Again = r.again.Load()
	r.judge()
	for _, res := range r.report.Results[len(results):] {
		t.Error(res.Err)
	}
	for _, err := range r.report.Leftovers {
		t.Errorf("rule 3: nothing is left behind: %v", err)
	}
	t.Log(r.report.summary())
}

// subtests does work for each name, width at a time, and shows each in a subtest. It does so ahead
// of the subtests: t.Parallel would run as many as there are processors, and nearly all of the work
// is waiting for answers. Where -run chooses among subtests, only what it chooses is done.
func subtests(
	t *testing.T, width int, names []string, work func(i int), show func(t *testing.T, i int),
) {
	done := make([]func(), len(names))
	if f := flag.Lookup("test.run"); f != nil && strings.Contains(f.Value.String(), "/") {
		for i := range names {
			done[i] = func() { work(i) }
		}
	} else {
		slots := make(chan struct{}, width)
		var wg sync.WaitGroup
		defer wg.Wait()
		for i := range names {
			ended := make(chan struct{})
			done[i] = func() { <-ended }
			wg.Go(func() {
				defer close(ended)
				slots <- struct{}{}
				defer func() { <-slots }()
				work(i)
			})
		}
	}
	for i, name := range names {
		t.Run(name, func(t *testing.T) {
			done[i]()
			show(t, i)
		})
	}
}
