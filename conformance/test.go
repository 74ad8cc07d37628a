package conformance

import (
	"testing"
)

// Test runs the checks as subtests of t, one each. The checks that count requests come first, alone; the others are
// parallel. What is declared as a Limit, or not run, is in the log of its subtest.
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
		results[i] = Result{Check: c.name, Feature: c.feature, Rule: c.rule, Status: NotRun, Reason: "left out by -run"}
	}
	group := func(counts bool) func(*testing.T) {
		return func(t *testing.T) {
			for i, c := range checks {
				if c.counts != counts {
					continue
				}
				t.Run(c.name, func(t *testing.T) {
					if !counts {
						t.Parallel()
					}
					results[i] = r.one(t.Context(), c)
					switch res := results[i]; res.Status {
					case Broken:
						t.Errorf("%v (seed %d)", res.Err, r.opts.Seed)
					case Unsupported:
						t.Logf("unsupported, as declared: %s", res.Reason)
					case Defect:
						t.Logf("defect, as declared: %s\n%v", res.Reason, res.Err)
					case NotRun:
						t.Skip(res.Reason)
					}
				})
			}
		}
	}
	t.Run("counted", group(true))
	t.Run("checks", group(false))

	r.report.Results = results
	before := len(results)
	r.judge()
	for _, res := range r.report.Results[before:] {
		t.Error(res.Err)
	}
	for _, err := range r.report.Leftovers {
		t.Errorf("rule 3: nothing is left behind: %v", err)
	}
	t.Logf("%d checks: %d kept, %d broken, %d unsupported, %d defects, %d not run; %d requests, seed %d", len(results),
		r.report.Count(Kept), r.report.Count(Broken), r.report.Count(Unsupported), r.report.Count(Defect), r.report.Count(NotRun),
		r.report.Requests, r.report.Seed)
}
