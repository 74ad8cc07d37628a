package main

import (
	"testing"

	"github.com/polystore/storage/benchmarks/measure"
)

// The knee is that of the floor with the fewest connections that reaches 0.95 of the best one.
func TestKnee(t *testing.T) {
	for _, tt := range []struct {
		what  string
		rates map[string]int64
		want  float64
	}{
		{"each more carries more", map[string]int64{
			"floor:8x8": 200, "floor:16x8": 400, "floor:32x8": 600,
		}, 32},
		{"16 carry 0.95 of 32", map[string]int64{
			"floor:8x8": 200, "floor:16x8": 570, "floor:32x8": 600,
		}, 16},
		{"16 carry 0.9 of 32", map[string]int64{
			"floor:8x8": 200, "floor:16x8": 540, "floor:32x8": 600,
		}, 32},
		{"8 are the best", map[string]int64{
			"floor:8x8": 600, "floor:16x8": 500, "floor:32x8": 400,
		}, 8},
		{"one floor has none to be compared with", map[string]int64{"floor:32x8": 600}, -1},
		{"no floor", map[string]int64{"us": 600}, -1},
	} {
		if got := measured(t, "many64", "abc", tt.rates).knee(); got != tt.want {
			t.Errorf("%s: %v, want %v", tt.what, got, tt.want)
		}
	}
}

// crowdOf is a section of many64 whose us had these runs, beside floors whose knee is 16.
func crowdOf(t *testing.T, runs ...sample) *section {
	t.Helper()
	s := measured(t, "many64", "abc", map[string]int64{
		"floor:8x8": 200, "floor:16x8": 590, "floor:32x8": 600,
	})
	tab := newTable(s.row)
	for _, one := range runs {
		tab.add("us", one)
	}
	s.Results = append(s.Results, tab.section().Results...)
	return s
}

// verdicts are what is said of the goals of a section, by their texts.
func verdicts(t *testing.T, s *section) map[string]string {
	t.Helper()
	out := make(map[string]string)
	for _, j := range judge(func(row string) *section {
		if row == s.Row {
			return s
		}
		return nil
	}) {
		if j.row == s.Row {
			c := j.cells()
			out[j.text()] = c[len(c)-1]
			if j.met != (out[j.text()] == "met") {
				t.Errorf("%s: %q, but met is %v", j.text(), out[j.text()], j.met)
			}
		}
	}
	return out
}

func TestCrowdGoals(t *testing.T) {
	const conns, memory, times = "most conns ≤ 2 × the knee", "peak MiB ≤ 400",
		"slowest/fastest ≤ 2"
	run := func(open int, peak int64, slowest float64) sample {
		return sample{Open: open, Result: measure.Result{
			Seconds: 1, Bytes: 500 * mib, Peak: peak * mib, Times: []float64{1, slowest},
		}}
	}
	failing := sample{Result: measure.Result{Err: "reset by peer"}}
	const met, not = "met", "not met"
	for _, tt := range []struct {
		what string
		runs []sample
		want [3]string // conns, memory, times
	}{
		{"all is well", []sample{run(32, 400, 2)}, [3]string{met, met, met}},
		{"more connections", []sample{run(33, 400, 2)}, [3]string{not, met, met}},
		{"more memory", []sample{run(32, 401, 2)}, [3]string{met, not, met}},
		{"one is slow", []sample{run(32, 400, 2.1)}, [3]string{met, met, not}},
		{"a run failed", []sample{run(32, 400, 2), failing}, [3]string{
			"not met: runs failed: 1", "not met: runs failed: 1", "not met: runs failed: 1",
		}},
		{"all runs failed", []sample{failing, failing}, [3]string{
			"not met: runs failed: 2", "not met: runs failed: 2", "not met: runs failed: 2",
		}},
		{"not measured", nil, [3]string{"not measured", "not measured", "not measured"}},
	} {
		v := verdicts(t, crowdOf(t, tt.runs...))
		if got := [3]string{v[conns], v[memory], v[times]}; got != tt.want {
			t.Errorf("%s: %q, want %q", tt.what, got, tt.want)
		}
	}
}
