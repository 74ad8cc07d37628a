package histories

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/anishathalye/porcupine"
)

// Report counts what was in a history.
type Report struct {
	Ops, Unknown, Failed int
	Landings             int // that were more than the one of their call
	Late                 int // of these, that were behind the end of their call
	Mixed                int // reads that show two versions in one answer
	Excused              int // refused, or failed, although they landed or for a service's defect
	Passed               int // keys that fit no order but that of History.DeletesPass
}

// Add adds the counts of another history.
func (r *Report) Add(s Report) {
	r.Ops += s.Ops
	r.Unknown += s.Unknown
	r.Failed += s.Failed
	r.Landings += s.Landings
	r.Late += s.Late
	r.Mixed += s.Mixed
	r.Excused += s.Excused
	r.Passed += s.Passed
}

// Check judges the history. It returns an error that shows the operations of the first key that is
// not linearizable, one also for an outcome that the contract does not name, and one where the
// judge does not come to an end within limit.
func (h *History) Check(limit time.Duration) (Report, error) {
	var r Report
	var wrong []string
	for _, o := range h.Ops {
		r.Ops++
		switch o.Outcome {
		case Unknown:
			r.Unknown++
		case Failed:
			r.Failed++
		case Done, Refused, Missing:
		default:
			wrong = append(wrong, o.String())
		}
	}
	if len(wrong) > 0 {
		return r, fmt.Errorf("outcomes that may not be:\n%s", strings.Join(wrong, "\n"))
	}
	j := newJudge(h)
	for _, key := range h.Keys {
		steps, err := j.steps(key, &r)
		if err != nil {
			return r, err
		}
		begin := time.Now()
		result, info := porcupine.CheckOperationsVerbose(j.model(key), steps, limit)
		if result == porcupine.Illegal && h.DeletesPass {
			if halves := j.halves(key, steps); halves != nil {
				result, info = porcupine.CheckOperationsVerbose(j.model(key), halves, limit)
				steps = halves
				r.Passed++
			}
		}
		if result != porcupine.Ok {
			return r, fmt.Errorf("%s: not linearizable (%s after %v):\n%s\n%s", key, result,
				time.Since(begin).Round(time.Millisecond), h.about(key), longest(steps, info))
		}
	}
	return r, nil
}

// about are the operations on a key, in the order in which they began.
func (h *History) about(key string) string {
	var b strings.Builder
	for _, o := range h.Ops {
		if o.Key == key || o.Source == key || o.Kind == List {
			fmt.Fprintln(&b, o)
		}
	}
	return b.String()
}

// longest shows the longest order that the judge found, which is what to read first.
func longest(steps []porcupine.Operation, info porcupine.LinearizationInfo) string {
	var order []int
	for _, partition := range info.PartialLinearizations() {
		for _, found := range partition {
			if len(found) > len(order) {
				order = found
			}
		}
	}
	var b strings.Builder
	fmt.Fprintf(&b, "the longest order that fits has %d of %d steps and ends:", len(order),
		len(steps))
	for _, i := range order[max(0, len(order)-5):] {
		fmt.Fprintf(&b, " %d", steps[i].Input.(step).n)
	}
	b.WriteString("; it leaves:")
	for i, s := range steps {
		if !slices.Contains(order, i) {
			fmt.Fprintf(&b, " %d", s.Input.(step).n)
		}
	}
	return b.String()
}
